import {
  checkContract,
  checkOptions,
  matchesGlob,
  ParleyError,
  toJsonSchema,
  toParleyError,
  type AnyTool,
  type Disposer,
  type ErrorCode,
  type Json,
  type McpHost,
  type McpServer,
  type RestServer,
  type ToolContext,
  type ToolDescription,
  type ToolKernel,
  type ToolResult,
  type UrlGuard,
} from '@parley/spec'
import { toJson } from '../agent/canonical-json.ts'
import { deriveContext } from '../agent/derive-context.ts'
import { createPausableTimer } from '../agent/pausable-timer.ts'
import { utf8Bytes } from '../agent/token-estimate.ts'
import { untilAborted } from '../agent/until-aborted.ts'
import { createMcpServers, type McpServers } from './mcp-servers.ts'
import { createRestTools, type RestTools } from './rest-tools.ts'
import { createSemaphore, type Semaphore } from './semaphore.ts'
import { parseToolUri, type ToolUri } from './tool-uri.ts'

/** Tools of one kernel. */
export const MAX_TOOLS = 500
const MAX_ARGUMENT_BYTES = 64 * 1024
const MAX_RESULT_BYTES = 1024 * 1024
const CALLS_AT_ONCE = 32

/** Where a kernel's tools come from besides `register`. */
export interface FunctionKernelOptions {
  rest?: RestServer[]
  mcp?: McpServer[]
  /** Connects MCP servers; `createMcpHost` of `@parley/mcp` makes one. */
  mcpHost?: McpHost
  /** Variables that servers name. @default none */
  env?: Record<string, string>
  /** @default the platform's */
  fetch?: typeof fetch
  /** Refuses addresses that must not be fetched. */
  guard?: UrlGuard
  /** Disables a remote tool whose description or schema changed since it was first seen. @default false */
  pinTools?: boolean
}

/**
 * A host for tools: functions, REST operations and MCP servers under one form of address. Belongs to the host, not to a
 * run: calls bring their own context.
 * @example kernel.register(lookup); await kernel.call('function://lookup', { id: 7 }, context)
 */
export class FunctionKernel implements ToolKernel {
  readonly #functions = new Map<string, AnyTool>()
  readonly #rest = new Map<string, RestTools>()
  readonly #mcp: McpServers
  readonly #places: Semaphore = createSemaphore(CALLS_AT_ONCE)
  readonly #pinTools: boolean
  #isClosed = false

