import { createSystemIds } from '@parley/spec'
import { createApiKey, lookupIn } from '../auth/api-keys.ts'
import type { Right } from '../auth/principal.ts'
import { createServer, type Server } from '../create-server.ts'
import type { RoomsService } from '../rooms-service.ts'
import type { ServerOptions } from '../server-options.ts'
import { testKit } from './test-kit.ts'

const secret = 'a secret of at least thirty-two bytes'

const ids = createSystemIds()
const make = (id: string, rights: readonly Right[], organizationId = 'harbor', expiresAtMs?: number) =>
  createApiKey({ id, rights, organizationId, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) }, ids)

const made = {
  admin: make('admin1', ['admin']),
  reader: make('reader', ['rooms:read']),
  writer: make('writer', ['rooms:write']),
  answerer: make('answer', ['desk:answer']),
  approver: make('approve', ['desk:approve']),
  supervisor: make('superv', ['calls:supervise']),
  foreign: make('foreign', ['admin'], 'other'),
  expired: make('expired', ['admin'], 'harbor', 1),
}

/** Keys of the tests, by what they are. */
export const keys = Object.fromEntries(Object.entries(made).map(([name, { key }]) => [name, key])) as Record<keyof typeof made, string>

/** A server over a kit in memory, with keys. */
export function testServer(options: Partial<ServerOptions> = {}): { server: Server; kit: RoomsService; call: Call } {
  const kit = options.kit ?? testKit()
  const server = createServer({
    kit,
    auth: { keys: lookupIn(Object.values(made).map(({ record }) => record)), secrets: [secret] },
    ...options,
  })
  return { server, kit, call: caller(server) }
}

/** One request and its answer, read. */
export type Call = (
  method: string,
  path: string,
  options?: { key?: string | undefined; body?: unknown; headers?: Record<string, string> },
) => Promise<Answer>

/** An answer; a test says by what it expects what the body is. */
export interface Answer {
  status: number
  headers: Headers
  body: Record<string, unknown>
}

function caller(server: Server): Call {
  return async (method, path, { key = keys.admin, body, headers = {} } = {}) => {
    const response = await server.fetch(
      new Request(`http://localhost${path}`, {
        method,
        headers: {
          ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    )
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    // Answers are objects but for pages, which come as text under one name.
    return { status: response.status, headers: response.headers, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : { text } }
  }
}
