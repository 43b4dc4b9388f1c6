import {
  ParleyError,
  type ChannelBinding,
  type Json,
  type RoomContext,
  type RoomEvent,
  type TurnContext,
  type TurnId,
} from '@parley/spec'
import { callSpeakerOf } from '../core/call-speakers.ts'
import type { KitParts } from '../core/kit-parts.ts'
import type { Steering, TurnServices } from '../core/turn-services.ts'
import type { TurnRequest } from '../core/turns.ts'
import type { HookMap, HookTrigger } from '../hooks/hook-map.ts'
import { canSee } from '../rooms/can-see.ts'
import type { CascadeRun } from './cascades.ts'
import { runningCallsOf } from './running-calls.ts'
import { storable } from './storable.ts'

/** One running turn, as the parts of the turn folder share it. */
export interface TurnRuntime {
  readonly turnId: TurnId
  request: TurnRequest
  triggers: readonly RoomEvent[]
  readonly signal: AbortSignal
  startedMs: number
  /** Set when the conversation was handed on: nothing more is said. */
  isReleased: boolean
  /** Tool calls under way, by call id. */
  readonly openCalls: Map<string, string>
  /** Requests that the turn waits for. */
  suspended: number
  readonly steering: Exclude<Steering, { type: 'cancel' | 'yield' }>[]
  /** Aborted when the turn ends and its tools go on. */
  readonly yielded: AbortSignal
  /** A call speaks what the turn says. */
  isSpoken: boolean
  cascade: CascadeRun | undefined
  /** While a handoff is being made: settles when it is made or given up. */
  frozen?: Promise<void>
  pauseTimer?: () => void
  resumeTimer?: () => void
}

/** Kept results of tools per turn; the oldest go first. */
const STORED_RESULTS = 50

/** What the kit gives a turn beyond its context. */
export function createServices(
  parts: KitParts,
  turn: TurnRuntime,
  context: TurnContext,
  room: RoomContext,
  binding: ChannelBinding | undefined,
): TurnServices {
  const { roomId, agentId, opening } = turn.request
  const scope = { roomId, channelId: agentId, channelType: 'agent' as const, sourceKind: 'agent' as const }
  const storedIds: string[] = []
  const sparing = turn.isSpoken ? callSpeakerOf(parts, roomId)?.sparing?.() : undefined
  return {
    triggers: turn.triggers,
    opening,
    binding,
    reading: room,
    visibility:
      turn.request.visibility ??
      parts.orchestration.visibility(room.room, turn.request.trigger, agentId) ??
      turn.request.trigger.responseVisibility ??
      'all',
    isMuted: binding?.muted === true,
    history: (limit) => history(parts, turn, binding, limit),
    speakerOf: createSpeakers(parts, room, agentId),
    roomTools: () => parts.orchestration.tools(context),
    notes: () => parts.orchestration.notes(context),
    async runHook(trigger, payload) {
      const outcome = await parts.hooks.runSync(trigger, payload, scope, { signal: turn.signal })
      parts.hooks.fire(trigger, outcome.payload, scope)
      return outcome
    },
    fire: <T extends HookTrigger>(trigger: T, payload: HookMap[T]['payload']) => {
      if (parts.hooks.has(trigger, scope)) parts.hooks.fire(trigger, payload, scope)
    },
    takeSteering: () => turn.steering.splice(0),
    yielded: turn.yielded,
    isSpoken: turn.isSpoken,
    ...(sparing === undefined ? {} : { sparing }),
    writtenCalls: (text) => (turn.isSpoken ? callSpeakerOf(parts, roomId)?.writtenCalls?.(text) : undefined),
    runningCalls: runningCallsOf(parts, roomId),
    async receipt(kind, data) {
      await parts.store.receipts.put([
        parts.receipt(roomId, kind, data, { turnId: turn.turnId, actor: { kind: 'agent', id: agentId } }),
      ])
    },
    async request(spec) {
      return parts.requests.open(turn, spec)
    },
    async storeResult(name, text) {
      const id = parts.ids.next('res')
      storedIds.push(id)
      await parts.store.toolResults.put([
        { id, roomId, turnId: turn.turnId, name, text: storable(text), createdAt: parts.now() },
      ])
      const oldest = storedIds.length > STORED_RESULTS ? storedIds.shift() : undefined
      if (oldest !== undefined) await parts.store.toolResults.remove(roomId, [oldest])
      return id
    },
    async readResult(id) {
      return (await parts.store.toolResults.get(roomId, id))?.text ?? null
    },
    progress(callId, name, text, isBackground = false) {
      const place = { turnId: turn.turnId, callId, name }
      const data: Json = { ...place, text, status: 'running', ...(isBackground ? { isBackground } : {}) }
      parts.ephemeral.publish(roomId, { type: 'toolCallStarted', from: agentId, channelId: agentId, data })
    },
    nextId: (prefix) => parts.ids.next(prefix),
    random: () => parts.ids.random(),
    reportError(thrown, stage) {
      // What ended the answer belongs to the cascade that asked for it.
      if (stage === 'stream' && ParleyError.isInstance(thrown)) turn.cascade?.errors.push(thrown)
      parts.reportError(thrown, { stage, roomId })
    },
    background(run) {
      const { cascade } = turn
      cascade?.begin()
      parts.background(
        'tool',
        async (signal) => {
          try {
            await run(signal)
          } finally {
            cascade?.end()
          }
        },
        { roomId },
      )
    },
    deliverOutcome: (note) => parts.requests.deliverToolOutcome(turn, note),
  }
}

