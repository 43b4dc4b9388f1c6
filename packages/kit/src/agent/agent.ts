import {
  createSystemClock,
  createSystemIds,
  ParleyError,
  toJsonSchema,
  type Channel,
  type ChannelBinding,
  type ChannelCapabilities,
  type ChannelId,
  type ChatModel,
  type Json,
  type RoomHandle,
  type TurnContext,
  type TurnOutput,
  type RequestOutcome,
} from '@parley/spec'
import { turnServices } from '../core/turn-services.ts'
import { resolveAgentLimits } from './agent-limits.ts'
import { checkAgentOptions, type AgentOptions, type SortedTools } from './agent-options.ts'
import { buildIdentityBlock } from './identity-block.ts'
import type { LoopOutput } from './loop-input.ts'
import { createPromptContext, createPromptServices } from './prompt-context.ts'
import { streamPrompt } from './prompt-loop.ts'
import type { AgentEvent, PromptOptions, PromptResult } from './prompt-options.ts'
import { takeRoomTurn } from './room-turn.ts'
import { runDecidedTool, type DecidedRequest } from './run-decided-tool.ts'
import { takeRunnerTurn } from './runner-turn.ts'

/** Why a task's signal is aborted once its reader has left. */
const taskOver = new Error('The task has ended.')

const capabilities: ChannelCapabilities = {
  content: [
    'text',
    'rich',
    'media',
    'audio',
    'video',
    'location',
    'composite',
    'template',
    'dtmf',
    'note',
    'system',
    'toolCall',
  ],
  eventTypes: ['dtmf', 'note', 'system', 'toolCallStarted', 'toolCallEnded'],
}

/**
 * An intelligence that takes turns in rooms and carries out tasks outside of them. Holds no state of a room, so one
 * object serves any number of them.
 * @example new Agent('billing', { model, role: 'Billing specialist', tools: { issueRefund } })
 */
export class Agent implements Channel {
  readonly channelId: ChannelId
  readonly channelType = 'agent'
  readonly category = 'intelligence'
  readonly capabilities: ChannelCapabilities = capabilities
  /** What the agent was made with. */
  readonly options: Readonly<AgentOptions>
  readonly #tools: SortedTools
  readonly #output: LoopOutput | undefined

  /** @throws {ParleyError} `invalid_options`, `tool_invalid`, `tool_duplicate`, `tool_schema_unsupported` */
  constructor(channelId: ChannelId, options: AgentOptions = {}) {
    this.#tools = checkAgentOptions(channelId, options)
    this.channelId = channelId
    this.options = Object.freeze({ ...options })
    const { output: contract, outputJsonSchema, render } = options
    this.#output = contract && { contract, schema: toJsonSchema(contract, outputJsonSchema), render }
  }

  /** The base prompt, without the identity block. */
  get systemPrompt(): string | undefined {
    return this.options.systemPrompt
  }

  /** Whether the agent cannot generate by itself. */
  get isConfigOnly(): boolean {
    return this.options.model === undefined && this.options.runner === undefined
  }

  /** What people and other agents see. */
  get name(): string {
    return this.options.name ?? (this.options.role || this.channelId)
  }

  /** What other agents read when they choose a target. */
  get purpose(): string | undefined {
    return this.options.purpose ?? this.options.description ?? this.options.role
  }

  get model(): ChatModel | undefined {
    return this.options.model
  }

  get role(): string | undefined {
    return this.options.role
  }

  get description(): string | undefined {
    return this.options.description
  }

  get scope(): string | undefined {
    return this.options.scope
  }

  get language(): string | undefined {
    return this.options.language
  }

  get voice(): string | Record<string, string> | undefined {
    return this.options.voice
  }

  get voices(): Record<string, string> | undefined {
    return this.options.voices
  }

  get greeting(): string | Record<string, string> | undefined {
    return this.options.greeting
  }

  get greetingPrompt(): string | undefined {
    return this.options.greetingPrompt
  }

  /** Whether the greeting is given without being asked for. */
  get autoGreet(): boolean {
    return this.options.autoGreet ?? true
  }

  get whileBusy(): 'queue' | 'merge' | 'restart' {
    return this.options.whileBusy ?? 'queue'
  }

  /** Time of one turn in ms, without the time it waits for people. */
  get turnTimeoutMs(): number {
    return resolveAgentLimits(this.options.limits).turnTimeoutMs
  }

  /** What is said in the reply's place when a turn fails. */
  get onFailure(): string | undefined {
    return this.options.onFailure
  }

  /** Handed to tools. */
  get deps(): unknown {
    return this.options.deps
  }

  /** Names of the tools it was given itself. */
  get toolNames(): readonly string[] {
    return this.#tools.own.map(({ name }) => name)
  }

  /** Whether a turn may be begun before it is certain: nothing is left behind where it is not wanted. */
  get canSpeculate(): boolean {
    const { model, fallbackModel, runner } = this.options
    const isStateful = model?.card.stateful === true || fallbackModel?.card.stateful === true
    return model !== undefined && !isStateful && runner === undefined
  }

  get observesWhenMuted(): boolean {
    return this.options.observesWhenMuted ?? false
  }

