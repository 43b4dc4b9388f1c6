import { nearestName, type JsonSchema, type McpServerDeclaration, type RestServer } from '@parley/spec'
import { z } from 'zod'
import type { DocumentPath } from '../document-problems.ts'
import type { DocumentReading } from '../document-reading.ts'
import { readShape } from '../read-shape.ts'
import { camelFields, definedFields } from '../wire-fields.ts'

const name = z.string().regex(/^[\w-]{1,64}$/)
const env = z.string().min(1).optional()

const operationShape = z.strictObject({
  tool: z.string().min(1),
  method: z.enum(['GET', 'HEAD', 'DELETE', 'POST', 'PUT', 'PATCH']).optional(),
  path: z.string().optional(),
  description: z.string().optional(),
  input: z.record(z.string(), z.json()).optional(),
  effect: z.enum(['pure', 'idempotent', 'effectful']).optional(),
})

const restShape = z.strictObject({
  name,
  url: z.url({ protocol: /^https?$/ }).optional(),
  url_env: env,
  username_env: env,
  password_env: env,
  operations: z.array(operationShape).optional(),
})

const mcpShape = z.strictObject({
  name,
  command: z.string().min(1).optional(),
  command_env: env,
  args: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string()).optional(),
  url: z.url({ protocol: /^https?$/ }).optional(),
  url_env: env,
})

/** Reads the REST servers of a document. */
export function readRestServers(value: unknown, at: DocumentPath, reading: DocumentReading): RestServer[] {
  return readServers(restShape, value, at, reading).flatMap(({ server, path }) => {
    if (!isTrusted(server, path, reading)) return []
    const { url, url_env, username_env, password_env, operations } = server
    if ((url === undefined) === (url_env === undefined)) {
      refuse(
        reading,
        path,
        `The REST server "${server.name}" needs exactly one of "url" and "url_env".`,
        'Give one of them.',
      )
    }
    if ((username_env === undefined) !== (password_env === undefined)) {
      refuse(
        reading,
        path,
        `The REST server "${server.name}" has half of its credentials.`,
        'Give both or neither of them.',
      )
    }
    if (url !== undefined) checkUserInfo(url, [...path, 'url'], reading)
    checkEnv({ url_env, username_env, password_env }, path, reading)
    const { operations: _operations, ...rest } = server
    const read = operations?.map(({ input, ...operation }) =>
      // The shape has checked that the schema is an object of JSON.
      definedFields({ ...operation, input: input as JsonSchema | undefined }),
    )
    return [{ ...camelFields(rest), name: server.name, ...(read && { operations: read }) }]
  })
}

/** Reads the MCP servers of a document. */
export function readMcpServers(value: unknown, at: DocumentPath, reading: DocumentReading): McpServerDeclaration[] {
  return readServers(mcpShape, value, at, reading).flatMap(({ server, path }) => {
    if (!isTrusted(server, path, reading)) return []
    const { name: id, command, command_env, args, env: environment, url, url_env } = server
    const ways = [command, command_env, url, url_env].filter((way) => way !== undefined)
    if (ways.length !== 1) {
      const message = `The MCP server "${id}" needs exactly one of "command", "command_env", "url" and "url_env".`
      refuse(reading, path, message, 'Give one of them.')
    }
    const isHttp = url !== undefined || url_env !== undefined
    if (isHttp && (args !== undefined || environment !== undefined)) {
      refuse(
        reading,
        path,
        `The MCP server "${id}" is reached by HTTP and has arguments of a command.`,
        'Remove "args" and "env".',
      )
    }
    if (url !== undefined) checkUserInfo(url, [...path, 'url'], reading)
    checkEnv({ command_env, url_env }, path, reading)
    return [definedFields({ id, command, commandEnv: command_env, args, env: environment, url, urlEnv: url_env })]
  })
}

function readServers<Server extends { name: string }>(
  shape: z.ZodType<Server>,
  value: unknown,
  at: DocumentPath,
  reading: DocumentReading,
): { server: Server; path: DocumentPath }[] {
  const known = new Set<string>()
  const entries = readShape(z.array(z.unknown()), value ?? [], at, reading.problems) ?? []
  return entries.flatMap((entry, index) => {
    const path = [...at, index]
    const server = readShape(shape, entry, path, reading.problems)
    if (server === undefined) return []
    if (known.has(server.name)) {
      refuse(
        reading,
        [...path, 'name'],
        `There is already a server "${server.name}".`,
        'Give each server its own name.',
      )
    }
    known.add(server.name)
    return [{ server, path }]
  })
}

/** Documents from the network name servers of the host and say nothing more about them. */
function isTrusted(
  { name: serverName, ...rest }: { name: string },
  path: DocumentPath,
  reading: DocumentReading,
): boolean {
  if (!reading.untrusted) return true
  for (const key of Object.keys(definedFields(rest))) {
    const message = `A document from the network may not give the "${key}" of a server.`
    refuse(reading, [...path, key], message, 'Name a server that the host has registered.')
  }
  const servers = reading.registries.servers ?? []
  if (!servers.includes(serverName)) {
    const nearest = nearestName(serverName, servers)
    reading.problems.add({
      code: 'unknown_reference',
      at: [...path, 'name'],
      message: `The host has registered no server "${serverName}".`,
      fix: nearest === undefined ? 'Name a server that the host has registered.' : `Did you mean "${nearest}"?`,
    })
  }
  return false
}

function checkEnv(names: { [key: string]: string | undefined }, path: DocumentPath, reading: DocumentReading): void {
  for (const [key, variable] of Object.entries(names)) {
    if (variable === undefined || /^PARLEY_TOOL_\w+$/.test(variable)) continue
    if (reading.registries.allowedEnv?.includes(variable) === true) continue
    const message = `A document may not read the environment variable "${variable}".`
    refuse(
      reading,
      [...path, key],
      message,
      'Use a name that begins with PARLEY_TOOL_, or one of the host\'s "allowedEnv".',
    )
  }
}

function checkUserInfo(url: string, path: DocumentPath, reading: DocumentReading): void {
  const { username, password } = new URL(url)
  if (username === '' && password === '') return
  refuse(reading, path, 'The URL holds credentials.', 'Name environment variables for them.')
}

function refuse({ problems }: DocumentReading, at: DocumentPath, message: string, fix: string): void {
  problems.add({ code: 'document_invalid', at, message, fix })
}