/** What this agent may see of the log, ending at its last trigger. */
async function history(
  parts: KitParts,
  turn: TurnRuntime,
  binding: ChannelBinding | undefined,
  limit: number,
): Promise<RoomEvent[]> {
  const { roomId, agentId, trigger } = turn.request
  const { recentEventsFloor, recentEventsCeiling } = parts.limits
  const size = Math.min(Math.max(limit, recentEventsFloor), recentEventsCeiling)
  const tail = await parts.store.tail(roomId, size, { upToIndex: trigger.index, statuses: ['committed'] })
  const reader = binding ?? { channelId: agentId, category: 'intelligence' as const, capabilities: { content: [] } }
  return tail.filter(
    (event) =>
      isForAgent(event, agentId) && (event.id === trigger.id || isNoteFor(event, agentId) || canSee(event, reader)),
  )
}

/** An outcome that was told to this agent: internal, and part of what it remembers. */
function isNoteFor({ type, addressedTo }: RoomEvent, agentId: string): boolean {
  return type === 'system' && addressedTo?.includes(agentId) === true
}

/** Messages, the agent's own tool calls, and outcomes of what it or its predecessor asked for. */
function isForAgent(event: RoomEvent, agentId: string): boolean {
  if (event.deleted !== undefined || event.redacted !== undefined) return false
  switch (event.type) {
    case 'message':
    case 'dtmf':
      return true
    case 'toolCallStarted':
    case 'toolCallEnded':
      return event.source.channelId === agentId
    case 'system':
      return event.content.type === 'system' && outcomeCodes.has(event.content.code)
    default:
      return false
  }
}

const outcomeCodes = new Set(['request_outcome', 'tool_outcome', 'reminder'])

/** Labels are needed once more than one person and this agent speak. */
function createSpeakers(parts: KitParts, room: RoomContext, agentId: string): (event: RoomEvent) => string | undefined {
  const people = room.participants.filter(({ kind }) => kind === 'person')
  const agents = room.bindings.filter(({ category }) => category === 'intelligence')
  const areMany = people.length > 1 || agents.length > 1
  return ({ source }) => {
    if (source.kind === 'agent')
      return source.channelId === agentId ? undefined : agentLabel(parts, source.channelId ?? '')
    if (!areMany) return undefined
    const participant = people.find(({ id }) => id === source.participantId)
    return participant?.displayName ?? source.participantId ?? undefined
  }
}

function agentLabel(parts: KitParts, channelId: string): string {
  const name = parts.orchestration.agentName(channelId)
  return name === channelId ? channelId : `${name} (${channelId})`
}