  /** How much of the log the agent wants to see in a turn. */
  get recentEventsWindow(): number {
    return Math.max(this.options.recentEventsWindow ?? 0, this.options.memory?.recentEventsWindow ?? 50)
  }

  /** The block that ends the system prompt; null when no identity is set. */
  buildIdentityBlock(language?: string): string | null {
    const { role, description, scope, language: own } = this.options
    return buildIdentityBlock({ role, description, scope, language: language || own })
  }

  /** Answers the context's event in its room. Failures of models and tools end the turn, they do not throw. */
  async *takeTurn(context: TurnContext): AsyncGenerator<TurnOutput, void, void> {
    const services = turnServices(context)
    if (services === undefined) {
      throw new ParleyError({
        code: 'invalid_options',
        message: `Agent ${this.channelId} was given a turn without its services. Let a kit take turns, or use agent.prompt.`,
        details: { path: 'context', expected: 'the context of a kit' },
      })
    }
    const { runner, model } = this.options
    const skip = skipReason(context, {
      agentId: this.channelId,
      isSilenced: services.isMuted && !this.observesWhenMuted,
    })
    if (skip !== undefined) {
      yield { type: 'end', reason: 'empty', data: { skipped: skip } }
      return
    }
    if (runner !== undefined) {
      yield* takeRunnerTurn({ runner, context, services, onFailure: this.options.onFailure })
      return
    }
    if (model === undefined) {
      const error = this.#noModel()
      services.reportError(error, 'stream')
      yield { type: 'end', reason: 'failed', data: { error: { code: error.code, message: error.message } } }
      return
    }
    yield* takeRoomTurn({
      model,
      options: this.options,
      tools: this.#tools,
      output: this.#output,
      identityBlock: (language) => this.buildIdentityBlock(language),
      context,
      services,
    })
  }

  /** A memory may forget what it kept of a room the agent left. */
  async onDetached({ roomId }: ChannelBinding): Promise<void> {
    await this.options.memory?.clear?.(roomId)
  }

  /** Closes memory and tool sources; a kernel belongs to the host. */
  async close(): Promise<void> {
    await this.options.memory?.close?.()
    for (const source of this.#tools.sources) await source.close?.()
  }

  /**
   * Runs the tool of a detached request whose turn is gone, after a restart: under the key of the first call.
   * @returns the outcome as the agent reads it
   */
  async runDecided(request: DecidedRequest, decision: RequestOutcome, room: RoomHandle): Promise<Json> {
    return await runDecidedTool(request, decision, { options: this.options, tools: this.#tools, room })
  }

  /**
   * Carries out a task outside a room and gives its output: the parsed value, else the text, null if there was none.
   * @throws {ParleyError} `agent_no_model`, `agent_output_invalid`, what the model gives; the signal's reason
   */
  async prompt<T = string>(task: string, options: PromptOptions<T> = {}): Promise<T | string | null> {
    const { output, stopped } = await this.run(task, options)
    if (stopped === 'cancelled') options.signal?.throwIfAborted()
    return output
  }

  /** Like `prompt`, with steps, usage and the reason it stopped; an abort is a value here. */
  async run<T = string>(task: string, options: PromptOptions<T> = {}): Promise<PromptResult<T>> {
    for await (const event of this.stream(task, options)) {
      if (event.type !== 'end') continue
      if (event.error !== undefined) throw event.error
      return event.result
    }
    throw new ParleyError({
      code: 'internal_error',
      message: `The task of agent ${this.channelId} ended without a result. Give it again.`,
    })
  }

  /** Like `run`, event by event. */
  async *stream<T = string>(task: string, options: PromptOptions<T> = {}): AsyncGenerator<AgentEvent<T>, void, void> {
    const { model, runner, clock = createSystemClock(), ids = createSystemIds(), deps } = this.options
    if (model === undefined || runner !== undefined) throw this.#noModel()
    const own = new AbortController()
    const signal = options.signal === undefined ? own.signal : AbortSignal.any([options.signal, own.signal])
    const language = this.options.language
    const context = createPromptContext(task, options, { agentId: this.channelId, clock, ids, signal, deps, language })
    const events = streamPrompt({
      task,
      prompt: options,
      model,
      options: this.options,
      tools: this.#tools,
      identity: this.buildIdentityBlock(options.language),
      context,
      services: createPromptServices(options, { ids, clock }),
    })
    try {
      // The contract of these very options parsed the output.
      yield* events as AsyncGenerator<AgentEvent<T>, void, void>
    } finally {
      own.abort(taskOver)
    }
  }

  #noModel(): ParleyError {
    return new ParleyError({
      code: 'agent_no_model',
      message: `Agent ${this.channelId} has no model and cannot generate. Give it one with the option "model".`,
      details: { agentId: this.channelId },
    })
  }
}

/** Why an event is not answered at all: nothing is spent on it. */
function skipReason(
  { event }: TurnContext,
  { agentId, isSilenced }: { agentId: ChannelId; isSilenced: boolean },
): string | undefined {
  if (isSilenced) return 'muted'
  if (event.status === 'blocked') return 'blocked'
  if (event.content.type === 'toolCall') return 'tool_event'
  const isOwn = event.source.kind === 'agent' && event.source.channelId === agentId && event.type === 'message'
  return isOwn ? 'own_event' : undefined
}
