// An MCP server made with the official package, for both transports: tools that behave and tools that do not.
import { ProtocolError, Server, type CallToolResult, type Tool } from '@modelcontextprotocol/server'

/** What the server says of its failures; none of it may reach whoever called. */
export const SECRET = 'hunter2'

const tool = (name: string, more: Partial<Tool> = {}): Tool => ({
  name,
  description: `Tides by ${name}`,
  inputSchema: { type: 'object' },
  ...more,
})
const at = { type: 'object' as const, properties: { at: { type: 'string' } }, required: ['at'] }
const text = (said: string): CallToolResult => ({ content: [{ type: 'text', text: said }] })

/** A server of tides with two pages of tools; `dawdle` says how it goes when it may. */
export function createTideServer(mayTell: Promise<void> = Promise.resolve()): Server {
  const server = new Server({ name: 'tide', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } })
  let pages = [
    [tool('high_water', { annotations: { readOnlyHint: true } }), tool('set_gauge', { annotations: { idempotentHint: true } })],
    [tool('book_pilot'), tool('broken', { outputSchema: at }), tool('misfit', { outputSchema: at }), tool('odd', {
      outputSchema: { type: 'object', $schema: 'https://example.test/no-dialect' },
    })],
  ]
  server.setRequestHandler('tools/list', ({ params }) => {
    const page = Number(params?.cursor ?? 0)
    return { tools: pages[page] ?? [], ...(page + 1 < pages.length ? { nextCursor: String(page + 1) } : {}) }
  })
  server.setRequestHandler('tools/call', async ({ params: { name, arguments: args } }, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken ?? 0
    const tell = (message: string): Promise<void> =>
      mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1, message } })
    switch (name) {
      case 'high_water':
        return { ...text('14:05'), structuredContent: { at: '14:05', port: args?.['port'] } }
      case 'picture':
        return {
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
            { type: 'image', mimeType: 'image/png', data: 'AQI=' },
          ],
        }
      case 'environment':
        return text(Object.keys(process.env).toSorted().join(' '))
      case 'pid':
        return text(String(process.pid))
      case 'fail':
        return { isError: true, ...text(`password ${SECRET}`) }
      case 'broken':
        return text('14:05')
      case 'misfit':
        return { content: [], structuredContent: { at: 5, secret: SECRET } }
      case 'change':
        pages = [[tool('low_water')]]
        await server.sendToolListChanged()
        return { content: [] }
      case 'ping':
        await tell('looking')
        // The answer to this shows that the word before it was heard.
        await server.ping()
        return text('pong')
      case 'die':
        return process.exit(1)
      case 'hang':
        return await new Promise<never>(() => {})
      case 'dawdle':
        await mayTell
        await tell('still looking')
        return await new Promise<never>(() => {})
      default:
        throw new ProtocolError(-32_602, `no tool ${SECRET}`)
    }
  })
  return server
}
