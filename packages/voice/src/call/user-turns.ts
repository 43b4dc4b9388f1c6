import type { CallAccess, HookMap, Kit } from '@parley/kit'
import {
  ParleyError,
  REDACTED,
  type ChannelId,
  type EventId,
  type InboundMessage,
  type Json,
  type ParticipantId,
  type RoomId,
  type Word,
} from '@parley/spec'
import type { CommittedTurn } from '../turn/turn-effects.ts'
import type { TurnEvent } from '../turn/turn-events.ts'

/** Turns whose events may still be amended. */
const REMEMBERED = 8

/** What a person's turns need of the call. */
export interface UserTurnParts {
  kit: Kit
  access: CallAccess
  channelId: ChannelId
  roomId: RoomId
  callId: string
  participantId: ParticipantId
  feed(event: TurnEvent): void
  /** What was heard of a reply is in the log before the turn that cut it (C-3); bounded. */
  repliesSettled(): Promise<void>
  /** The line closes: what is committed now was not finished. */
  isEnding(): boolean
  wordsOf(transcriptIds: readonly string[]): Word[]
  /** The turn is about to go in: an answer that was begun for it is kept ready. */
  offer(turnId: string): Promise<void>
  /** Its answer has begun by now, or does not come. */
  over(turnId: string): void
  /** The turn is in the log, or not. */
  onCommitted(turn: CommittedTurn, isCommitted: boolean, text: string): void
  /**
   * Whether the turn answers something that was asked, and is none for the agent: `masked` also keeps its words out of
   * the log. `unasked` is a turn like any other that is for somebody else.
   */
  intercept(turn: CommittedTurn): 'answer' | 'masked' | 'unasked' | undefined
  /** A guard of what people say failed: the person is asked to say it again. */
  onUnheard(turn: CommittedTurn): void
}

/** Brings finished turns of a person into the room, one after another, by the one way in (C-1). */
export class UserTurns {
  readonly #parts: UserTurnParts
  readonly #events = new Map<string, EventId>()
  #chain: Promise<void> = Promise.resolve()

  constructor(parts: UserTurnParts) {
    this.#parts = parts
  }

  /** Resolves when everything so far is in the log. */
  get settled(): Promise<void> {
    return this.#chain
  }

