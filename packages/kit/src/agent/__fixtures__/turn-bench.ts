import {
  ConversationState,
  createBudget,
  type AnyTool,
  type Budget,
  type ChannelBinding,
  type ChatMessage,
  type ContentPart,
  type Content,
  type EventSource,
  type Json,
  type Participant,
  type ReceiptKind,
  type RoomEvent,
  type RoomHandle,
  type TurnContext,
  type TurnEnd,
  type RequestOutcome,
  type TurnOutput,
} from '@parley/spec'
import { createSeededIds, createVirtualClock, type VirtualClock } from '@parley/testing'
import {
  provideTurnServices,
  type RequestSpec,
  type Steering,
  type TurnOpening,
  type TurnServices,
} from '../../core/turn-services.ts'
import type { SyncOutcome } from '../../hooks/hook-engine.ts'
import type { HookMap, HookTrigger, SyncTrigger } from '../../hooks/hook-map.ts'
import type { SyncHookResult } from '../../hooks/hook-results.ts'
import type { Agent } from '../agent.ts'

type Hooks = { [T in SyncTrigger]?: (payload: HookMap[T]['payload']) => SyncHookResult<T> }

/** What a turn on the bench is made of. */
export interface TurnBenchOptions {
  agentId?: string
  turnId?: string
  /** Earlier events, then the trigger. @default one message of a person */
  events?: RoomEvent[]
  triggers?: RoomEvent[]
  opening?: TurnOpening
  binding?: Partial<ChannelBinding>
  isMuted?: boolean
  speakerOf?: (event: RoomEvent) => string | undefined
  roomTools?: () => AnyTool[] | Promise<AnyTool[]>
  notes?: string[]
  hooks?: Hooks
  steering?: Steering[][]
  language?: string
  participant?: Participant
  budget?: Budget
  state?: ConversationState
  onRequest?: (spec: RequestSpec) => Promise<RequestOutcome>
  clock?: VirtualClock
  deps?: unknown
}

/** A turn without a kit: real services in memory, everything they were told kept. */
export interface TurnBench {
  context: TurnContext
  clock: VirtualClock
  receipts: { kind: ReceiptKind; data: Json }[]
  requests: RequestSpec[]
  errors: { code: string; stage: string }[]
  fired: { trigger: HookTrigger; payload: unknown }[]
  progress: string[]
  outcomes: { callId: string; tool: string; result: Json }[]
  background: Promise<void>[]
  /** Windows asked for. */
  windows: number[]
  stop: AbortController
  state(): ConversationState
  /** Takes the turn to its end; time is moved by the test, or by `runToRest`. */
  take(agent: Agent): Promise<TakenTurn>
}

export interface TakenTurn {
  outputs: TurnOutput[]
  text: string
  end: TurnEnd
  data: { [key: string]: Json }
}

export function person(text: string, more: Partial<RoomEvent> = {}): RoomEvent {
  return event({ type: 'text', text }, { kind: 'person', channelId: 'web', channelType: 'websocket', participantId: 'ada', medium: 'text' }, more)
}

export function agentSaid(agentId: string, text: string, more: Partial<RoomEvent> = {}): RoomEvent {
  return event({ type: 'text', text }, { kind: 'agent', channelId: agentId, channelType: 'agent', medium: 'text' }, more)
}

export function event(content: Content, source: EventSource, more: Partial<RoomEvent> = {}): RoomEvent {
  const index = more.index ?? 0
  return {
    id: `event_${index}_${JSON.stringify(content).length}`,
    roomId: 'room_1',
    index,
    type: 'message',
    status: 'committed',
    source,
    content,
    visibility: 'all',
    addressedTo: null,
    chainDepth: 0,
    createdAt: '2026-01-01T00:00:00.000Z',
    metadata: {},
    ...more,
  }
}

/** The text of a message's or result's content. */
export function textOf(content: string | ContentPart[]): string {
  return typeof content === 'string' ? content : content.map((part) => (part.type === 'text' ? part.text : `[${part.type}]`)).join('')
}

/** What a message says; the results of a tool message say nothing. */
export function contentOf(message: ChatMessage): string | undefined {
  return message.role === 'tool' ? undefined : textOf(message.content)
}

