import type { Json } from '@parley/spec'

/** A message of JSON-RPC 2.0, as far as it is read. */
export interface McpMessage {
  readonly id?: string | number
  readonly method?: string
  readonly params?: { readonly [key: string]: Json }
  readonly result?: { readonly [key: string]: Json }
  readonly error?: { readonly code: number; readonly message: string }
}

/** Reads a text as a message; absent for anything else, which a server may write to its output. */
export function parseMcpMessage(text: string): McpMessage | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(value) || value['jsonrpc'] !== '2.0') return undefined
  const { id, method, params, result, error } = value
  return {
    ...(typeof id === 'string' || typeof id === 'number' ? { id } : {}),
    ...(typeof method === 'string' ? { method } : {}),
    ...(isObject(params) ? { params } : {}),
    ...(isObject(result) ? { result } : {}),
    ...(isObject(error)
      ? {
          error: { code: Number(error['code']), message: typeof error['message'] === 'string' ? error['message'] : '' },
        }
      : {}),
  }
}

/** Whether a value is an object of JSON, when it was read from JSON. */
export function isObject(value: unknown): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
