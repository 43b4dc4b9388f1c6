import { checkContract, toJsonSchema, type Contract, type ContractOutput } from './contract.ts'
import type { ContentPart } from './chat-model.ts'
import type { ErrorCode } from './error-codes.ts'
import type { Json, JsonSchema, Disposer } from './json.ts'
import { checkOptions } from './options.ts'
import { ParleyError } from './parley-error.ts'
import type { Answer, RequestOutcome } from './requests.ts'
import type { TurnContext } from './turn.ts'
import type { Clock, UrlGuard } from './world.ts'

/** What a tool does to the world. Speculation may run only pure ones; effectful ones run once per call. */
export type ToolEffect = 'pure' | 'idempotent' | 'effectful'

/** When and how a colleague is asked before a tool runs. */
export type Approval<Input = unknown> =
  | boolean
  | 'when-tainted'
  | {
      when?: (input: Input, context: ToolContext) => boolean
      /** @default 'detach' in rooms, 'suspend' elsewhere */
      mode?: 'suspend' | 'detach'
      /** @default 600 000 */
      timeoutMs?: number
    }

/** What a tool gets beside its input. */
export interface ToolContext extends TurnContext {
  callId: string
  attempt: number
  /** Stable over retries and recovery of the same call. */
  idempotencyKey: string
  /** Tells people what the tool is doing. */
  progress(text: string): void
  /** Asks the person of the room for a value. @default timeoutMs 120 000 */
  requestInput(question: {
    schema: Contract
    prompt: string
    jsonSchema?: JsonSchema
    timeoutMs?: number
    sensitive?: boolean
  }): Promise<Answer>
  /**
   * Asks colleagues about this call and does not wait: gives the request's id at once, which the tool returns. The
   * decision comes to the tool's `onDecision`, in this process or in the next one.
   * @default timeoutMs 600 000, prompt the tool's description
   * @throws {ParleyError} `tool_unavailable` outside a turn of a room, `tool_invalid` without `onDecision`, `request_limit`
   */
  requestApproval(question?: { prompt?: string; timeoutMs?: number }): Promise<PendingApproval>
}

/** What a tool gives that has asked colleagues itself. */
export interface PendingApproval {
  status: 'pending'
  requestId: string
}

/**
 * Told what became of an approval: granted, refused, expired or cancelled. Gives what the agent is told. The input is
 * that of the call; with a yes that came with other arguments ("approve less"), those.
 */
export type OnDecision<Input = unknown> = (decision: RequestOutcome, input: Input, context: ToolContext) => unknown

/** What a call does in speech that repeats another one: is refused, runs, or asks the person first. */
export type OnDuplicate = 'reject' | 'allow' | 'confirm'

/** Told what became of a call that ran before the person's turn was certain: the turn came as foreseen, or did not. */
export interface OnSpeculation<Input = unknown> {
  commit?(input: Input, context: ToolContext): void | Promise<void>
  abort?(input: Input, context: ToolContext): void | Promise<void>
}

/** A function an agent may call. */
export interface Tool<Input = never> {
  readonly name: string
  readonly description: string
  readonly input: Contract
  readonly inputJsonSchema: JsonSchema
  readonly output?: Contract
  readonly effect: ToolEffect
  /** Runs after the turn went on. */
  readonly background: boolean
  /** The person in the room must say yes first. */
  readonly confirm: boolean
  readonly approval: Approval<Input>
  /** Arguments and results are masked in events, receipts and spans. */
  readonly sensitive: boolean
  /** The turn ends after this tool. */
  readonly endsTurn: boolean
  /** Stopped when a person cuts the agent off in a call, instead of running on. */
  readonly cancelOnInterrupt?: boolean
  /** What becomes of a call, in speech, that repeats one of the turn or one that still runs. */
  readonly onDuplicate?: OnDuplicate
  /** Told what became of calls that ran before the person's turn was certain. */
  readonly onSpeculation?: OnSpeculation<Input>
  /** Gets each decision on an approval of this tool, in the place of `run`. */
  readonly onDecision?: OnDecision<Input>
  readonly timeoutMs: number
  run(input: Input, context: ToolContext): unknown
}

/** Any tool, whatever it takes. */
export type AnyTool = Tool<never>

/** A list of tools, or a record whose keys are the names. */
export type Tools = readonly AnyTool[] | { readonly [name: string]: AnyTool }

/** Tools that come and go: asked once per step. */
export interface ToolSource {
  readonly id?: string
  tools(context: TurnContext): Promise<AnyTool[]>
  onChanged?(listener: () => void): Disposer
  close?(): Promise<void>
}

export interface DefineToolOptions<Input extends Contract, Output extends Contract> {
  /** @default the key under which the tool is given */
  name?: string
  description: string
  input: Input
  /** For schemas that cannot say their own JSON Schema. */
  jsonSchema?: JsonSchema
  output?: Output
  /** @default 'effectful' */
  effect?: ToolEffect
  background?: boolean
  confirm?: boolean
  approval?: Approval<ContractOutput<Input>>
  sensitive?: boolean
  endsTurn?: boolean
  /** Stopped when a person cuts the agent off in a call, instead of running on. @default false */
  cancelOnInterrupt?: boolean
  /** What becomes of a call, in speech, that repeats one of the turn or one that still runs. @default 'reject' */
  onDuplicate?: OnDuplicate
  /** Told what became of calls that ran before the person's turn was certain. */
  onSpeculation?: OnSpeculation<ContractOutput<Input>>
  /** Gets each decision on an approval of this tool, in the place of `run`. @default granted calls run, others do not */
  onDecision?: OnDecision<ContractOutput<Input>>
  /** @default 60 000 */
  timeoutMs?: number
  run(input: ContractOutput<Input>, context: ToolContext): unknown
}

