import type { ParleyError } from '@parley/spec'
import type { McpMessage } from './mcp-message.ts'

/** Carries messages to a server and back. */
export interface McpTransport {
  /** @throws {ParleyError} `tool_unavailable` when the server cannot be reached */
  send(message: object, options: { signal?: AbortSignal }): Promise<void>
  /** Told of each message, from when it is set. */
  onMessage: (message: McpMessage) => void
  /** Resolves when nothing comes any more. */
  readonly closed: Promise<{ error?: ParleyError }>
  /** Idempotent. */
  close(): Promise<void>
}
