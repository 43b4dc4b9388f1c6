import type { ChannelId, RoomContext, RoomEvent, RoomId, TurnContext, TurnId, TurnOutput, Usage } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { provideTurnServices } from '../core/turn-services.ts'
import type { TurnRequest } from '../core/turns.ts'
import { getConversationState } from '../orchestration/state/room-state.ts'
import type { OpenTurn } from './open-turn.ts'
import { openTurn, toTurnContext } from './open-turn.ts'
import { createServices } from './create-services.ts'
import { createOutputBuffer } from './output-buffer.ts'
import { accountFor, usageOf, type SpeculationOutcome } from './speculation-account.ts'
import { gateServices } from './speculation-gate.ts'

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
  /** There is no more text: the answer is whole, and calls no tool. */
  onTextEnd?(): void
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
  if (binding?.muted === true || state.mode !== 'agent' || parts.turns.running(roomId, agentId).length > 0)
    return undefined

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
  const outputs = createOutputBuffer(() => gate.caughtUp())
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
        if (isShown && !hasCalled && !gate.isAdopted) message.onTextEnd?.()
        lastUsage = usageOf(output.data)
        if (!gate.isAdopted && output.reason !== 'completed') {
          candidate.hasFailed = true
          reason ??= output.reason
        }
      }
      outputs.push(output)
    }
  }
  const withdraw = (why: string): void => {
    if (gate.isAdopted) return
    reason ??= why
    leave()
    gate.abort()
    stop.abort(new Error(`The speculation was withdrawn: ${why}.`))
  }
  const onClosing = (): void => withdraw('closed')
  parts.closing.addEventListener('abort', onClosing, { once: true })

  const { candidate } = leave
  void read()
    .then(outputs.end, (thrown: unknown) => {
      candidate.hasFailed = true
      reason ??= 'failed'
      outputs.fail(thrown)
    })
    .then(async () => {
      // Not adopted yet, it waits for its message with all it has made.
      if (!gate.isAdopted && !stop.signal.aborted && !candidate.hasFailed) await gate.decided
      leave()
      parts.closing.removeEventListener('abort', onClosing)
      gate.abort()
      ended.resolve(await accountFor(context, gate, { channel, text, reported: lastUsage, reason }))
    })
    .catch((error: unknown) => parts.reportError(error, { stage: 'turn', roomId }))

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