const toolOptions = [
  'name',
  'description',
  'input',
  'jsonSchema',
  'output',
  'effect',
  'background',
  'confirm',
  'approval',
  'sensitive',
  'endsTurn',
  'cancelOnInterrupt',
  'onDuplicate',
  'onSpeculation',
  'onDecision',
  'timeoutMs',
  'run',
] as const

/**
 * Makes a tool of a function and its schemas; the input's type is inferred from the schema.
 * @throws {ParleyError} `tool_invalid` without description, input or run; `tool_schema_unsupported`; `invalid_options`
 */
export function defineTool<Input extends Contract, Output extends Contract = Contract>(
  options: DefineToolOptions<Input, Output>,
): Tool<ContractOutput<Input>> {
  checkOptions('defineTool', options, toolOptions)
  const { name = '', description, input, jsonSchema, output, effect = 'effectful', timeoutMs = 60_000 } = options
  if (typeof options.run !== 'function' || typeof description !== 'string' || input?.['~standard'] === undefined) {
    throw new ParleyError({
      code: 'tool_invalid',
      message: `Tool ${name === '' ? '(unnamed)' : name} needs a description, an input schema and a run function.`,
      details: { name },
    })
  }
  return {
    name,
    description,
    input,
    inputJsonSchema: toJsonSchema(input, jsonSchema),
    ...(output === undefined ? {} : { output }),
    effect,
    background: options.background ?? false,
    confirm: options.confirm ?? false,
    approval: options.approval ?? false,
    sensitive: options.sensitive ?? false,
    endsTurn: options.endsTurn ?? false,
    ...(options.cancelOnInterrupt === undefined ? {} : { cancelOnInterrupt: options.cancelOnInterrupt }),
    ...(options.onDuplicate === undefined ? {} : { onDuplicate: options.onDuplicate }),
    ...(options.onSpeculation === undefined ? {} : { onSpeculation: options.onSpeculation }),
    ...(options.onDecision === undefined ? {} : { onDecision: options.onDecision }),
    timeoutMs,
    run: options.run,
  }
}

/** A failure whose text the model may read. */
export class ToolError extends ParleyError {
  constructor(publicMessage: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super({ code: 'tool_failed', message: publicMessage, ...options })
  }
}

/** What a call of a tool gave. Never thrown for what the tool did. */
export type ToolResult =
  | { ok: true; value: Json; media?: ContentPart[]; durationMs: number }
  | { ok: true; pending: true; requestId: string }
  | { ok: false; error: { code: ErrorCode; message: string; retryable: boolean }; durationMs: number }

/**
 * What `run` may return instead of a plain value: a finished result of a kernel or server, passed on with its media and
 * its error as they are.
 */
export class ToolOutcome {
  readonly result: ToolResult

  constructor(result: ToolResult) {
    this.result = result
  }
}

/** A tool as a kernel describes it. */
export interface ToolDescription {
  uri: string
  name: string
  description: string
  input: JsonSchema
  output?: JsonSchema
  effect: ToolEffect
  changed?: boolean
}

/** A host for tools of several kinds: functions, REST, MCP. */
export interface ToolKernel {
  register(tool: AnyTool): Disposer
  describe(allowed?: string[]): ToolDescription[]
  /** Throws only for misuse (`invalid_options`) and the signal's reason. */
  call(uri: string, args: Json, context: ToolContext): Promise<ToolResult>
  close(): Promise<void>
}

/** One MCP server to connect to. */
export interface McpServer {
  id: string
  transport:
    | {
        kind: 'stdio'
        command: string
        args?: string[]
        /** All that the command sees of an environment besides `PATH`, `HOME` and `LANG`. @default nothing */
        env?: Record<string, string>
      }
    | { kind: 'http'; url: string }
}

/** Connects MCP servers; `createMcpHost` of `@parley/mcp` is one. */
export interface McpHost {
  connect(
    server: McpServer,
    options: { env: Record<string, string>; signal: AbortSignal; guard: UrlGuard; clock: Clock },
  ): Promise<McpConnection>
}

export interface McpConnection {
  readonly tools: readonly ToolDescription[]
  call(
    name: string,
    args: Json,
    options: { signal: AbortSignal; idempotencyKey: string; onProgress?: (text: string) => void },
  ): Promise<ToolResult>
  onToolsChanged(listener: () => void): Disposer
  readonly closed: Promise<{ error?: ParleyError }>
  close(): Promise<void>
}

/** Which tools may be called. `deny` wins; absent `allow` allows all, `[]` none. Entries are globs. */
export interface ToolPolicy {
  allow?: string[]
  deny?: string[]
  roles?: Record<string, { mode: 'restrict' | 'replace'; allow?: string[]; deny?: string[] }>
}

/** Checks arguments by a tool's schema. */
export function checkToolInput(tool: AnyTool, args: unknown): ReturnType<typeof checkContract> {
  return checkContract(tool.input, args)
}