export function createTurnBench(options: TurnBenchOptions = {}): TurnBench {
  const { agentId = 'agent', clock = createVirtualClock(), events = [person('Hello')] } = options
  const ids = createSeededIds(7)
  const stop = new AbortController()
  let state = options.state ?? new ConversationState()
  const trigger = options.triggers?.at(-1) ?? events.at(-1) ?? person('Hello')
  const bench: Omit<TurnBench, 'take' | 'context'> = {
    clock,
    stop,
    receipts: [],
    requests: [],
    errors: [],
    fired: [],
    progress: [],
    outcomes: [],
    background: [],
    windows: [],
    state: () => state,
  }
  const refuse = (): Promise<never> => Promise.reject(new Error('not on the bench'))
  const room: RoomHandle = {
    id: 'room_1',
    room: refuse,
    send: refuse,
    events: refuse,
    state: () => Promise.resolve(state),
    updateState(change) {
      state = change(state)
      return Promise.resolve(state)
    },
    publish() {},
    delegate: refuse,
    handoff: refuse,
  }
  const context: TurnContext = {
    room,
    event: trigger,
    agentId,
    turnId: options.turnId ?? 'turn_1',
    state,
    ...(options.participant === undefined ? {} : { participant: options.participant }),
    ...(options.language === undefined ? {} : { language: options.language }),
    signal: stop.signal,
    budget: options.budget ?? createBudget('turn', 'turn_1', {}, { clock }),
    clock,
    deps: options.deps,
  }
  const stored = new Map<string, string>()
  const steering = [...(options.steering ?? [])]
  const services: TurnServices = {
    triggers: options.triggers ?? [trigger],
    opening: options.opening,
    // The bench's agents read metadata alone.
    binding: options.binding as ChannelBinding | undefined,
    visibility: 'all',
    isMuted: options.isMuted ?? false,
    history(limit) {
      bench.windows.push(limit)
      return Promise.resolve(events.slice(-limit))
    },
    speakerOf: options.speakerOf ?? (() => undefined),
    roomTools: async () => (await options.roomTools?.()) ?? [],
    notes: () => Promise.resolve(options.notes ?? []),
    runHook: (name, payload) => Promise.resolve(runHook(options.hooks ?? {}, name, payload)),
    fire: (name, payload) => void bench.fired.push({ trigger: name, payload }),
    takeSteering: () => (steering.shift() ?? []).filter((one) => one.type !== 'cancel' && one.type !== 'yield'),
    receipt(kind, data) {
      bench.receipts.push({ kind, data })
      return Promise.resolve()
    },
    request(spec) {
      bench.requests.push(spec)
      const outcome = options.onRequest?.(spec) ?? new Promise<RequestOutcome>(() => {})
      return Promise.resolve({ requestId: `request_${bench.requests.length}`, outcome })
    },
    storeResult(_name, text) {
      const id = `result_${stored.size + 1}`
      stored.set(id, text)
      return Promise.resolve(id)
    },
    readResult: (id) => Promise.resolve(stored.get(id) ?? null),
    progress: (_callId, _name, text) => void bench.progress.push(text),
    nextId: (prefix) => ids.next(prefix),
    random: () => 0.5,
    reportError(thrown, stage) {
      const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
      bench.errors.push({ code, stage })
    },
    background: (run) => void bench.background.push(run(new AbortController().signal)),
    deliverOutcome(note) {
      bench.outcomes.push(note)
      return Promise.resolve()
    },
  }
  provideTurnServices(context, services)
  return {
    ...bench,
    context,
    async take(agent) {
      const outputs: TurnOutput[] = []
      for await (const output of agent.takeTurn(context)) outputs.push(output)
      const last = outputs.at(-1)
      if (last?.type !== 'end') throw new Error('The turn has no end.')
      const text = outputs.map((output) => (output.type === 'textDelta' ? output.text : '')).join('')
      return { outputs, text, end: last.reason, data: last.data ?? {} }
    },
  }
}

function runHook<T extends SyncTrigger>(hooks: Hooks, trigger: T, payload: HookMap[T]['payload']): SyncOutcome<T> {
  const none = { modifiedBy: [], injected: [], tasks: [], observations: [], failures: [] }
  // One hook per trigger, of that trigger's own type.
  const result = (hooks[trigger] as ((given: typeof payload) => SyncHookResult<T>) | undefined)?.(payload)
  if (!result || result.action === 'allow') return { ...none, payload }
  if (result.action === 'block') {
    const { reason, message } = result
    return { ...none, payload, blocked: { reason, by: 'test', ...(message === undefined ? {} : { message }) } }
  }
  const subject = { beforeModelCall: 'request', beforeToolUse: 'call', onToolCall: 'result' }[String(trigger)] ?? 'subject'
  return { ...none, payload: { ...payload, [subject]: result.subject }, modifiedBy: ['test'] }
}
