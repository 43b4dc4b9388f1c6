import {
  ParleyError,
  type McpServer,
  type McpServerDeclaration,
  type RestOperation,
  type RestServer,
  type StepDefinition,
  type WorkflowDefinition,
} from '@parley/spec'
import { walkSteps } from './walk-steps.ts'

/** Variables of the environment by name. */
export type ToolEnv = { readonly [name: string]: string | undefined }

/**
 * The servers that a workflow declares, as a tool kernel takes them: REST servers with the operations that its steps call
 * by another method than GET, and MCP servers with what the environment says of them.
 * @example new FunctionKernel({ ...toolServers(workflow.definition, env), mcpHost: createMcpHost(), env })
 * @throws {ParleyError} `invalid_options` for an MCP server whose variable is not set
 */
export function toolServers(
  { servers, root }: WorkflowDefinition,
  env: ToolEnv = {},
): { rest: RestServer[]; mcp: McpServer[] } {
  const steps = [...walkSteps(root)].map(({ step }) => step)
  return {
    rest: servers.rest.map((server) => withOperations(server, steps)),
    mcp: servers.mcp.map((server) => toMcpServer(server, env)),
  }
}

/** A server that says what may be called is left as it is; another one may be read, and written to where steps say so. */
function withOperations(server: RestServer, steps: readonly StepDefinition[]): RestServer {
  if (server.operations !== undefined) return server
  const methods = new Map<string, string>()
  for (const { kind, action, method = 'get' } of steps) {
    const tool = kind === 'tool' && action !== undefined ? restToolOf(action) : undefined
    if (tool?.server === server.name) methods.set(tool.name, method.toUpperCase())
  }
  if ([...methods.values()].every((method) => method === 'GET')) return server
  const operations = [...methods].map(([tool, method]) => ({
    tool,
    method: method as RestOperation['method'] & string,
  })) // one of the methods of a step
  return { ...server, operations }
}

/** The server and the operation of a REST tool's address. */
export function restToolOf(uri: string): { server: string; name: string } | undefined {
  const [, server, name] = /^rest:\/\/([\w-]+)\.(.+)$/.exec(uri) ?? []
  return server === undefined || name === undefined ? undefined : { server, name }
}

function toMcpServer({ id, args, env: declared, ...where }: McpServerDeclaration, env: ToolEnv): McpServer {
  const read = (value: string | undefined, variable: string | undefined): string | undefined => {
    if (variable === undefined) return value
    const found = env[variable]
    if (found !== undefined && found !== '') return found
    throw new ParleyError({
      code: 'invalid_options',
      message: `The MCP server "${id}" is named by the environment variable ${variable}, which is not set. Set it, or write its command or URL into the document.`,
      details: { path: variable, server: id },
    })
  }
  const command = read(where.command, where.commandEnv)
  if (command !== undefined) {
    const more = { ...(args === undefined ? {} : { args }), ...(declared === undefined ? {} : { env: declared }) }
    return { id, transport: { kind: 'stdio', command, ...more } }
  }
  return { id, transport: { kind: 'http', url: read(where.url, where.urlEnv) ?? '' } }
}
