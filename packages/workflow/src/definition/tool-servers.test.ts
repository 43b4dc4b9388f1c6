import { expect, test } from 'vitest'
import { loadDocument } from '../documents/load-document.ts'
import { toolServers } from './tool-servers.ts'

const definitionOf = (text: string) => {
  const { definition, problems } = loadDocument(text)
  expect(problems).toEqual([])
  return definition
}
const rest = (steps: string): string => `
parley: 1
name: rest
rest_servers: [{ name: crm, url: "https://crm.example.test" }]
steps:${steps}
`

test('K-3 a REST server that is only read is left open for reading', () => {
  const definition = definitionOf(rest('\n  - { id: a, tool: "rest://crm.customer" }'))
  expect(toolServers(definition).rest).toEqual([{ name: 'crm', url: 'https://crm.example.test' }])
})

test('K-3 the method of a step is that of its operation, and what no step calls is not there', () => {
  const definition = definitionOf(
    rest(`
  - { id: a, tool: "rest://crm.customer" }
  - { id: b, tool: "rest://crm.note", method: post }
  - { id: c, steps: [{ id: d, tool: "rest://crm.ticket", method: put }] }`),
  )
  expect(toolServers(definition).rest[0]?.operations).toEqual([
    { tool: 'customer', method: 'GET' },
    { tool: 'note', method: 'POST' },
    { tool: 'ticket', method: 'PUT' },
  ])
})

test('K-3 two methods for one tool are refused at load', () => {
  const { problems } = loadDocument(
    rest(`
  - { id: a, tool: "rest://crm.note" }
  - { id: b, tool: "rest://crm.note", method: post }`),
  )
  expect(problems).toMatchObject([
    { code: 'document_invalid', path: 'steps.b.method', line: 7, fix: expect.stringContaining('operations') },
  ])
})

test('2.3 an MCP server is a command or a URL, written or named by the environment', () => {
  const definition = definitionOf(`
parley: 1
name: mcp
mcp_servers:
  - { name: tide, command: node, args: [tide.js], env: { TIDE_KEY: k } }
  - { name: map, command_env: PARLEY_TOOL_MAP }
  - { name: web, url_env: PARLEY_TOOL_WEB }
  - { name: far, url: "https://far.example.test/mcp" }
steps: [{ id: a, tool: "mcp://tide.high_water" }]
`)
  const env = { PARLEY_TOOL_MAP: '/opt/map', PARLEY_TOOL_WEB: 'https://web.example.test/mcp' }
  expect(toolServers(definition, env).mcp).toEqual([
    { id: 'tide', transport: { kind: 'stdio', command: 'node', args: ['tide.js'], env: { TIDE_KEY: 'k' } } },
    { id: 'map', transport: { kind: 'stdio', command: '/opt/map' } },
    { id: 'web', transport: { kind: 'http', url: 'https://web.example.test/mcp' } },
    { id: 'far', transport: { kind: 'http', url: 'https://far.example.test/mcp' } },
  ])
  expect(() => toolServers(definition, { PARLEY_TOOL_MAP: '/opt/map' })).toThrow(
    expect.objectContaining({ code: 'invalid_options', message: expect.stringContaining('PARLEY_TOOL_WEB') }),
  )
})
