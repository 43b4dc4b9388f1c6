import { createServer } from 'node:http'
import { createSystemClock } from '@parley/spec'
import { expect, test } from 'vitest'
import { cliFixture } from '../__fixtures__/cli-fixture.ts'

const clock = createSystemClock()

const order = `name: order
rest_servers: [{ name: shop, url_env: PARLEY_TOOL_SHOP_URL }]
mcp_servers: [{ name: parcels, command_env: PARLEY_TOOL_NODE, args: [parcels.mjs] }]
nodes:
  - { name: begin, type: start, next: order }
  - { name: order, type: function, tool: "rest://shop.order", method: post, inputs: { id: { type: context, name: input.id } }, output: order, next: track }
  - { name: track, type: function, tool: "mcp://parcels.track", inputs: { number: { type: context, name: order.parcel } }, output: place, next: finish }
  - { name: finish, type: end, output: place }
`

/** An MCP server with one tool; says what it sees of the environment too. */
const parcels = `import { createInterface } from 'node:readline'
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  const results = {
    initialize: { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'parcels', version: '1' } },
    'tools/list': { tools: [{ name: 'track', inputSchema: { type: 'object' } }] },
    'tools/call': { content: [], structuredContent: { at: 'Leipzig', number: params?.arguments?.number, url: process.env.PARLEY_TOOL_SHOP_URL ?? null } },
  }
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, result: results[method] }))
})
`

test('workflows 16 K-3 K-4 a document runs with the servers that it declares, named by the environment', async () => {
  const asked: unknown[] = []
  const shop = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      asked.push([request.method, request.url, body])
      response.setHeader('content-type', 'application/json')
      response.end('{"parcel":"P-7"}')
    })
  })
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
  const address = shop.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await using fixture = await cliFixture({ 'order.yaml': order, 'parcels.mjs': parcels })
  await fixture.write({ 'order.yaml': order.replace('parcels.mjs', `${fixture.cwd}/parcels.mjs`) })
  const env = { PARLEY_TOOL_SHOP_URL: `http://127.0.0.1:${port}`, PARLEY_TOOL_NODE: process.execPath }
  const { exit, stdout, stderr } = await fixture.run(['run', 'order.yaml', '--input', '{"id":3}'], { clock, env })
  expect(stderr).not.toContain('error')
  // A tool server sees nothing of the variables that other servers are named by.
  expect(JSON.parse(stdout)).toEqual({ at: 'Leipzig', number: 'P-7', url: null })
  expect(asked).toEqual([['POST', '/order', '{"id":3}']])
  expect(exit).toBe(0)

  const without = await fixture.run(['run', 'order.yaml'], { clock, env: { PARLEY_TOOL_SHOP_URL: 'http://x' } })
  expect(without.stderr).toContain('PARLEY_TOOL_NODE, which is not set')
  shop.close()
})

test('workflows 16 a document that calls what nobody declares is told so', async () => {
  const text = 'parley: 1\nname: lost\nsteps: [{ id: a, tool: "rest://crm.customer" }]\n'
  await using fixture = await cliFixture({ 'lost.yaml': text })
  const { exit, stderr } = await fixture.run(['run', 'lost.yaml'], { clock })
  expect(stderr).toContain('rest_servers')
  expect(exit).toBe(1)
})

test('workflows 14 a template on the local model alone is told how models are configured', async () => {
  await using fixture = await cliFixture()
  const { exit, stderr } = await fixture.run(['run', 'write', '--input', '{"goal":"A note"}'], { clock })
  expect(stderr).toContain('--config')
  expect(exit).toBe(1)
})
