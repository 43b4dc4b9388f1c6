import { DEFAULT_INHERITED_ENV_VARS, StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import type { McpServer } from '@parley/spec'
import type { OpenTransport } from './mcp-connection.ts'

/** What a server sees of this process's environment besides what was declared for it. */
const passedOn = ['PATH', 'HOME', 'LANG'] as const

/** A server that is a child process: a message per line on its standard input and output. */
export function stdioTransport({
  command,
  args = [],
  env = {},
}: Extract<McpServer['transport'], { kind: 'stdio' }>): OpenTransport {
  const inherited = passedOn.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  // The official transport adds names of its own (USER, SHELL ...); Node leaves out those that are undefined.
  const hidden = Object.fromEntries(DEFAULT_INHERITED_ENV_VARS.map((name) => [name, undefined]))
  const visible: NodeJS.ProcessEnv = { ...hidden, ...Object.fromEntries(inherited), ...env }
  const transport = new StdioClientTransport({
    command,
    args,
    // It hands the object to `spawn`, which takes undefined values: see above.
    env: visible as Record<string, string>,
    // What a server says on standard error is for whoever runs it by hand.
    stderr: 'ignore',
  })
  return { transport }
}