  commit(turn: CommittedTurn): void {
    this.#next(async () => {
      let isAsked = false
      try {
        isAsked = await this.#commit(turn)
      } finally {
        if (!isAsked) this.#parts.over(turn.turnId)
      }
    }, turn.turnId)
  }

  /** A later text of a turn that was committed from what was heard so far. */
  amend(turnId: string, text: string, asksAgent: boolean): void {
    this.#next(() => this.#amend(turnId, text, asksAgent), turnId)
  }

  #next(run: () => Promise<void>, turnId: string): void {
    const { access, roomId, feed } = this.#parts
    this.#chain = this.#chain.then(run).catch((error: unknown) => {
      access.reportError(error, 'userTurn', roomId)
      feed({ type: 'turnSettled', turnId })
    })
  }

  /** @returns whether somebody is asked by it */
  async #commit(said: CommittedTurn): Promise<boolean> {
    const { kit, roomId, feed, onCommitted } = this.#parts
    await this.#parts.repliesSettled()
    const answered = this.#parts.intercept(said)
    const turn = answered === 'unasked' ? { ...said, asksAgent: false } : said
    if (answered === 'answer' || answered === 'masked') {
      await this.#answered(turn, answered)
      return false
    }
    const text = turn.source === 'speech' ? await this.#passHook(turn) : turn.text
    if (text === undefined) {
      this.#refused(turn)
      return false
    }
    if (text.trim() === '') {
      onCommitted(turn, false, '')
      feed({ type: 'turnSettled', turnId: turn.turnId })
      return false
    }
    await this.#parts.offer(turn.turnId)
    const result = await kit.processInbound(this.#message(turn, text), { roomId })
    const isCommitted = result.outcome === 'committed'
    if (isCommitted) this.#remember(turn.turnId, result.event.id)
    onCommitted(turn, isCommitted, text)
    const isAsked = isCommitted && turn.asksAgent
    const settle = (): void => {
      if (isAsked) this.#parts.over(turn.turnId)
      feed({ type: 'turnSettled', turnId: turn.turnId })
    }
    if (isAsked) void result.settled().then(settle, settle)
    else settle()
    return isAsked
  }

  /** Kept as what was said, or as a mask of it; nobody is asked. */
  async #answered(turn: CommittedTurn, how: 'answer' | 'masked'): Promise<void> {
    const { kit, roomId, feed, onCommitted } = this.#parts
    const silent = { ...turn, asksAgent: false, transcriptIds: how === 'masked' ? [] : turn.transcriptIds }
    const text = how === 'masked' ? REDACTED : turn.text
    const result = await kit.processInbound(this.#message(silent, text), { roomId })
    onCommitted(turn, result.outcome === 'committed', text)
    feed({ type: 'turnSettled', turnId: turn.turnId })
  }

  #message(turn: CommittedTurn, text: string): InboundMessage {
    const { channelId, participantId, callId } = this.#parts
    const voice: { [key: string]: Json } = {
      callId,
      turnId: turn.turnId,
      source: turn.source,
      startedAtMs: Math.floor(turn.startedAtMs),
      endedAtMs: Math.floor(turn.lastVoicedAtMs),
      ...(turn.fromInterim === true ? { fromInterim: true } : {}),
      ...(turn.truncated === undefined ? {} : { truncated: turn.truncated }),
      ...(this.#parts.isEnding() && !turn.asksAgent ? { final: false } : {}),
    }
    const content: InboundMessage['content'] =
      turn.source === 'dtmf' ? { type: 'dtmf', digits: text } : this.#spoken(turn, text)
    return {
      channelId,
      senderId: participantId,
      content,
      idempotencyKey: `${callId}:${turn.turnId}`,
      metadata: { voice },
      ...(turn.isBackchannel === true ? { type: 'backchannel' as const } : {}),
      ...(turn.source === 'dtmf' ? { type: 'dtmf' as const } : {}),
      ...(turn.asksAgent && turn.isBackchannel !== true ? {} : { addressedTo: [] }),
    }
  }

  #spoken(turn: CommittedTurn, text: string): Extract<InboundMessage['content'], { type: 'text' }> {
    if (turn.source === 'typed') return { type: 'text', text }
    const words = this.#parts.wordsOf(turn.transcriptIds).map(({ text: word, startMs, endMs }) => ({
      text: word,
      startMs: Math.floor(startMs),
      endMs: Math.floor(endMs),
    }))
    const speech = {
      ...(words.length === 0 ? {} : { words }),
      ...(turn.confidence === undefined ? {} : { confidence: Math.min(1, Math.max(0, turn.confidence)) }),
    }
    return {
      type: 'text',
      text,
      ...(turn.language === undefined ? {} : { language: turn.language }),
      ...(Object.keys(speech).length === 0 ? {} : { speech }),
    }
  }

  /** The text as hooks leave it; undefined when one of them blocked it or failed. */
  async #passHook(turn: CommittedTurn): Promise<string | undefined> {
    const { access, roomId, callId, participantId, channelId } = this.#parts
    const scope = { roomId, channelId, channelType: 'voice' as const, sourceKind: 'person' as const }
    if (!access.hasHook('onTranscription', scope)) return turn.text
    const payload: HookMap['onTranscription']['payload'] = {
      roomId,
      callId,
      participantId,
      text: turn.text,
      ...(turn.language === undefined ? {} : { language: turn.language }),
      ...(turn.confidence === undefined ? {} : { confidence: turn.confidence }),
    }
    const outcome = await access.runHook('onTranscription', payload, scope)
    if (outcome.blocked === undefined) return outcome.payload.text
    await access.record(roomId, {
      type: 'message',
      content: { type: 'redacted' },
      source: { kind: 'person', channelId, channelType: 'voice', participantId, medium: 'voice' },
      metadata: { voice: { callId, turnId: turn.turnId } },
      blocked: { reason: outcome.blocked.reason, by: outcome.blocked.by },
    })
    return undefined
  }

  #refused(turn: CommittedTurn): void {
    this.#parts.onCommitted(turn, false, '')
    this.#parts.onUnheard(turn)
    this.#parts.feed({ type: 'turnSettled', turnId: turn.turnId })
  }

  async #amend(turnId: string, text: string, asksAgent: boolean): Promise<void> {
    const { kit, roomId, channelId, participantId, callId, feed } = this.#parts
    const targetEventId = this.#events.get(turnId)
    if (targetEventId === undefined) return
    const result = await kit.processInbound(
      {
        channelId,
        senderId: participantId,
        type: 'edit',
        content: { type: 'edit', targetEventId, content: { type: 'text', text } },
        idempotencyKey: `${callId}:${turnId}:amend:${text.length}`,
      },
      { roomId },
    )
    if (result.outcome !== 'committed' || !asksAgent) return
    try {
      await kit.regenerate(roomId)
    } catch (error) {
      if (!ParleyError.isInstance(error)) throw error
      feed({ type: 'turnSettled', turnId })
    }
  }

  #remember(turnId: string, eventId: EventId): void {
    this.#events.set(turnId, eventId)
    const [oldest] = this.#events.keys()
    if (this.#events.size > REMEMBERED && oldest !== undefined) this.#events.delete(oldest)
  }
}
