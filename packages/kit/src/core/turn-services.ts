import type {
  AnyTool,
  ChannelBinding,
  Json,
  JsonSchema,
  ReceiptKind,
  RoomContext,
  RoomEvent,
  RequestOutcome,
  PendingRequest,
  TurnContext,
  Violation,
  Visibility,
} from '@parley/spec'
import type { WrittenCalls } from './call-speakers.ts'
import type { RunningCalls } from '../turns/running-calls.ts'
import type { HookMap, HookTrigger, SyncTrigger } from '../hooks/hook-map.ts'
import type { SyncOutcome } from '../hooks/hook-engine.ts'

/** Why a turn was opened other than by a message. */
export type TurnOpening =
  | { kind: 'handoff'; handoffId: string }
  | { kind: 'greeting'; prompt: string }
  | { kind: 'request'; requestId: string }
  | { kind: 'notice'; text: string }

/** A steering message to a running turn. */
export type Steering =
  | { type: 'inject'; text: string }
  | { type: 'instruct'; text: string }
  | { type: 'cancel'; reason: string }
  /** Ends the turn, but not its tools: what runs goes on, and its result is given to the agent that is active then. */
  | { type: 'yield'; reason: string }

/** What is asked of a person in a turn. */
export interface RequestSpec {
  kind: PendingRequest['kind']
  mode: 'suspend' | 'detach'
  timeoutMs: number
  tool?: string
  callId?: string
  /** The key the tool runs under once it is decided; the same after a restart. */
  idempotencyKey?: string
  /** Kept in memory for the tool; stored as `[REDACTED]` if sensitive. */
  arguments?: Json
  prompt?: string
  schema?: JsonSchema
  sensitive: boolean
  /** Checks a value given with an answer; the parsed value comes back. */
  checkValue?(value: Json): Promise<{ ok: true; value: Json } | { ok: false; violations: Violation[] }>
  /**
   * For `detach`: called with the decision once there is one; does the work and gives what is told to the active agent.
   * After a restart the tool is found again by name instead.
   */
  onDecided?(decision: RequestOutcome): Promise<Json>
}

/** A turn whose message is not certain yet. */
export interface TurnSpeculation {
  readonly isAdopted: boolean
  /** Resolves when the message has come and what was made before is said; stays open where it does not, as the turn's signal ends then. */
  readonly adopted: Promise<void>
  /** A tool ran before the message came. */
  ran(call: EarlyCall): void
}

/** What a tool that ran early wants to be told. */
export interface EarlyCall {
  commit(): void
  abort(): void
}

/** What a turn is to do without, because its call has become expensive or slow. */
export interface TurnSparing {
  /** The agent's `fallbackModel` answers, if it has one. */
  readonly usesFallbackModel: boolean
  /** The model reads the last words only. */
  readonly isContextShort: boolean
}

/** What came of a tool after its turn. */
export interface ToolOutcomeNote {
  callId: string
  tool: string
  result: Json
  /** The turn was cut off while the tool ran: the agent may have spoken of the matter already. */
  isLate?: boolean
}

/** What the kit gives a turn beyond its public context. Found by the context object, so nothing is ambient. */
export interface TurnServices {
  /** All messages this one turn answers, ascending; the last is `context.event`. */
  readonly triggers: readonly RoomEvent[]
  readonly opening: TurnOpening | undefined
  /** The agent's binding, if it has one; `metadata.systemPrompt` replaces the base prompt. */
  readonly binding: ChannelBinding | undefined
  /** The room as it was read when the turn started. */
  readonly reading?: Omit<RoomContext, 'recentEvents'>
  /** Visibility of everything the turn says. */
  readonly visibility: Visibility
  /** Whether someone will get what the agent says. */
  readonly isMuted: boolean
  /**
   * The last `limit` events this agent may see (messages, own tool calls, internal notes for it), ascending, ending at
   * the last trigger.
   */
  history(limit: number): Promise<RoomEvent[]>
  /** The name other speakers of the room are shown by, or undefined where a label is not needed. */
  speakerOf(event: RoomEvent): string | undefined
  /** Tools that come from the room, resolved anew for each step: handoff, delegation, strategies. */
  roomTools(): Promise<AnyTool[]>
  /** Notes for this turn alone: handoff note (one line of JSON), results of delegations, whispered instructions. */
  notes(): Promise<string[]>
  runHook<T extends SyncTrigger>(trigger: T, payload: HookMap[T]['payload']): Promise<SyncOutcome<T>>
  fire<T extends HookTrigger>(trigger: T, payload: HookMap[T]['payload']): void
  /** Steering that came in since the last look; `cancel` aborts the signal instead. */
  takeSteering(): Exclude<Steering, { type: 'cancel' | 'yield' }>[]
  /** Aborted when the turn is to end and its tools are not. */
  readonly yielded?: AbortSignal
  /** Whether what the turn says is spoken in a call. */
  readonly isSpoken?: boolean
  /** What the call that speaks the turn wants it to do without. */
  readonly sparing?: TurnSparing
  /** Finds calls of tools that the model wrote into text that is spoken: nobody would hear them, and nothing would run. */
  writtenCalls?(text: string): WrittenCalls | undefined
  /** The turn runs before its message is certain, or did so. */
  readonly speculation?: TurnSpeculation
  /** Calls of tools under way in the room. */
  readonly runningCalls?: RunningCalls
  receipt(kind: ReceiptKind, data: Json): Promise<void>
  /** Opens a request and waits for its outcome (`suspend`), or gives its id at once (`detach`). @throws `request_limit` */
  request(spec: RequestSpec): Promise<{ requestId: string; outcome: Promise<RequestOutcome> }>
  /** Keeps a large tool result; the id is for `read_stored_result`. */
  storeResult(name: string, text: string): Promise<string>
  readResult(id: string): Promise<string | null>
  /** Tells people what a tool is doing (ephemeral). */
  progress(callId: string, name: string, text: string, isBackground?: boolean): void
  /** Ids from the kit's source. */
  nextId(prefix: string): string
  random(): number
  reportError(thrown: unknown, stage: string): void
  /** Runs work that outlives the turn (background tools), drained at close. */
  background(run: (signal: AbortSignal) => Promise<void>): void
  /** The result of a background tool: committed as an internal event that opens a turn of the agent active then. */
  deliverOutcome(note: ToolOutcomeNote): Promise<void>
}

const services = new WeakMap<TurnContext, TurnServices>()

/** Binds services to a context, before the turn starts. */
export function provideTurnServices(context: TurnContext, given: TurnServices): void {
  services.set(context, given)
}

/** The services of a turn in a room; undefined for `agent.prompt`, which has no room. */
export function turnServices(context: TurnContext): TurnServices | undefined {
  return services.get(context)
}
