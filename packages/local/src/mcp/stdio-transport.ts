import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { ParleyError, type Clock } from '@parley/spec'
import { parseMcpMessage } from './mcp-message.ts'
import type { McpTransport } from './mcp-transport.ts'

/** Until a server that was asked to end is ended. */
const CLOSE_MS = 5_000
/** What a server sees of this process's environment besides what was declared for it. */
const passedOn = ['PATH', 'HOME', 'LANG'] as const

/** A server that is a child process: a message per line on its standard input and output. */
export function stdioTransport(
  {
    id,
    command,
    args = [],
    env = {},
  }: { id: string; command: string; args?: readonly string[]; env?: Record<string, string> },
  clock: Clock,
): McpTransport {
  const inherited = passedOn.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  const child = spawn(command, [...args], {
    env: { ...Object.fromEntries(inherited), ...env },
    // What it says on standard error is for whoever runs it by hand.
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  let ended: ParleyError | undefined
  const closed = new Promise<{ error?: ParleyError }>((resolve) => {
    const end = (why: string): void => {
      ended ??= unavailable(id, why)
      resolve({ error: ended })
    }
    child.once('error', () => end(`could not be started: is "${command}" installed?`))
    child.once('exit', () => end('has ended'))
  })
  const transport: McpTransport = {
    onMessage: () => {},
    closed,
    send(message) {
      if (ended !== undefined) return Promise.reject(ended)
      return new Promise((resolve, reject) => {
        child.stdin.write(`${JSON.stringify(message)}\n`, (error) =>
          error ? reject(ended ?? unavailable(id, 'takes no messages')) : resolve(),
        )
      })
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null || ended !== undefined) return
      child.stdin.end()
      const cancel = clock.setTimer(CLOSE_MS, () => child.kill('SIGKILL'))
      child.kill('SIGTERM')
      await closed
      cancel()
    },
  }
  // A write to a process that has gone is told by its end.
  child.stdin.on('error', () => {})
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = parseMcpMessage(line)
    if (message !== undefined) transport.onMessage(message)
  })
  return transport
}

function unavailable(id: string, why: string): ParleyError {
  return new ParleyError({
    code: 'tool_unavailable',
    message: `The MCP server "${id}" ${why}.`,
    details: { server: id },
    retryable: true,
  })
}
