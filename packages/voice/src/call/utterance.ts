import {
  ParleyError,
  toParleyError,
  type AudioFrame,
  type AudioOutput,
  type ChannelId,
  type Clock,
  type Disposer,
  type IdSource,
  type OutputEvent,
  type OutputSegment,
  type Word,
} from '@parley/spec'
import type { HeardLedger } from '../ledger/heard-ledger.ts'
import { mergeWords } from '../speech/merge-words.ts'
import { createSentenceSplitter, sentenceSplitterDefaults, type SentenceSplitter } from '../text/sentence-splitter.ts'
import type { ToolCallText } from '../text/hidden-text.ts'
import type { FilteredPiece, TextFilters } from '../text/text-filters.ts'
import type { UtteranceKind } from '../turn/turn-events.ts'
import type { MustHear } from './call-types.ts'
import { FrameStore } from './frame-store.ts'
import type { OpenVoice, SegmentSink } from './voice-bank.ts'

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

/** One chunk of text in one synthesis. */
interface Chunk {
  readonly segmentId: string
  readonly part: number
  readonly text: string
  readonly frames: FrameStore
  state: 'synthesizing' | 'ready' | 'flushed' | 'settled'
  segment?: OutputSegment
  audioMs: number
  capturedMs: number
  words: readonly Word[]
  isCached: boolean
  stopStall: Disposer
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
  readonly #chunks: Chunk[] = []
  readonly #sections: Part[] = []
  #state: 'open' | 'ended' | 'cancelled' = 'open'
  #gate: 'closed' | 'open' = 'closed'
  #isPumping = false
  #isDraining = false
  #isSpeakable = false
  #hasStarted = false
  #isDone = false
  #isCut = false
  #stopPoll: Disposer = () => {}
  #voice: OpenVoice | undefined
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
    return this.#hasStarted
  }

  get isCancelled(): boolean {
    return this.#state === 'cancelled'
  }

  /** Whether less of it was played than there was, on purpose or because the line went. */
  get isCut(): boolean {
    return this.#isCut || this.isCancelled
  }

  /** Takes text as it is generated. */
  write(text: string): void {
    if (this.#state !== 'open' || text === '') return
    this.#written += text
    const now = this.#parts.clock.monotonicMs()
    this.#queue(this.#splitter.push(text, now))
    this.#armPoll()
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
    this.#stopPoll()
    this.#queuePieces(this.#filters.end(this.#splitter.end().join('')))
    this.#span = span
    this.#queuePieces(this.#filters.end(text))
    this.#span = undefined
  }

  /** No more text comes. */
  end(): void {
    if (this.#state !== 'open') return
    this.#endText()
    this.#state = 'ended'
    this.#checkDone()
  }

  /** Ready sound instead of text. */
  play(frames: readonly AudioFrame[], text: string): void {
    const chunk = this.#newChunk(text)
    for (const frame of frames) chunk.frames.push(frame)
    chunk.audioMs = chunk.frames.totalMs
    chunk.state = 'ready'
    this.#noteSpeakable()
    this.#parts.ledger.generated(this.id, { written: text, spoken: text, segmentId: chunk.segmentId })
    this.#parts.ledger.timed(chunk.segmentId, [], chunk.audioMs)
    void this.#drain()
  }

  /** The utterance has the floor. */
  open(): void {
    this.#gate = 'open'
    void this.#drain()
  }

  /** It has to wait with what the output has not taken yet. */
  hold(): void {
    this.#gate = 'closed'
  }

  /** It is about to be cut: what the output settles from now on was cut. */
  cut(): void {
    if (!this.#isDone) this.#state = 'cancelled'
  }

  /** Nothing more of it is spoken; what was heard stays. The output has been cleared by then if it played. */
  cancel(): void {
    if (this.#isDone) return
    this.#state = 'cancelled'
    this.#stopPoll()
    this.#pieces.length = 0
    for (const chunk of this.#chunks) {
      chunk.stopStall()
      if (chunk.state === 'synthesizing') this.#voice?.cancel(chunk.segmentId)
      chunk.frames.clear()
      // What the output holds settles there; the rest never sounded.
      if (chunk.segment === undefined || chunk.state !== 'flushed') chunk.segment?.flush()
      if (chunk.segment === undefined) chunk.state = 'settled'
    }
    for (const section of this.#sections) section.isEnded = true
    this.#settleParts()
    this.#checkDone()
  }

  /** Gives up waiting for the output: settles what is open. */
  force(): void {
    for (const chunk of this.#chunks) chunk.state = 'settled'
    if (this.#state !== 'cancelled') this.cancel()
    this.#settleParts()
    this.#checkDone()
  }

  /** What the output says of one of its segments. */
  onOutput(event: OutputEvent): void {
    if (event.type !== 'finished') return
    const chunk = this.#chunks.find(({ segmentId }) => segmentId === event.segmentId)
    if (chunk === undefined || chunk.state === 'settled') return
    chunk.state = 'settled'
    chunk.frames.clear()
    // The output ended it by itself: the line is gone.
    if (event.interrupted === true && event.stalled !== true) this.#isCut = true
    this.#settleParts()
    this.#checkDone()
  }

  /** What was heard of a section, or of all: a prefix of what was written. */
  heardText(part?: number): string {
    const { ledger } = this.#parts
    if (part === undefined) return ledger.heardText(this.id)
    const segments = new Set(this.#chunks.filter((chunk) => chunk.part === part).map(({ segmentId }) => segmentId))
    const words = ledger.utterance(this.id)?.words.filter(({ segmentId }) => segments.has(segmentId)) ?? []
    const cut = words.findIndex(({ played }) => !played)
    return (cut < 0 ? words : words.slice(0, cut))
      .map(({ text, after }) => text + after)
      .join('')
      .trim()
  }

  #endText(): Part {
    const section = this.#sections.at(-1) ?? newPart()
    if (this.#state === 'open') {
      this.#stopPoll()
      this.#queuePieces(this.#filters.end(this.#splitter.end().join('')))
    }
    section.isEnded = true
    this.#settleParts()
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
      while (this.#state !== 'cancelled' && this.#inHand() < AHEAD) {
        const next = this.#pieces.shift()
        if (next === undefined) break
        await this.#synthesize(next.piece, next.part, next.span)
      }
    } finally {
      this.#isPumping = false
    }
    this.#settleParts()
    this.#checkDone()
  }

  /** Chunks whose sound the output has not taken. */
  #inHand(): number {
    return this.#chunks.filter(({ state }) => state === 'synthesizing' || state === 'ready').length
  }

  async #synthesize(piece: FilteredPiece, part: number, span: Span | undefined): Promise<void> {
    const allowed = piece.spoken.trim() === '' ? piece.spoken : await this.#allowed(piece.spoken)
    if (allowed === null || this.#state === 'cancelled') return
    const chunk = this.#newChunk(allowed, part)
    const { ledger } = this.#parts
    const { segmentId } = chunk
    const isChanged = allowed !== piece.spoken
    ledger.generated(this.id, {
      ...(isChanged ? { written: allowed } : { written: piece.written, spoken: piece.spoken, units: piece.units }),
      segmentId,
      ...span,
    })
    if (allowed.trim() === '' || this.#parts.voice === undefined || this.#parts.output === undefined) {
      // Nothing of it can sound: it is read, where there is a screen.
      chunk.state = 'settled'
      return
    }
    try {
      this.#voice = await this.#parts.voice(this)
    } catch (error) {
      chunk.state = 'settled'
      return this.#fail(toParleyError(error, { code: 'voice_tts_failed', message: 'The voice could not be opened.' }))
    }
    if (this.isCancelled) return
    chunk.stopStall = this.#parts.clock.setTimer(this.#parts.stallTtsMs, () =>
      this.#chunkFailed(chunk, ttsSilent(this.#parts.stallTtsMs)),
    )
    this.#parts.onSentence(this, 'sent')
    this.#voice.speak(allowed, { segmentId, last: true }, this.#sinkOf(chunk))
  }

  /** The sentence as hooks leave it; no promise is made where there is none. */
  #allowed(text: string): string | null | Promise<string | null> {
    return this.#parts.beforeTts(this, text)
  }

  #newChunk(text: string, part: number = this.#sections.length - 1): Chunk {
    const chunk: Chunk = {
      segmentId: this.#parts.ids.next('seg'),
      part,
      text,
      frames: new FrameStore(),
      state: 'synthesizing',
      audioMs: 0,
      capturedMs: 0,
      words: [],
      isCached: false,
      stopStall: () => {},
    }
    this.#chunks.push(chunk)
    return chunk
  }

  #sinkOf(chunk: Chunk): SegmentSink {
    return {
      audio: (frame) => {
        if (chunk.state !== 'synthesizing') return
        if (chunk.audioMs === 0) {
          chunk.stopStall()
          this.#parts.onSentence(this, 'audio')
        }
        chunk.frames.push(frame)
        chunk.audioMs = chunk.frames.totalMs
        void this.#drain()
      },
      words: (words) => {
        chunk.words = mergeWords(chunk.words, words)
        this.#parts.ledger.timed(chunk.segmentId, words)
        chunk.segment?.words(words)
      },
      done: (isCached) => {
        if (chunk.state !== 'synthesizing') return
        chunk.stopStall()
        if (chunk.audioMs === 0) return this.#chunkFailed(chunk, ttsSilent(0))
        chunk.isCached = isCached
        chunk.state = 'ready'
        this.#parts.ledger.timed(chunk.segmentId, [], chunk.audioMs)
        this.#parts.afterTts(this, chunk.text, chunk.audioMs, isCached)
        void this.#drain()
      },
      failed: (error) => this.#chunkFailed(chunk, error),
    }
  }

  #chunkFailed(chunk: Chunk, error: ParleyError): void {
    if (chunk.state !== 'synthesizing') return
    chunk.stopStall()
    this.#voice?.cancel(chunk.segmentId)
    // What sounded of it goes on to its end; the rest is missing.
    if (chunk.audioMs > 0) {
      chunk.state = 'ready'
      void this.#drain()
    } else chunk.state = 'settled'
    this.#fail(error)
  }

  #fail(error: ParleyError): void {
    this.failure ??= error
    this.#parts.onFailure(this, error)
    void this.#pump()
  }

  /** Hands sound to the output, chunk after chunk, while the gate is open. */
  async #drain(): Promise<void> {
    const { output } = this.#parts
    if (this.#isDraining || this.#gate === 'closed' || output === undefined) return
    this.#isDraining = true
    try {
      for (let chunk = this.#next(); chunk !== undefined && this.#mayPlay(); chunk = this.#next()) {
        const frame = chunk.frames.peek()
        if (frame === undefined) {
          if (chunk.state !== 'ready') break
          this.#flush(chunk)
          continue
        }
        chunk.segment ??= this.#openSegment(output, chunk, frame)
        if (chunk.segment.capture(frame) === 'full') {
          await chunk.segment.ready()
          continue
        }
        chunk.frames.shift()
        chunk.capturedMs += (frame.samples.length / frame.channels / frame.sampleRateHz) * 1_000
        this.#parts.ledger.sent(chunk.segmentId, chunk.capturedMs)
      }
    } finally {
      this.#isDraining = false
    }
  }

  #mayPlay(): boolean {
    return this.#gate === 'open' && this.#state !== 'cancelled'
  }

  #next(): Chunk | undefined {
    return this.#chunks.find(({ state }) => state === 'synthesizing' || state === 'ready')
  }

  #flush(chunk: Chunk): void {
    chunk.state = 'flushed'
    chunk.segment?.flush()
    this.#parts.onSentence(this, 'captured')
    void this.#pump()
  }

  #openSegment(output: AudioOutput, chunk: Chunk, { sampleRateHz, channels }: AudioFrame): OutputSegment {
    this.#hasStarted = true
    const segment = output.open({
      utteranceId: this.id,
      segmentId: chunk.segmentId,
      format: { encoding: 'pcm16', sampleRateHz, channels },
      kind: this.kind,
      ...(this.agentId === null ? {} : { agentId: this.agentId }),
    })
    if (chunk.words.length > 0) segment.words(chunk.words)
    return segment
  }

  #settleParts(): void {
    for (const [index, section] of this.#sections.entries()) {
      if (!section.isEnded) break
      const isWaiting =
        this.#state !== 'cancelled' && (this.#isPumping || this.#pieces.some(({ part }) => part === index))
      if (isWaiting || this.#chunks.some(({ part, state }) => part === index && state !== 'settled')) break
      section.settled.resolve()
    }
  }

  #checkDone(): void {
    if (this.#isDone || this.#state === 'open') return
    if (this.#state === 'ended' && (this.#isPumping || this.#pieces.length > 0)) return
    if (this.#chunks.some(({ state }) => state !== 'settled')) return
    this.#isDone = true
    this.#parts.onDone(this)
  }
}

function newPart(): Part {
  return { isEnded: false, settled: Promise.withResolvers<void>() }
}

function ttsSilent(afterMs: number): ParleyError {
  return new ParleyError({
    code: 'voice_tts_silent',
    message:
      afterMs === 0
        ? 'The voice engine finished a sentence without any sound.'
        : `The voice engine gave no sound within ${afterMs} ms.`,
    details: { afterMs },
  })
}
