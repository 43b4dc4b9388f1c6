// A workflow of nodes in YAML that calls a REST server. A server in this process stands for the real one.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { FunctionKernel } from '@parley/kit'
import { createEngine, loadDocument } from '@parley/workflow'
import { modelOf } from './scripted-models.ts'

const customers = new Map([['7', { id: 7, name: 'Ada Moreno', plan: 'Fiber 500' }]])
const requests: { url: string | undefined; authorization: string | undefined }[] = []
const crm = createServer((request, response) => {
  requests.push({ url: request.url, authorization: request.headers.authorization })
  const id = new URL(request.url ?? '/', 'http://crm').searchParams.get('id') ?? ''
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(customers.get(id) ?? { id: null }))
})
await new Promise<void>((resolve) => crm.listen(0, '127.0.0.1', resolve))
const address = crm.address()
assert.ok(typeof address === 'object' && address !== null)

const says = (text: string): string => JSON.stringify({ agent_response: text })
const model = modelOf('balanced', [says('Hello Ada, you have Fiber 500.'), says('We found no customer.')])

//#region rest
const support = loadDocument(await readFile(new URL('support.yaml', import.meta.url), 'utf8'))
assert.deepEqual(support.problems, [])

const kernel = new FunctionKernel({
  rest: support.definition.servers.rest,
  // In production: of process.env, the variables that documents may read.
  env: {
    PARLEY_TOOL_CRM_URL: `http://127.0.0.1:${address.port}`,
    PARLEY_TOOL_CRM_USER: 'parley',
    PARLEY_TOOL_CRM_PASSWORD: 'open-sesame',
  },
})
await using engine = createEngine({ models: [model], kernel })
const known = await engine.run(support, { customer_id: 7, user_message: 'Which plan do I have?' })
//#endregion
assert.equal(known.status, 'completed', known.error?.message)
assert.deepEqual(known.output, { agent_response: 'Hello Ada, you have Fiber 500.' })
assert.equal(requests[0]?.url, '/customer?id=7')
assert.equal(requests[0].authorization, `Basic ${btoa('parley:open-sesame')}`)
assert.equal(
  Object(model.requests[0]?.messages[0])['content'],
  'Be brief. {"id":7,"name":"Ada Moreno","plan":"Fiber 500"} Which plan do I have?',
)

const stranger = await engine.run(support, { customer_id: 8, user_message: 'Which plan do I have?' })
assert.deepEqual(stranger.output, { agent_response: 'We found no customer.' })
assert.equal(stranger.steps['reply'], undefined, 'the token took the other branch')

// Credentials are read when the server is called. They are in no definition, no event and no receipt.
const { runs } = await engine.list()
const events: unknown[] = []
for (const { id } of runs) for await (const event of engine.events(id)) events.push(event)
assert.doesNotMatch(JSON.stringify([support.definition, known, stranger, events]), /open-sesame/)

// The same document from the network is refused: it may name what the host has, not where to send things.
const untrusted = loadDocument(
  await readFile(new URL('support.yaml', import.meta.url), 'utf8'),
  {},
  { untrusted: true },
)
assert.ok(untrusted.problems.length > 0)
console.log(Object(known.output)['agent_response'], '|', untrusted.problems[0]?.message)
await kernel.close()
crm.close()
