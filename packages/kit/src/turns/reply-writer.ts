import {
  ParleyError,
  type Channel,
  type EventInput,
  type Json,
  type Receipt,
  type RoomContext,
  type RoomEvent,
  type ToolCallRecord,
  type TurnEnd,
  type TurnOutput,
  type Visibility,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { storable } from './storable.ts'
import { sendFromChannel } from '../inbound/prepare-send.ts'
import { passReplyHooks, replyScope } from './reply-hooks.ts'
import type { TurnRuntime } from './create-services.ts'
import { noteSideEffect } from './note-side-effect.ts'
import { replyLiveness, type ReplyLiveness } from './reply-liveness.ts'
import { openLiveOutput, type LiveOutput } from './live-output.ts'

/**
 * Turns an agent's output into events of the log: a segment is the text between two tool calls, committed on its own,
 * after the tool events before it and before those that follow. While it is written, receivers that can show it see
 * it grow. Where a call speaks the output, what is committed is what was heard, as soon as that is known: the turn goes on
 * meanwhile, and ends when its last word has been heard or cut off.
 */
export class ReplyWriter {
  readonly #parts: KitParts
  readonly #turn: TurnRuntime
  readonly #visibility: Visibility
  readonly #live: ReplyLiveness
  #text = ''
  #segmentId = ''
  #seq = 0
  #replies = 0
  #firstTextMs: number | undefined
  #toolCalls = 0
  #dropped: Dropped | undefined
  #isTyping = false
  #output: LiveOutput | undefined
  /** Whether what is spoken must pass hooks first. */
  #isHeld = false
  /** Characters of the open segment that were handed over to be spoken. */
  #handedOver = 0
  #segments = 0
  /** Segments whose speech is not over yet, in order. */
  #speaking: Promise<void> = Promise.resolve()

  constructor(parts: KitParts, turn: TurnRuntime, context: RoomContext) {
    this.#parts = parts
    this.#turn = turn
    this.#visibility =
      turn.request.visibility ??
      parts.orchestration.visibility(context.room, turn.request.trigger, turn.request.agentId) ??
      turn.request.trigger.responseVisibility ??
      'all'
    this.#live = replyLiveness(parts, turn, context, this.#visibility)
  }

  get hasSpoken(): boolean {
    return this.#replies > 0 || this.#segments > 0 || this.#text !== ''
  }

  /** Whether a call speaks the turn. */
  get isSpoken(): boolean {
    return this.#output !== undefined
  }

  /** Lets the room's call, if there is one, speak the turn while it is written. */
  openLive(context: RoomContext): void {
    this.#output = openLiveOutput(this.#parts, this.#turn, context, this.#visibility)
    this.#isHeld = this.#parts.hooks.holdsLive(replyScope(this.#turn))
  }

  async write(output: Exclude<TurnOutput, { type: 'end' }>): Promise<void> {
    switch (output.type) {
      case 'textDelta':
        return this.#add(output.text)
      case 'thinkingDelta':
        return this.#ephemeral('thinkingDelta', { turnId: this.#turn.turnId, text: output.text })
      case 'toolCallStarted':
        // The tool runs already: an interruption finds it while what was said before is written.
        this.#turn.openCalls.set(output.call.callId, output.call.name)
        await this.#flush()
        this.#toolCalls += 1
        this.#output?.push(output)
        return this.#tool('toolCallStarted', output.call, 'pending')
      case 'toolCallEnded':
        this.#turn.openCalls.delete(output.call.callId)
        this.#output?.push(output)
        return this.#tool('toolCallEnded', output.call, output.call.error === undefined ? 'completed' : 'failed')
      case 'task':
      case 'observation':
        return noteSideEffect(this.#parts, this.#turn.request, output)
      case 'notice':
        return this.#notice(output.content.text, { notice: output.content.code })
    }
  }

  /** People read or hear it like any line of the agent; the code says what it is. */
  async #notice(text: string, metadata: { notice: string }): Promise<void> {
    await this.#flush()
    if (this.#output === undefined) return this.#commit({ content: { type: 'text', text }, metadata })
    this.#add(text)
    await this.#flush({ metadata })
  }

  /** Commits what was said so far, marked as cut off. */
  async interrupt(): Promise<void> {
    await this.#flush({ interrupted: true })
  }

  /** The agent's line for failures, if it has one; never text made of the error. */
  async sayFailure(channel: Channel): Promise<void> {
    const line = 'onFailure' in channel && typeof channel.onFailure === 'string' ? channel.onFailure : ''
    if (line === '' || this.hasSpoken) return
    if (this.#output !== undefined) return this.#add(line)
    await this.#commit({ content: { type: 'text', text: line } })
  }

  /** Commits the last segment and the turn's one receipt with it. */
  async finish(end: TurnEnd, data: { [key: string]: Json }): Promise<void> {
    const { turnId, request, triggers, startedMs } = this.#turn
    const nowMs = this.#parts.clock.monotonicMs()
    const { steps = 0, usage = null, costNanoUsd = null, toolCalls = this.#toolCalls, ...more } = data
    const receipt = this.#parts.receipt(
      request.roomId,
      'turn',
      {
        turnId,
        agentId: request.agentId,
        triggerIndexes: triggers.map(({ index }) => index),
        end,
        steps,
        toolCalls,
        usage,
        costNanoUsd,
        latency: {
          totalMs: nowMs - startedMs,
          ...(this.#firstTextMs === undefined ? {} : { firstTextMs: this.#firstTextMs - startedMs }),
        },
        ...(this.#dropped === undefined ? {} : { dropped: { ...this.#dropped } }),
        ...more,
      },
      { turnId, eventIndex: request.trigger.index, actor: { kind: 'agent', id: request.agentId } },
    )
    const { output } = data
    if (this.#output !== undefined) {
      await this.#flush(output === undefined ? {} : { metadata: { output } })
      this.#output.push({ type: 'end', reason: end })
      this.#output.end()
      await this.#speaking
      await this.#output.close()
      await this.#parts.store.receipts.put([receipt])
    } else if (this.#pending() === '') await this.#parts.store.receipts.put([receipt])
    else await this.#flush({ receipt, ...(output === undefined ? {} : { metadata: { output } }) })
  }

  #add(text: string): void {
    if (this.#turn.isReleased || text === '') return
    this.#firstTextMs ??= this.#parts.clock.monotonicMs()
    if (this.#segmentId === '') this.#segmentId = this.#parts.ids.next('seg')
    this.#text += text
    this.#handOver()
    if (this.#live === 'typing') this.#typing(true)
    if (this.#live !== 'text' || this.#turn.frozen !== undefined) return
    this.#seq += 1
    this.#ephemeral('outputDelta', { turnId: this.#turn.turnId, segmentId: this.#segmentId, seq: this.#seq, text })
  }

  /** Gives what was written to the call that speaks it, unless a hook must pass it or a handoff is being made. */
  #handOver(): void {
    if (this.#output === undefined || this.#isHeld || this.#turn.frozen !== undefined) return
    const text = this.#text.slice(this.#handedOver)
    if (text === '') return
    this.#handedOver = this.#text.length
    this.#output.push({ type: 'textDelta', text })
  }

  /** Ends a spoken segment: what was heard of it is committed when that is known, whatever happens to the turn. */
  async #speak(output: LiveOutput, metadata: Record<string, Json> | undefined): Promise<void> {
    if (!this.#turn.isReleased) {
      if (this.#isHeld) await this.#passHooks(output)
      else this.#handOver()
    }
    const segmentId = this.#segmentId
    const isSpoken = this.#handedOver > 0
    this.#handedOver = 0
    this.#text = ''
    this.#segmentId = ''
    this.#seq = 0
    this.#typing(false)
    if (!isSpoken) return
    this.#segments += 1
    const heard = output.endSegment()
    this.#speaking = this.#speaking.then(async () => {
      const { text, interrupted, spans, voice } = await heard
      if (text.trim() === '') return
      await this.#commit(
        {
          content: { type: 'text', text, ...(interrupted ? { interrupted: true as const } : {}) },
          metadata: { ...metadata, voice: { ...voice, ...(spans === undefined ? {} : { spans }) } },
        },
        segmentId,
      )
    })
  }

  /** Text that hooks may still block or change is spoken only as they let it pass. */
  async #passHooks(output: LiveOutput): Promise<void> {
    const text = await passReplyHooks(this.#parts, this.#turn, this.#text, this.#visibility)
    this.#handedOver = text.length
    if (text !== '') output.push({ type: 'textDelta', text })
  }

  #pending(): string {
    return this.#turn.isReleased ? '' : this.#text.trim()
  }

  async #flush({
    interrupted = false,
    receipt,
    metadata,
  }: { interrupted?: boolean; receipt?: Receipt; metadata?: Record<string, Json> } = {}): Promise<void> {
    // While the conversation is being handed over nothing is said; afterwards it is said, or dropped with the turn.
    if (this.#turn.frozen !== undefined && this.#text !== '') await this.#turn.frozen
    if (this.#output !== undefined) return this.#speak(this.#output, metadata)
    const text = this.#pending()
    const segmentId = this.#segmentId
    this.#text = ''
    this.#segmentId = ''
    this.#seq = 0
    this.#typing(false)
    if (text === '') return
    const content = interrupted
      ? { type: 'text' as const, text, interrupted: true as const }
      : { type: 'text' as const, text }
    await this.#commit(metadata === undefined ? { content } : { content, metadata }, segmentId, receipt)
  }

  async #tool(
    type: 'toolCallStarted' | 'toolCallEnded',
    call: ToolCallRecord,
    status: 'pending' | 'completed' | 'failed',
  ): Promise<void> {
    await this.#commit({ type, content: { type: 'toolCall', status, ...call } })
    if (this.#live !== 'none')
      this.#ephemeral(type, { turnId: this.#turn.turnId, callId: call.callId, name: call.name, status })
  }

  #typing(isTyping: boolean): void {
    if (isTyping === this.#isTyping) return
    this.#isTyping = isTyping
    this.#ephemeral(isTyping ? 'typingStarted' : 'typingStopped', { turnId: this.#turn.turnId })
  }

  #ephemeral(
    type: 'typingStarted' | 'typingStopped' | 'outputDelta' | 'thinkingDelta' | 'toolCallStarted' | 'toolCallEnded',
    data: Json,
  ): void {
    const { roomId, agentId } = this.#turn.request
    this.#parts.ephemeral.publish(roomId, {
      type,
      from: agentId,
      channelId: agentId,
      data,
      visibility: this.#visibility,
    })
  }

  async #commit(input: EventInput, segmentId?: string, receipt?: ReturnType<KitParts['receipt']>): Promise<void> {
    const parts = this.#parts
    const { turnId, request, cascade } = this.#turn
    const trigger: RoomEvent = request.trigger
    const parentEventId = trigger.parentEventId
    const cause = {
      causeId: trigger.id,
      chainDepth: trigger.source.kind === 'system' ? trigger.chainDepth : trigger.chainDepth + 1,
      correlationId: turnId,
      turnId,
      ...(segmentId === undefined || segmentId === '' ? {} : { segmentId }),
    }
    const { supersedes } = request
    const full: EventInput = {
      ...storable(input),
      ...(supersedes === undefined || input.type !== undefined ? {} : { metadata: { ...input.metadata, supersedes } }),
      visibility: this.#visibility,
      ...(parentEventId === undefined ? {} : { parentEventId }),
    }
    try {
      const result = await sendFromChannel(parts, request.roomId, request.agentId, full, {
        cause,
        cascade,
        ...(receipt === undefined ? {} : { receipts: [receipt] }),
      })
      if (result.outcome === 'committed') this.#replies += input.type === undefined ? 1 : 0
      else if (receipt !== undefined && result.event === undefined) await parts.store.receipts.put([receipt])
    } catch (thrown) {
      const dropped = droppedBy(thrown, input)
      if (dropped === undefined) parts.reportError(thrown, { stage: 'reply', roomId: request.roomId })
      else this.#dropped = { ...dropped, characters: (this.#dropped?.characters ?? 0) + dropped.characters }
      if (receipt !== undefined)
        await parts.store.receipts.put([
          dropped === undefined ? receipt : withData(receipt, { dropped: { ...dropped } }),
        ])
    }
  }
}

/** Text that a room which had closed meanwhile did not take. */
interface Dropped {
  code: string
  characters: number
}

/** A room that closed meanwhile takes nothing more: no error, but the turn's receipt says what was lost. */
function droppedBy(thrown: unknown, { content }: EventInput): Dropped | undefined {
  if (!ParleyError.isInstance(thrown) || (thrown.code !== 'room_closed' && thrown.code !== 'room_archived'))
    return undefined
  return { code: thrown.code, characters: content.type === 'text' ? content.text.length : 0 }
}

function withData(receipt: Receipt, also: { [key: string]: Json }): Receipt {
  const { data } = receipt
  return typeof data === 'object' && data !== null && !Array.isArray(data)
    ? { ...receipt, data: { ...data, ...also } }
    : receipt
}
