import {
  ParleyError,
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
import type { UtteranceKind } from '../turn/turn-events.ts'
import { FrameStore } from './frame-store.ts'
import type { OpenVoice, SegmentSink } from './voice-bank.ts'

/** One chunk of text in one synthesis. */
export interface Chunk {
  readonly segmentId: string
  /** The section of the utterance it belongs to. */
  readonly part: number
  readonly text: string
  readonly frames: FrameStore
  /** `flushed`: the output has all of it. */
  state: 'synthesizing' | 'ready' | 'flushed' | 'settled'
  segment?: OutputSegment
  capturedMs: number
  words: readonly Word[]
  stopStall: Disposer
}

/** What the chunks of an utterance work with. */
export interface ChunkLineParts {
  clock: Clock
  ids: IdSource
  ledger: HeardLedger
  output: AudioOutput | undefined
  stallTtsMs: number
  utterance: { readonly id: string; readonly kind: UtteranceKind; readonly agentId: ChannelId | null }
  /** The voice gave the first sound of a chunk; or the output has taken all of it. */
  onChunk(stage: 'audio' | 'captured'): void
  /** A chunk was synthesized. */
  onSpoken(text: string, audioMs: number, isCached: boolean): void
  onFailed(error: ParleyError): void
  /** A chunk has settled: it was heard, cut, or never sounded. */
  onSettled(): void
}

/** The sound of one utterance, chunk after chunk, on its way from the voice to the output. */
export class ChunkLine {
  readonly #parts: ChunkLineParts
  readonly #chunks: Chunk[] = []
  #voice: OpenVoice | undefined
  #isOpen = false
  #isStopped = false
  #isDraining = false
  #hasStarted = false
  #isCut = false

  constructor(parts: ChunkLineParts) {
    this.#parts = parts
  }

  /** Whether the output has taken sound of it. */
  get hasStarted(): boolean {
    return this.#hasStarted
  }

  /** Whether the output ended a chunk by itself: the line went. */
  get isCut(): boolean {
    return this.#isCut
  }

  /** Chunks whose sound the output has not taken. */
  get inHand(): number {
    return this.#chunks.filter(isInHand).length
  }

  /** Whether every chunk has settled, of one section or of all. */
  isSettled(part?: number): boolean {
    return this.#chunks.every((chunk) => chunk.state === 'settled' || (part !== undefined && chunk.part !== part))
  }

  segmentsOf(part: number): Set<string> {
    return new Set(this.#chunks.filter((chunk) => chunk.part === part).map(({ segmentId }) => segmentId))
  }

  add(text: string, part: number): Chunk {
    const chunk: Chunk = {
      segmentId: this.#parts.ids.next('seg'),
      part,
      text,
      frames: new FrameStore(),
      state: 'synthesizing',
      capturedMs: 0,
      words: [],
      stopStall: () => {},
    }
    this.#chunks.push(chunk)
    return chunk
  }

  /** Sound that is there already. */
  play(chunk: Chunk, frames: readonly AudioFrame[]): void {
    for (const frame of frames) chunk.frames.push(frame)
    chunk.state = 'ready'
    this.#parts.ledger.timed(chunk.segmentId, [], chunk.frames.totalMs)
    void this.#drain()
  }

  /** Lets a voice speak a chunk. */
  speak(chunk: Chunk, voice: OpenVoice): void {
    const { clock, stallTtsMs } = this.#parts
    this.#voice = voice
    chunk.stopStall = clock.setTimer(stallTtsMs, () => this.#failed(chunk, ttsSilent(stallTtsMs)))
    voice.speak(chunk.text, { segmentId: chunk.segmentId, last: true }, this.#sinkOf(chunk))
  }

  /** It will make no sound. */
  settle(chunk: Chunk): void {
    chunk.stopStall()
    chunk.state = 'settled'
    chunk.frames.clear()
    this.#parts.onSettled()
  }

  open(): void {
    this.#isOpen = true
    void this.#drain()
  }

  hold(): void {
    this.#isOpen = false
  }

  /** The output takes nothing more. */
  stop(): void {
    this.#isStopped = true
  }

  /** Nothing more of it is spoken. What the output holds settles there; the rest never sounded. */
  cancel(): void {
    this.#isStopped = true
    for (const chunk of this.#chunks) {
      chunk.stopStall()
      if (chunk.state === 'synthesizing') this.#voice?.cancel(chunk.segmentId)
      chunk.frames.clear()
      if (chunk.state !== 'flushed') chunk.segment?.flush()
      if (chunk.segment === undefined) chunk.state = 'settled'
    }
    this.#parts.onSettled()
  }

  /** The output is waited for no longer. */
  force(): void {
    for (const chunk of this.#chunks) chunk.state = 'settled'
    this.#parts.onSettled()
  }

  /** The output has finished a segment. */
  finished({ segmentId, interrupted, stalled }: OutputEvent): void {
    const chunk = this.#chunks.find((each) => each.segmentId === segmentId)
    if (chunk === undefined || chunk.state === 'settled') return
    if (interrupted === true && stalled !== true) this.#isCut = true
    this.settle(chunk)
  }

  #sinkOf(chunk: Chunk): SegmentSink {
    const { ledger, onChunk, onSpoken } = this.#parts
    return {
      audio: (frame) => {
        if (chunk.state !== 'synthesizing') return
        if (chunk.frames.totalMs === 0) {
          chunk.stopStall()
          onChunk('audio')
        }
        chunk.frames.push(frame)
        void this.#drain()
      },
      words: (words) => {
        chunk.words = mergeWords(chunk.words, words)
        ledger.timed(chunk.segmentId, words)
        chunk.segment?.words(words)
      },
      done: (isCached) => {
        if (chunk.state !== 'synthesizing') return
        chunk.stopStall()
        const { totalMs } = chunk.frames
        if (totalMs === 0) return this.#failed(chunk, ttsSilent(0))
        chunk.state = 'ready'
        ledger.timed(chunk.segmentId, [], totalMs)
        onSpoken(chunk.text, totalMs, isCached)
        void this.#drain()
      },
      failed: (error) => this.#failed(chunk, error),
    }
  }

  #failed(chunk: Chunk, error: ParleyError): void {
    if (chunk.state !== 'synthesizing') return
    chunk.stopStall()
    this.#voice?.cancel(chunk.segmentId)
    // What sounded of it goes on to its end; the rest is missing.
    if (chunk.frames.totalMs > 0) {
      chunk.state = 'ready'
      void this.#drain()
    } else this.settle(chunk)
    this.#parts.onFailed(error)
  }

  /** Hands sound to the output, chunk after chunk, while it may. */
  async #drain(): Promise<void> {
    const { output, ledger } = this.#parts
    if (this.#isDraining || output === undefined) return
    this.#isDraining = true
    try {
      for (let chunk = this.#next(); chunk !== undefined; chunk = this.#next()) {
        const frame = chunk.frames.peek()
        if (frame === undefined) {
          if (chunk.state !== 'ready') break
          chunk.state = 'flushed'
          chunk.segment?.flush()
          this.#parts.onChunk('captured')
          continue
        }
        const segment = chunk.segment ?? this.#openSegment(output, chunk, frame)
        if (segment === undefined) break
        if (segment.capture(frame) === 'full') {
          await segment.ready()
          continue
        }
        chunk.frames.shift()
        chunk.capturedMs += (frame.samples.length / frame.channels / frame.sampleRateHz) * 1_000
        ledger.sent(chunk.segmentId, chunk.capturedMs)
      }
    } finally {
      this.#isDraining = false
    }
  }

  /** A chunk the output has begun is given to its end: what others say comes after it. */
  #next(): Chunk | undefined {
    const chunk = this.#isStopped ? undefined : this.#chunks.find(isInHand)
    return this.#isOpen || chunk?.segment !== undefined ? chunk : undefined
  }

  /** A chunk's place in the output. A line that has gone takes nothing more: undefined, and the rest stays unsaid. */
  #openSegment(output: AudioOutput, chunk: Chunk, { sampleRateHz, channels }: AudioFrame): OutputSegment | undefined {
    const { id, kind, agentId } = this.#parts.utterance
    let segment: OutputSegment
    try {
      segment = output.open({
        utteranceId: id,
        segmentId: chunk.segmentId,
        format: { encoding: 'pcm16', sampleRateHz, channels },
        kind,
        ...(agentId === null ? {} : { agentId }),
      })
    } catch (error) {
      if (!ParleyError.isInstance(error) || error.code !== 'voice_call_ended') throw error
      this.cancel()
      return undefined
    }
    this.#hasStarted = true
    chunk.segment = segment
    if (chunk.words.length > 0) segment.words(chunk.words)
    return segment
  }
}

function isInHand({ state }: Chunk): boolean {
  return state === 'synthesizing' || state === 'ready'
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
