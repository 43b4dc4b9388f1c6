import {
  toParleyError,
  type AudioFrame,
  type AudioOutput,
  type ChannelId,
  type Clock,
  type Disposer,
  type IdSource,
  type OutputEvent,
  type ParleyError,
} from '@parley/spec'
import type { HeardLedger } from '../ledger/heard-ledger.ts'
import { createSentenceSplitter, sentenceSplitterDefaults, type SentenceSplitter } from '../text/sentence-splitter.ts'
import type { ToolCallText } from '../text/hidden-text.ts'
import type { FilteredPiece, TextFilters } from '../text/text-filters.ts'
import type { UtteranceKind } from '../turn/turn-events.ts'
import type { MustHear } from './call-types.ts'
import { ChunkLine } from './chunk-line.ts'
import type { OpenVoice } from './voice-bank.ts'

/** Sentences that may be synthesized while an earlier one is still being handed to the output. */
const AHEAD = 2

/** What an utterance works with; all of it is the call's. */
export interface UtteranceParts {
  clock: Clock
  ids: IdSource
  ledger: HeardLedger
  /** Absent: nothing can be heard in this call, only read. */
  output: AudioOutput | undefined
  /** Opens the voice of an utterance; absent without an engine. */
  voice: ((utterance: Utterance) => Promise<OpenVoice>) | undefined
  filters(): TextFilters
  language(): string | undefined
  stallTtsMs: number
  /** What may be said of a sentence: `null` drops it. */
  beforeTts(utterance: Utterance, text: string): string | null | Promise<string | null>
  afterTts(utterance: Utterance, text: string, audioMs: number, isCached: boolean): void
  /** The utterance has text that can be spoken. */
  onSpeakable(utterance: Utterance): void
  /** A sentence was handed to the voice, or its sound came. */
  onSentence(utterance: Utterance, stage: 'sent' | 'audio' | 'captured'): void
  onFailure(utterance: Utterance, error: ParleyError): void
  /** Everything has been generated and everything of it has settled. */
  onDone(utterance: Utterance): void
  /** A model spoke a tool call instead of making it. */
  onSpokenToolCall(utterance: Utterance, call: ToolCallText): void
}

/** A part that is asked about later. */
interface Span {
  spanId: string
  mustHear?: MustHear
  /** Said again from there on. */
  fromWord?: number
}

/** A stretch of text that is settled on its own: what lies between two tool calls. */
interface Part {
  isEnded: boolean
  readonly settled: PromiseWithResolvers<void>
}

/**
 * One speech of one agent, from text to what was heard of it. It synthesizes as soon as there is a sentence, and plays
 * only while its gate is open: who has the floor is not its business.
 */
export class Utterance {
  readonly id: string
  readonly kind: UtteranceKind
  readonly agentId: ChannelId | null
  readonly mustHear: MustHear | undefined
  readonly #parts: UtteranceParts
  readonly #splitter: SentenceSplitter
  readonly #filters: TextFilters
  readonly #pieces: { piece: FilteredPiece; part: number; span: Span | undefined }[] = []
  #span: Span | undefined
  readonly #line: ChunkLine
  readonly #sections: Part[] = []
  #state: 'open' | 'ended' | 'cancelled' = 'open'
  #isPumping = false
  #isSpeakable = false
  #isDone = false
  #stopPoll: Disposer = () => {}
  #written = ''
  failure: ParleyError | undefined

