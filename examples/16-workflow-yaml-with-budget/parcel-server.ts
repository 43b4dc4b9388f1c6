// An MCP server on stdio with one tool, written by hand to show what is on the wire: a line of JSON per message.
import { createInterface } from 'node:readline'

const parcels: { [number: string]: object | undefined } = {
  'P-77': { place: 'Leipzig', arrives: '2026-05-04' },
}
const say = (id: unknown, result: object): void => console.log(JSON.stringify({ jsonrpc: '2.0', id, result }))

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  if (method === 'initialize') {
    const serverInfo = { name: 'parcels', version: '1.0.0' }
    say(id, { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo })
  } else if (method === 'tools/list') {
    const inputSchema = { type: 'object', properties: { number: { type: 'string' } }, required: ['number'] }
    const annotations = { readOnlyHint: true } // so that it may be asked again
    say(id, { tools: [{ name: 'track', description: 'Where a parcel is.', inputSchema, annotations }] })
  } else if (method === 'tools/call') {
    const found = parcels[params.arguments.number]
    if (found === undefined) say(id, { isError: true, content: [{ type: 'text', text: 'No such parcel.' }] })
    else say(id, { content: [{ type: 'text', text: JSON.stringify(found) }], structuredContent: found })
  }
})
