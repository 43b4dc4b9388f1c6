import type { Attributes, Span, Telemetry } from '@parley/spec'
import type { TurnEffect } from '../turn/turn-effects.ts'
import type { TurnEvent } from '../turn/turn-events.ts'
import type { CallCore } from './call-core.ts'
import type { SpeechOutcome } from './call-types.ts'
import type { Spoken } from './speaking.ts'

interface OpenSpan {
  set(attributes: Attributes): void
  end(): void
}

/** The spans of one call: `call` around `user_turn`, `agent_turn` and, inside those, `tts` and `playout` (voice.md 19). */
export class CallSpans {
  readonly #core: () => CallCore
  readonly #agentTurns = new Map<string, OpenSpan>()
  readonly #tts = new Map<string, OpenSpan>()
  readonly #playouts = new Map<string, OpenSpan>()
  #call: OpenSpan | undefined
  #userTurn: OpenSpan | undefined

  constructor(core: () => CallCore) {
    this.#core = core
  }

  start(): void {
    const { direction, endpoint, roomId } = this.#core().parts
    this.#call = this.#open('parley.call', { 'parley.room.id': roomId, direction, endpoint: endpoint.info.kind })
  }

  event(event: TurnEvent): void {
    if (event.type === 'vadStart') this.#userTurn ??= this.#open('parley.user_turn', {})
    if (event.type !== 'replyStarted' || event.kind !== 'reply') return
    const { utteranceId, agentId } = event
    const attributes = {
      'parley.utterance.id': utteranceId,
      ...(agentId === null ? {} : { 'gen_ai.agent.id': agentId }),
    }
    this.#agentTurns.set(utteranceId, this.#open('parley.agent_turn', attributes))
  }

  effect(effect: TurnEffect): void {
    if (effect.type !== 'commitUserTurn') return
    const { turnId, text, source } = effect.turn
    const { captureContent } = this.#core().parts.settings
    const span = this.#userTurn ?? this.#open('parley.user_turn', {})
    span.set({
      'parley.turn.id': turnId,
      source,
      characters: text.length,
      ...(captureContent && !this.#core().requests.isSensitive ? { text } : {}),
    })
    span.end()
    this.#userTurn = undefined
  }

  /** A sentence was given to the voice, or its first sound came. */
  sentence(utteranceId: string, stage: 'sent' | 'audio' | 'captured'): void {
    if (stage === 'sent' && !this.#tts.has(utteranceId))
      this.#tts.set(utteranceId, this.#open('parley.tts', { 'parley.utterance.id': utteranceId }))
    if (stage === 'captured') this.#end(this.#tts, utteranceId, {})
  }

  audible({ utterance }: Spoken): void {
    if (!this.#playouts.has(utterance.id))
      this.#playouts.set(
        utterance.id,
        this.#open('parley.playout', { 'parley.utterance.id': utterance.id, kind: utterance.kind }),
      )
  }

  settled({ utterance }: Spoken, { status, heardText }: SpeechOutcome): void {
    const { captureContent } = this.#core().parts.settings
    const { id } = utterance
    this.#end(this.#tts, id, {})
    this.#end(this.#playouts, id, { status })
    this.#end(this.#agentTurns, id, { status, ...(captureContent ? { text: heardText } : {}) })
  }

  close(reason: string): void {
    this.#userTurn?.end()
    for (const spans of [this.#tts, this.#playouts, this.#agentTurns])
      for (const id of spans.keys()) this.#end(spans, id, { status: 'closed' })
    this.#call?.set({ reason })
    this.#call?.end()
  }

  #end(spans: Map<string, OpenSpan>, id: string, attributes: Attributes): void {
    const span = spans.get(id)
    spans.delete(id)
    span?.set(attributes)
    span?.end()
  }

  #open(name: string, attributes: Attributes): OpenSpan {
    const { access, id, roomId } = this.#core().parts
    const over = Promise.withResolvers<void>()
    let span: Span | undefined
    const telemetry: Telemetry = access.telemetry
    telemetry
      .span(name, { 'parley.call.id': id, ...attributes }, (opened) => {
        span = opened
        return over.promise
      })
      .catch((error: unknown) => access.reportError(error, 'telemetry', roomId))
    return { set: (more) => span?.set(more), end: () => over.resolve() }
  }
}
