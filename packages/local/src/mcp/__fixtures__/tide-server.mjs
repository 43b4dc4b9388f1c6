// An MCP server on stdio for tests: one tool, by hand, so that what is on the wire can be seen.
import { createInterface } from 'node:readline'

const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
const tool = (name, more = {}) => ({ name, description: `Tides by ${name}`, inputSchema: { type: 'object' }, ...more })
let tools = [tool('high_water', { annotations: { readOnlyHint: true } }), tool('book_pilot')]

process.stdout.write('This line is no message.\n')
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  if (method === 'initialize')
    say({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'tide', version: '1' } } })
  else if (method === 'tools/list')
    say({ id, result: params.cursor === undefined ? { tools: tools.slice(0, 1), nextCursor: 'more' } : { tools: tools.slice(1) } })
  else if (method === 'tools/call') call(id, params)
})

function call(id, { name, arguments: args, _meta }) {
  if (name === 'high_water') {
    say({ id: 'ask', method: 'sampling/createMessage', params: {} })
    say({ method: 'notifications/progress', params: { progressToken: _meta.progressToken, progress: 1, message: 'looking' } })
    say({ id, result: { content: [{ type: 'text', text: '14:05' }], structuredContent: { at: '14:05', port: args.port } } })
  } else if (name === 'environment')
    say({ id, result: { content: [{ type: 'text', text: Object.keys(process.env).toSorted().join(' ') }] } })
  else if (name === 'picture')
    say({ id, result: { content: [{ type: 'text', text: 'a' }, { type: 'text', text: 'b' }, { type: 'image', mimeType: 'image/png', data: 'AQI=' }] } })
  else if (name === 'change') {
    tools = [tool('low_water')]
    say({ method: 'notifications/tools/list_changed' })
    say({ id, result: { content: [] } })
  } else if (name === 'die') process.exit(1)
  else if (name === 'fail') say({ id, result: { isError: true, content: [{ type: 'text', text: 'password hunter2' }] } })
  else if (name !== 'hang') say({ id, error: { code: -32602, message: 'no tool hunter2' } })
}
