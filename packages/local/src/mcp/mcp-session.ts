import { ParleyError, type Json } from '@parley/spec'
import { type McpMessage } from './mcp-message.ts'
import type { McpTransport } from './mcp-transport.ts'

/** How a request is made. */
export interface McpRequestOptions {
  signal: AbortSignal
  /** Told what the server says of its progress. */
  onProgress?: (text: string) => void
}

interface Pending {
  resolve(result: { readonly [key: string]: Json }): void
  reject(error: unknown): void
  onProgress: (text: string) => void
}

const METHOD_NOT_FOUND = -32_601

/** Requests and their answers over a transport. */
export class McpSession {
  /** Told of notifications, by method. */
  onNotification: (method: string) => void = () => {}
  readonly #transport: McpTransport
  readonly #id: string
  readonly #pending = new Map<string | number, Pending>()
  #last = 0

  constructor(id: string, transport: McpTransport) {
    this.#id = id
    this.#transport = transport
    transport.onMessage = (message) => this.#take(message)
    void transport.closed.then(({ error = gone(id) }) => {
      for (const { reject } of this.#pending.values()) reject(error)
      this.#pending.clear()
    })
  }

  /** @throws {ParleyError} `tool_unavailable` when the server is gone, `tool_failed` when it refuses; the signal's reason */
  async request(
    method: string,
    params: { [key: string]: Json },
    { signal, onProgress = () => {} }: McpRequestOptions,
  ): Promise<{ readonly [key: string]: Json }> {
    signal.throwIfAborted()
    const id = (this.#last += 1)
    const answer = new Promise<{ readonly [key: string]: Json }>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onProgress })
    })
    const cancel = (): void => {
      this.#pending.get(id)?.reject(signal.reason)
      this.#transport
        .send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } }, {})
        // A server that is gone need not be told.
        .catch(() => {})
    }
    signal.addEventListener('abort', cancel, { once: true })
    try {
      const sent = this.#transport.send(
        { jsonrpc: '2.0', id, method, params: { ...params, _meta: { progressToken: id } } },
        { signal },
      )
      // Over HTTP the answer comes while the message is sent, and one that fails has no answer.
      sent.then(
        () => {},
        (error: unknown) => this.#pending.get(id)?.reject(error),
      )
      return await answer
    } finally {
      signal.removeEventListener('abort', cancel)
      this.#pending.delete(id)
    }
  }

  /** Tells the server something that has no answer. */
  async notify(method: string, signal: AbortSignal): Promise<void> {
    await this.#transport.send({ jsonrpc: '2.0', method }, { signal })
  }

  #take({ id, method, params, result, error }: McpMessage): void {
    if (method !== undefined) {
      if (id !== undefined) this.#answer(id, method)
      else if (method === 'notifications/progress') this.#progress(params)
      else this.onNotification(method)
      return
    }
    const pending = id === undefined ? undefined : this.#pending.get(id)
    if (error !== undefined) pending?.reject(refused(this.#id, error.code))
    else pending?.resolve(result ?? {})
  }

  /** Servers may ask whether we are there; anything else we do not offer. */
  #answer(id: string | number, method: string): void {
    const reply =
      method === 'ping'
        ? { result: {} }
        : { error: { code: METHOD_NOT_FOUND, message: 'This client does not offer it.' } }
    this.#transport.send({ jsonrpc: '2.0', id, ...reply }, {}).catch(() => {})
  }

  #progress(params: McpMessage['params']): void {
    const token = params?.['progressToken']
    const text = params?.['message']
    if ((typeof token !== 'number' && typeof token !== 'string') || typeof text !== 'string') return
    this.#pending.get(token)?.onProgress(text)
  }
}

function gone(id: string): ParleyError {
  return new ParleyError({
    code: 'tool_unavailable',
    message: `The MCP server "${id}" is closed.`,
    details: { server: id },
  })
}

/** What a server says of a failure may hold anything, so its code is all that is passed on. */
function refused(id: string, code: number): ParleyError {
  return new ParleyError({
    code: 'tool_failed',
    message: `The MCP server "${id}" refused the request (${code}).`,
    details: { server: id, code },
  })
}