  /** @throws {ParleyError} `invalid_options`, `tool_duplicate` */
  constructor(options: FunctionKernelOptions = {}) {
    checkOptions('FunctionKernel', options, ['rest', 'mcp', 'mcpHost', 'env', 'fetch', 'guard', 'pinTools'])
    const { rest = [], mcp = [], mcpHost, env = {}, guard } = options
    if (mcp.length > 0 && mcpHost === undefined)
      throw misuse('mcpHost', 'MCP servers need mcpHost: give createMcpHost() of @parley/mcp.')
    for (const server of rest) {
      if (this.#rest.has(server.name)) throw duplicate(server.name)
      this.#rest.set(server.name, createRestTools(server, { env, fetch: options.fetch ?? globalThis.fetch, guard }))
    }
    this.#pinTools = options.pinTools ?? false
    this.#mcp = createMcpServers(mcp, mcpHost, { env, guard })
  }

  /** @throws {ParleyError} `tool_invalid`, `tool_duplicate`, `limit_exceeded` */
  register(tool: AnyTool): Disposer {
    const isTool =
      typeof tool === 'object' &&
      tool !== null &&
      typeof tool.run === 'function' &&
      tool.input?.['~standard'] !== undefined
    if (!isTool || typeof tool.name !== 'string' || !/^[\w-]+$/.test(tool.name)) {
      throw new ParleyError({
        code: 'tool_invalid',
        message: 'A tool is made with defineTool and has a name of letters, digits, _ and -.',
        details: {},
      })
    }
    if (this.#functions.has(tool.name)) throw duplicate(tool.name)
    if (this.#functions.size >= MAX_TOOLS) {
      throw new ParleyError({
        code: 'limit_exceeded',
        message: `A kernel holds at most ${MAX_TOOLS} tools. Make another kernel.`,
        details: { limit: MAX_TOOLS },
      })
    }
    this.#functions.set(tool.name, tool)
    return () => {
      if (this.#functions.get(tool.name) === tool) this.#functions.delete(tool.name)
    }
  }

  /** A registered function. */
  tool(name: string): AnyTool | undefined {
    return this.#functions.get(name)
  }

  /** Connects MCP servers that are not connected, so that their tools are described. */
  async connect(context: Pick<ToolContext, 'signal' | 'clock'>): Promise<void> {
    await this.#mcp.connectAll(context)
  }

  /** All tools, or those whose address fits one of the globs. */
  describe(allowed?: string[]): ToolDescription[] {
    const functions = [...this.#functions.values()].map(toDescription)
    const servers = [...this.#rest.values()].flatMap((rest) => rest.describe())
    const remote = this.#mcp.describe().filter(({ changed }) => !(this.#pinTools && changed === true))
    const all = [...functions, ...servers, ...remote]
    return allowed === undefined ? all : all.filter(({ uri }) => matchesGlob(allowed, uri))
  }

  /** @throws {ParleyError} `invalid_options` for misuse; the signal's reason */
  async call(uri: string, args: Json, context: ToolContext): Promise<ToolResult> {
    if (typeof uri !== 'string' || context?.signal === undefined || context.clock === undefined) {
      throw misuse('context', 'kernel.call takes an address, arguments and a ToolContext.')
    }
    context.signal.throwIfAborted()
    const startedMs = context.clock.monotonicMs()
    const failed = (thrown: unknown): ToolResult => {
      context.signal.throwIfAborted()
      const { code, message, retryable } = toParleyError(thrown, { code: 'tool_failed', message: 'The tool failed.' })
      return { ok: false, error: { code, message, retryable }, durationMs: context.clock.monotonicMs() - startedMs }
    }
    if (this.#isClosed) return failed(problem('tool_unavailable', 'The tool kernel is closed.'))
    try {
      const address = parseToolUri(uri)
      const checked = checkArguments(uri, args)
      const result = await this.#places.run(() => this.#run(address, checked, context), context.signal)
      return result.ok && 'value' in result ? checkSize(uri, result) : result
    } catch (thrown) {
      return failed(thrown)
    }
  }

  /** Closes MCP servers, the last one first. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#mcp.close()
  }

  async #run(address: ToolUri, args: { [name: string]: Json }, context: ToolContext): Promise<ToolResult> {
    if (address.kind === 'function') {
      const tool = this.#functions.get(address.name)
      if (tool === undefined) throw problem('tool_unknown', `There is no function "${address.name}".`)
      return await runFunction(tool, args, context)
    }
    if (address.kind === 'rest') {
      const server = this.#rest.get(address.server)
      const operation = server?.find(address.tool)
      if (server === undefined || operation === undefined)
        throw problem('tool_unknown', `There is no REST tool "${address.server}.${address.tool}".`)
      const { signal, clock, idempotencyKey } = context
      return wrapped(await server.call(operation, args, { signal, clock, idempotencyKey }))
    }
    if (!this.#mcp.has(address.server)) throw problem('tool_unknown', `There is no tool server "${address.server}".`)
    const connection = await this.#mcp.get(address.server, context)
    if (!connection.tools.some(({ name }) => name === address.tool)) {
      throw problem('tool_unknown', `The tool server "${address.server}" has no tool "${address.tool}".`)
    }
    const isShown = this.describe().some(({ uri }) => uri === `mcp://${address.server}.${address.tool}`)
    if (!isShown)
      throw problem('tool_not_allowed', `The tool "${address.tool}" changed since it was approved and is disabled.`)
    const { signal, idempotencyKey } = context
    return wrapped(
      await connection.call(address.tool, args, {
        signal,
        idempotencyKey,
        onProgress: (text) => context.progress(text),
      }),
    )
  }
}

async function runFunction(tool: AnyTool, args: { [name: string]: Json }, context: ToolContext): Promise<ToolResult> {
  const { clock } = context
  const startedMs = clock.monotonicMs()
  const input = await checkContract(tool.input, args)
  if (!input.ok) {
    const faults = input.violations.map(({ path, message }) => `${path === '' ? 'arguments' : path}: ${message}`)
    throw problem('tool_arguments_invalid', `Arguments of ${tool.name} do not fit. ${faults.join('; ')}`)
  }
  const late = new AbortController()
  const timer = createPausableTimer(clock, tool.timeoutMs, () =>
    late.abort(problem('tool_timeout', `${tool.name} took longer than ${tool.timeoutMs} ms and was stopped.`)),
  )
  const signal = AbortSignal.any([context.signal, late.signal])
  try {
    const run = async (): Promise<unknown> =>
      await tool.run(
        input.value as never /* parsed by the tool's own schema */,
        deriveContext(context, { ...context, signal }),
      )
    const returned = await untilAborted(run(), signal)
    const output =
      tool.output === undefined ? { ok: true as const, value: returned } : await checkContract(tool.output, returned)
    const value = output.ok ? toJson(output.value) : undefined
    if (value === undefined) throw problem('tool_result_invalid', `The result of ${tool.name} does not fit its schema.`)
    return wrapped({ ok: true, value, durationMs: clock.monotonicMs() - startedMs })
  } finally {
    timer.dispose()
  }
}

/** A result that is no object is put into one. */
function wrapped(result: ToolResult): ToolResult {
  if (!result.ok || 'pending' in result) return result
  const { value } = result
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? result
    : { ...result, value: { result: value } }
}

function checkArguments(uri: string, args: Json): { [name: string]: Json } {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) {
    throw problem('tool_arguments_invalid', `Arguments of ${uri} must be an object.`)
  }
  const text = toJson(args) === undefined ? undefined : JSON.stringify(args)
  if (text === undefined || utf8Bytes(text) > MAX_ARGUMENT_BYTES) {
    throw problem(
      'tool_arguments_invalid',
      `Arguments of ${uri} are no JSON or larger than ${MAX_ARGUMENT_BYTES} bytes.`,
    )
  }
  return args
}

function checkSize(uri: string, result: Extract<ToolResult, { value: Json }>): ToolResult {
  if (utf8Bytes(JSON.stringify(result.value)) <= MAX_RESULT_BYTES) return result
  throw problem('tool_result_invalid', `The result of ${uri} is larger than ${MAX_RESULT_BYTES} bytes.`)
}

function toDescription({ name, description, inputJsonSchema, output, effect }: AnyTool): ToolDescription {
  const outputSchema = output === undefined ? {} : outputJsonSchema(output)
  return { uri: `function://${name}`, name, description, input: inputJsonSchema, effect, ...outputSchema }
}

function outputJsonSchema(output: NonNullable<AnyTool['output']>): Pick<ToolDescription, 'output'> {
  try {
    return { output: toJsonSchema(output) }
  } catch {
    return {} // a schema without a JSON form still checks results
  }
}

function problem(code: ErrorCode, message: string): ParleyError {
  return new ParleyError({ code, message })
}

function duplicate(name: string): ParleyError {
  return new ParleyError({
    code: 'tool_duplicate',
    message: `There is a tool or server "${name}" already. Give it another name.`,
    details: { name },
  })
}

function misuse(path: string, message: string): ParleyError {
  return new ParleyError({ code: 'invalid_options', message, details: { path, expected: path } })
}
