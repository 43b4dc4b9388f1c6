// A workflow in YAML that uses two kinds of tools: a REST server and an MCP server. Code only says where they are.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { FunctionKernel } from '@parley/kit'
import { createMcpHost } from '@parley/mcp'
import { createEngine, loadDocument, toolServers } from '@parley/workflow'
import { modelOf } from './scripted-models.ts'

// The REST server, in this process: an order is read, a note is written.
const notes: unknown[] = []
const shop = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => (body += chunk.toString()))
  request.on('end', () => {
    response.setHeader('content-type', 'application/json')
    if (request.method === 'POST') notes.push(JSON.parse(body))
    const isOrder = request.url === '/order?id=12'
    const order = isOrder ? { customer: 'Ada', parcel: 'P-77' } : { customer: 'Ben', parcel: 'P-00' }
    response.end(JSON.stringify(request.method === 'POST' ? { ok: true } : order))
  })
})
await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
const address = shop.address()
assert.ok(typeof address === 'object' && address !== null)

const model = modelOf('balanced', ['Ada, your parcel is in Leipzig and comes on May 4.'])
process.chdir(import.meta.dirname) // the document names parcel-server.ts as it lies beside it

//#region tools
const delivery = loadDocument(await readFile('delivery.yaml', 'utf8'))
assert.deepEqual(delivery.problems, [])

const env = {
  PARLEY_TOOL_SHOP_URL: `http://127.0.0.1:${address.port}`,
  PARLEY_TOOL_NODE: process.execPath, // the MCP server is started as a child process when it is first called
}
const kernel = new FunctionKernel({ ...toolServers(delivery.definition, env), mcpHost: createMcpHost(), env })
await using engine = createEngine({ models: [model], kernel })
const result = await engine.run(delivery, { order_id: 12 })
//#endregion
assert.equal(result.status, 'completed', result.error?.message)
assert.equal(result.output, 'Ada, your parcel is in Leipzig and comes on May 4.')
for (const [id, { output }] of Object.entries(result.steps)) console.log(`${id.padEnd(6)} ${JSON.stringify(output)}`)

// What the tools said is what the model was asked with.
const prompt = String(Object(model.requests[0]?.messages[0])['content'])
assert.match(prompt, /^Tell Ada in one sentence/)
assert.match(prompt, /\{"place":"Leipzig","arrives":"2026-05-04"\}/)
assert.deepEqual(notes, [{ order: 12, text: result.output }])

// A tool that fails stops the run there: nobody is told of a parcel that is not there, and nothing is noted.
const lost = await engine.run(delivery, { order_id: 13 })
assert.equal(lost.status, 'failed')
assert.equal(lost.error?.step, 'track')
assert.equal(model.requests.length, 1)
assert.equal(notes.length, 1)
console.log(lost.error.message)
await kernel.close()
shop.close()
