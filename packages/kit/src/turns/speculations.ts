import {
  costOf,
  estimateInputTokens,
  type ChannelId,
  type ChatModel,
  type Json,
  type RoomContext,
  type RoomEvent,
  type RoomId,
  type TurnContext,
  type TurnId,
  type TurnOutput,
  type Usage,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { provideTurnServices } from '../core/turn-services.ts'
import type { TurnRequest } from '../core/turns.ts'
import { getConversationState } from '../orchestration/state/room-state.ts'
import type { OpenTurn } from './open-turn.ts'
import { openTurn, toTurnContext } from './open-turn.ts'
import { createServices } from './create-services.ts'
import { gateServices, type Gate } from './speculation-gate.ts'

/** A message that a person is about to have said. */
export interface ForeseenMessage {
  roomId: RoomId
  agentId: ChannelId
  channelId: ChannelId
  participantId: string
  text: string
  language?: string
  /** Whether the message that came, as hooks left it, is the one foreseen. */
  isSame(event: RoomEvent): boolean
  /** Told each piece of text, up to the first call of a tool. */
  onText?(text: string): void
}

/** What became of a speculation. */
export interface SpeculationOutcome {
  isAdopted: boolean
  /** Why it was thrown away. */
  reason?: string
  usage: Usage
  /** Counted here, as the model was stopped before it told. */
  isEstimated: boolean
  costNanoUsd: number | null
}

/** A turn that runs before its message is certain. Nobody hears of it until the message has come. */
export interface Speculation {
  readonly turnId: TurnId
  /**
   * The message is on its way: the turn that it opens takes what was made so far, unless the conversation has changed
   * meanwhile.
   */
  offer(): Promise<void>
  /** It is not wanted any more; without effect once it was taken. */
  withdraw(reason: string): void
  /** Resolves when the turn has ended or was thrown away. */
  readonly done: Promise<SpeculationOutcome>
}

/** A turn that was begun before its message. */
export interface BegunTurn extends OpenTurn {
  readonly context: TurnContext
  readonly outputs: AsyncIterator<TurnOutput>
  withdraw(reason: string): void
}

interface Candidate {
  readonly message: ForeseenMessage
  readonly index: number
  isOffered: boolean
  hasFailed: boolean
  take(request: TurnRequest): BegunTurn
}

const candidates = new WeakMap<KitParts, Map<RoomId, Candidate[]>>()

/** The turn that was begun for this message, if there is one; it is the taker's from now on. */
export function takeBegun(parts: KitParts, request: TurnRequest): BegunTurn | undefined {
  const { trigger, roomId, agentId, opening, earlier = [] } = request
  const found = candidates
    .get(parts)
    ?.get(roomId)
    ?.find(
      ({ message, index, isOffered, hasFailed }) =>
        isOffered &&
        !hasFailed &&
        message.agentId === agentId &&
        opening === undefined &&
        earlier.length === 0 &&
        request.supersedes === undefined &&
        // Something else was said or happened in between: it was not made for this.
        trigger.index === index &&
        trigger.source.participantId === message.participantId &&
        message.isSame(trigger),
    )
  return found?.take(request)
}

/**
 * Begins the turn that a message would open, on the room as it stands. Undefined where that is not possible: the agent
 * has no model that can be asked for nothing, is muted or at work, or the room is closed or with a person.
 */
export async function speculate(parts: KitParts, message: ForeseenMessage): Promise<Speculation | undefined> {
  const { roomId, agentId } = message
  const channel = parts.registry.get(agentId)
  if (channel?.takeTurn === undefined || !('canSpeculate' in channel) || channel.canSpeculate !== true) return undefined
  const room = await parts.store.loadContext(roomId, { tail: 0 })
  if (room === null || room.room.status === 'closed' || room.room.status === 'archived') return undefined
  const binding = room.bindings.find(({ channelId }) => channelId === agentId)
  const state = getConversationState(room.room)
  if (binding?.muted === true || state.mode !== 'agent' || parts.turns.running(roomId, agentId).length > 0) return undefined

  // What a hook may still change or block is shown to nobody before it has: not to the model, and not to a voice.
  if (parts.hooks.holdsLive({ roomId, channelId: message.channelId, channelType: 'voice', sourceKind: 'person' }))
    return undefined
  const isShown = !parts.hooks.holdsLive({ roomId, channelId: agentId, channelType: 'agent', sourceKind: 'agent' })

  const event = foreseenEvent(parts, message, room)
  const opened = openTurn(parts, { roomId, agentId, trigger: event })
  const { turn, stop } = opened
  turn.isSpoken = true
  const context = toTurnContext(parts, turn, channel, room)
  const gate = gateServices(createServices(parts, turn, context, room, binding), event)
  provideTurnServices(context, gate.services)
  const outputs = createBuffer(() => gate.caughtUp())
  const ended = Promise.withResolvers<SpeculationOutcome>()
  let reason: string | undefined
  let lastUsage: { usage: Usage; costNanoUsd: number | null } | undefined
  let hasCalled = false
  let text = ''

  const leave = enter(parts, roomId, {
    message,
    index: event.index,
    isOffered: false,
    hasFailed: false,
    take(request) {
      leave()
      // All that holds the foreseen message holds the real one from now on.
      Object.assign(event, request.trigger)
      turn.request = request
      turn.triggers = [request.trigger]
      turn.startedMs = parts.clock.monotonicMs()
      gate.adopt()
      return {
        ...opened,
        context,
        outputs: outputs.iterator,
        withdraw: (why) => {
          reason = why
          stop.abort(new Error(`The speculation was withdrawn: ${why}.`))
        },
      }
    },
  })

  const read = async (): Promise<void> => {
    const turns = channel.takeTurn?.(context)
    if (turns === undefined) return
    for await (const output of turns) {
      if (output.type === 'textDelta') {
        text += output.text
        if (isShown && !hasCalled && !gate.isAdopted) message.onText?.(output.text)
      }
      hasCalled ||= output.type === 'toolCallStarted'
      if (output.type === 'end') {
        lastUsage = usageOf(output.data)
        if (!gate.isAdopted && output.reason !== 'completed') {
          candidate.hasFailed = true
          reason ??= output.reason
        }
      }
      outputs.push(output)
    }
  }
  const { candidate } = leave
  void read()
    .then(outputs.end, (thrown: unknown) => {
      candidate.hasFailed = true
      outputs.fail(thrown)
    })
    .then(async () => {
      // Not adopted yet, it waits for its message with all it has made.
      if (!gate.isAdopted && !stop.signal.aborted && !candidate.hasFailed) await gate.decided
      leave()
      gate.abort()
      ended.resolve(await account(parts, context, gate, { channel, text, reported: lastUsage, reason }))
    })
    .catch((error: unknown) => parts.reportError(error, { stage: 'turn', roomId }))

  const withdraw = (why: string): void => {
    if (gate.isAdopted) return
    reason ??= why
    leave()
    gate.abort()
    stop.abort(new Error(`The speculation was withdrawn: ${why}.`))
  }

  return {
    turnId: turn.turnId,
    async offer() {
      const now = await parts.store.loadContext(roomId, { tail: 0 })
      if (now !== null && getConversationState(now.room).version === state.version) candidate.isOffered = true
      else withdraw('state')
    },
    withdraw,
    done: ended.promise,
  }
}

function enter(parts: KitParts, roomId: RoomId, candidate: Candidate): (() => void) & { candidate: Candidate } {
  const rooms = candidates.get(parts) ?? new Map<RoomId, Candidate[]>()
  candidates.set(parts, rooms)
  rooms.set(roomId, [...(rooms.get(roomId) ?? []), candidate])
  const leave = (): void => {
    const left = (rooms.get(roomId) ?? []).filter((known) => known !== candidate)
    if (left.length === 0) rooms.delete(roomId)
    else rooms.set(roomId, left)
  }
  return Object.assign(leave, { candidate })
}

/** The message as it would stand in the log. */
function foreseenEvent(parts: KitParts, message: ForeseenMessage, { room }: RoomContext): RoomEvent {
  const { roomId, channelId, participantId, text, language } = message
  return {
    id: parts.ids.next('evt'),
    roomId,
    index: room.latestIndex + 1,
    type: 'message',
    status: 'committed',
    source: { kind: 'person', channelId, channelType: 'voice', participantId, medium: 'voice' },
    content: { type: 'text', text, ...(language === undefined ? {} : { language }) },
    visibility: 'all',
    addressedTo: null,
    chainDepth: 0,
    createdAt: parts.now(),
    metadata: {},
  }
}

/** What was spent. A model that was stopped has told nothing: then it is estimated, and charged as that. */
async function account(
  parts: KitParts,
  { budget, turnId }: TurnContext,
  gate: Gate,
  {
    channel,
    text,
    reported = { usage: { inputTokens: 0, outputTokens: 0 }, costNanoUsd: 0 },
    reason,
  }: {
    channel: object
    text: string
    reported: { usage: Usage; costNanoUsd: number | null } | undefined
    reason: string | undefined
  },
): Promise<SpeculationOutcome> {
  const { isAdopted, unanswered } = gate
  const base = { isAdopted, ...(isAdopted && reason === undefined ? {} : { reason: reason ?? 'unused' }) }
  // What the budget did not allow was never sent.
  if (isAdopted || unanswered === undefined || reason === 'budgetExceeded') return { ...base, ...reported, isEstimated: false }
  const { usage: told } = reported
  const used: Usage = {
    inputTokens: estimateInputTokens(unanswered),
    outputTokens: Math.max(0, Math.ceil(text.length / 4) - told.outputTokens),
  }
  const model = 'model' in channel ? (channel.model as ChatModel | undefined) : undefined // agents of this package say theirs
  const costNanoUsd = costOf(model?.card.price, used)
  const spend = { costNanoUsd, tokens: used.inputTokens + used.outputTokens, calls: 1 }
  const key = `${turnId}:speculation`
  const reserved = await budget.reserve(key, spend)
  if (reserved.ok) await budget.settle(key, spend, 'estimate')
  return {
    ...base,
    usage: { inputTokens: told.inputTokens + used.inputTokens, outputTokens: told.outputTokens + used.outputTokens },
    isEstimated: true,
    costNanoUsd: costNanoUsd === null || reported.costNanoUsd === null ? null : costNanoUsd + reported.costNanoUsd,
  }
}

function usageOf(data: { [key: string]: Json } | undefined): { usage: Usage; costNanoUsd: number | null } | undefined {
  const usage = data?.['usage']
  if (typeof usage !== 'object' || usage === null || Array.isArray(usage)) return undefined
  const { inputTokens, outputTokens } = usage
  if (typeof inputTokens !== 'number' || typeof outputTokens !== 'number') return undefined
  const cost = data?.['costNanoUsd']
  return { usage: { inputTokens, outputTokens }, costNanoUsd: typeof cost === 'number' ? cost : null }
}

/** Outputs on their way to a turn that has not begun; as many as one turn makes. */
function createBuffer(onEmpty: () => void): {
  push(output: TurnOutput): void
  end(): void
  fail(thrown: unknown): void
  iterator: AsyncIterator<TurnOutput>
} {
  const waiting: TurnOutput[] = []
  let over: { thrown?: unknown } | undefined
  let wake = (): void => {}
  const finish = (how: { thrown?: unknown }): void => {
    over ??= how
    wake()
  }
  return {
    push(output) {
      waiting.push(output)
      wake()
    },
    end: () => finish({}),
    fail: (thrown) => finish({ thrown }),
    iterator: {
      async next() {
        for (;;) {
          const value = waiting.shift()
          if (value !== undefined) return { done: false, value }
          if (over !== undefined && 'thrown' in over) throw over.thrown
          if (over !== undefined) return { done: true, value: undefined }
          onEmpty()
          await new Promise<void>((resolve) => (wake = resolve))
        }
      },
      return: () => Promise.resolve({ done: true, value: undefined }),
    },
  }
}