  constructor(
    parts: UtteranceParts,
    options: {
      id: string
      kind: UtteranceKind
      agentId: ChannelId | null
      mustHear?: MustHear | undefined
      /** All of the text is there: it need not begin with half a sentence. */
      isWhole: boolean
    },
  ) {
    this.id = options.id
    this.kind = options.kind
    this.agentId = options.agentId
    this.mustHear = options.mustHear
    this.#parts = parts
    const language = parts.language()
    this.#splitter = createSentenceSplitter({
      ...(language === undefined ? {} : { language }),
      ...(options.isWhole ? { firstClauseChars: sentenceSplitterDefaults.minChars } : {}),
    })
    this.#filters = parts.filters()
    this.#line = new ChunkLine({
      ...parts,
      utterance: this,
      onChunk: (stage) => {
        parts.onSentence(this, stage)
        if (stage === 'captured') void this.#pump()
      },
      onSpoken: (text, audioMs, isCached) => parts.afterTts(this, text, audioMs, isCached),
      onFailed: (error) => this.#fail(error),
      onSettled: () => this.#settle(),
    })
    parts.ledger.open({ utteranceId: this.id, agentId: this.agentId, kind: this.kind })
    this.#sections.push(newPart())
  }

  /** All that was written so far. */
  get generatedText(): string {
    return this.#written
  }

  /** Whether there is, or will be, sound. */
  get isSpeakable(): boolean {
    return this.#isSpeakable
  }

  /** Whether the output has taken sound of it. */
  get hasStarted(): boolean {
    return this.#line.hasStarted
  }

  get isCancelled(): boolean {
    return this.#state === 'cancelled'
  }

  /** Whether less of it was played than there was, on purpose or because the line went. */
  get isCut(): boolean {
    return this.#line.isCut || this.isCancelled
  }

  /** Takes text as it is generated. */
  write(text: string): void {
    if (this.#state !== 'open' || text === '') return
    this.#written += text
    const now = this.#parts.clock.monotonicMs()
    this.#queue(this.#splitter.push(text, now))
    this.#armPoll()
  }

  /** No more text comes for now: what was held back for the end of its sentence is spoken. */
  flush(): void {
    if (this.#state !== 'open') return
    this.#stopPoll()
    this.#queuePieces(this.#filters.end(this.#splitter.end().join('')))
  }

  /** Ends a section: what follows is settled apart. Gives when the section has settled. */
  endPart(): Promise<void> {
    const section = this.#endText()
    if (this.#state === 'open') this.#sections.push(newPart())
    return section.settled.promise
  }

  /** Resolves when the sections that are complete have been heard, or never will be. */
  async saidSoFar(): Promise<void> {
    await Promise.all(this.#sections.filter(({ isEnded }) => isEnded).map(({ settled }) => settled.promise))
  }

  /** Text that somebody asks about later: a part of its own. */
  writeSpan(text: string, span: Span): void {
    if (this.#state !== 'open' || text === '') return
    this.#written += text
    this.flush()
    this.#span = span
    this.#queuePieces(this.#filters.end(text))
    this.#span = undefined
  }

  /** No more text comes. */
  end(): void {
    if (this.#state !== 'open') return
    this.#endText()
    this.#state = 'ended'
    this.#settle()
  }

  /** Ready sound instead of text. */
  play(frames: readonly AudioFrame[], text: string): void {
    const chunk = this.#line.add(text, this.#sections.length - 1)
    this.#parts.ledger.generated(this.id, { written: text, spoken: text, segmentId: chunk.segmentId })
    this.#noteSpeakable()
    this.#line.play(chunk, frames)
  }

  /** The utterance has the floor. */
  open(): void {
    this.#line.open()
  }

  /** It has to wait with what the output has not taken yet. */
  hold(): void {
    this.#line.hold()
  }

  /** It is about to be cut: what the output settles from now on was cut. */
  cut(): void {
    if (this.#isDone) return
    this.#state = 'cancelled'
    this.#line.stop()
  }

  /** Nothing more of it is spoken; what was heard stays. The output has been cleared by then if it played. */
  cancel(): void {
    if (this.#isDone) return
    this.#state = 'cancelled'
    this.#stopPoll()
    this.#pieces.length = 0
    for (const section of this.#sections) section.isEnded = true
    this.#line.cancel()
  }

  /** Gives up waiting for the output: settles what is open. */
  force(): void {
    if (this.#state !== 'cancelled') this.cancel()
    this.#line.force()
  }

  /** What the output says of one of its segments. */
  onOutput(event: OutputEvent): void {
    if (event.type === 'finished') this.#line.finished(event)
  }

  /** What was heard of a section, or of all: a prefix of what was written. */
  heardText(part?: number): string {
    const { ledger } = this.#parts
    if (part === undefined) return ledger.heardText(this.id)
    const segments = this.#line.segmentsOf(part)
    const words = ledger.utterance(this.id)?.words.filter(({ segmentId }) => segments.has(segmentId)) ?? []
    const cut = words.findIndex(({ played }) => !played)
    return (cut < 0 ? words : words.slice(0, cut))
      .map(({ text, after }) => text + after)
      .join('')
      .trim()
  }

  #endText(): Part {
    const section = this.#sections.at(-1) ?? newPart()
    this.flush()
    section.isEnded = true
    this.#settle()
    return section
  }

  #queue(sentences: readonly string[]): void {
    for (const sentence of sentences) this.#queuePieces(this.#filters.push(sentence, { isWhole: true }))
  }

  #queuePieces(pieces: readonly FilteredPiece[]): void {
    for (const piece of pieces) {
      if (piece.toolCall !== undefined) this.#parts.onSpokenToolCall(this, piece.toolCall)
      if (piece.written.trim() === '' && piece.spoken.trim() === '') continue
      this.#pieces.push({ piece, part: this.#sections.length - 1, span: this.#span })
      if (piece.spoken.trim() !== '') this.#noteSpeakable()
    }
    void this.#pump()
  }

  /** The turn machine is told of each sentence: whether the last one was a question matters to it. */
  #noteSpeakable(): void {
    this.#isSpeakable = true
    this.#parts.onSpeakable(this)
  }

  #armPoll(): void {
    this.#stopPoll()
    const deadlineMs = this.#splitter.deadlineMs()
    if (deadlineMs === null) return
    const { clock } = this.#parts
    this.#stopPoll = clock.setTimer(Math.max(0, deadlineMs - clock.monotonicMs()), () => {
      this.#queue(this.#splitter.poll(clock.monotonicMs()))
    })
  }

  /** Hands pieces to the voice, in order, a few ahead of the output. */
  async #pump(): Promise<void> {
    if (this.#isPumping) return
    this.#isPumping = true
    try {
      while (this.#state !== 'cancelled' && this.#line.inHand < AHEAD) {
        const next = this.#pieces.shift()
        if (next === undefined) break
        await this.#synthesize(next.piece, next.part, next.span)
      }
    } finally {
      this.#isPumping = false
    }
    this.#settle()
  }

  async #synthesize(piece: FilteredPiece, part: number, span: Span | undefined): Promise<void> {
    const { ledger, beforeTts, voice, output, onSentence } = this.#parts
    const allowed = piece.spoken.trim() === '' ? piece.spoken : await beforeTts(this, piece.spoken)
    if (allowed === null || this.#state === 'cancelled') return
    const chunk = this.#line.add(allowed, part)
    ledger.generated(this.id, {
      ...(allowed === piece.spoken
        ? { written: piece.written, spoken: piece.spoken, units: piece.units }
        : { written: allowed }),
      segmentId: chunk.segmentId,
      ...span,
    })
    // Nothing of it can sound: it is read, where there is a screen.
    if (allowed.trim() === '' || voice === undefined || output === undefined) return this.#line.settle(chunk)
    try {
      const opened = await voice(this)
      if (this.isCancelled) return
      onSentence(this, 'sent')
      this.#line.speak(chunk, opened)
    } catch (error) {
      this.#line.settle(chunk)
      this.#fail(toParleyError(error, { code: 'voice_tts_failed', message: 'The voice could not be opened.' }))
    }
  }

  #fail(error: ParleyError): void {
    this.failure ??= error
    this.#parts.onFailure(this, error)
    void this.#pump()
  }

  /** Settles the sections whose text and sound are over, in order, and the whole when all are. */
  #settle(): void {
    const isCancelled = this.#state === 'cancelled'
    for (const [index, section] of this.#sections.entries()) {
      const isWaiting = !isCancelled && (this.#isPumping || this.#pieces.some(({ part }) => part === index))
      if (!section.isEnded || isWaiting || !this.#line.isSettled(index)) break
      section.settled.resolve()
    }
    if (this.#isDone || this.#state === 'open' || !this.#line.isSettled()) return
    if (!isCancelled && (this.#isPumping || this.#pieces.length > 0)) return
    this.#isDone = true
    this.#parts.onDone(this)
  }
}

function newPart(): Part {
  return { isEnded: false, settled: Promise.withResolvers<void>() }
}
