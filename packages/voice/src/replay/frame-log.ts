import { dbfsOf } from '@parley/audio'
import type { AudioFrame } from '@parley/spec'

/** What came or went in about a second of one side of a call, without the sound itself. */
export interface FrameSummary {
  side: 'caller' | 'agent'
  /** When its first frame came from the caller, or is audible to them; the instants of the log's steps. */
  atMs: number
  frames: number
  samples: number
  /** Of the whole span, to a tenth; `null`: digital silence. */
  rmsDbfs: number | null
  /** FNV-1a over the 16-bit samples, eight hexadecimal digits; `null` where a secret was being said (D-4). */
  hash: string | null
}

/** A span ends with the first frame this long after its start, in milliseconds. */
const SPAN_MS = 1_000

/** Spans of one side that are kept: an hour of sound; of a longer call the oldest go. */
const SPANS = 3_600

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** Sums up the sound of one side of a call. Nothing is allocated but one record a second. */
export class FrameLog {
  readonly #side: FrameSummary['side']
  readonly #spans: FrameSummary[] = []
  #oldest = 0
  #atMs = 0
  #frames = 0
  #samples = 0
  #squares = 0
  #hash = FNV_OFFSET
  #isSecret = false

  constructor(side: FrameSummary['side']) {
    this.#side = side
  }

  /** Takes a frame. @param isSecret - what is said at this moment is kept from every record */
  add({ samples }: Pick<AudioFrame, 'samples'>, atMs: number, isSecret: boolean): void {
    if (this.#frames > 0 && atMs - this.#atMs >= SPAN_MS) this.#close()
    if (this.#frames === 0) this.#atMs = atMs
    let hash = this.#hash
    let squares = 0
    for (let index = 0; index < samples.length; index++) {
      const sample = samples[index] as number // below the length
      hash = Math.imul(hash ^ sample, FNV_PRIME)
      squares += sample * sample
    }
    this.#hash = hash
    this.#squares += squares
    this.#samples += samples.length
    this.#frames += 1
    this.#isSecret ||= isSecret
  }

  /** All spans that are kept, oldest first; the last one may be short. */
  get summaries(): readonly FrameSummary[] {
    const open = this.#frames === 0 ? [] : [this.#span()]
    return [...this.#spans.slice(this.#oldest), ...this.#spans.slice(0, this.#oldest), ...open]
  }

  #span(): FrameSummary {
    const rms = Math.sqrt(this.#squares / Math.max(1, this.#samples))
    return {
      side: this.#side,
      atMs: Math.round(this.#atMs),
      frames: this.#frames,
      samples: this.#samples,
      rmsDbfs: rms === 0 ? null : Math.round(dbfsOf(rms) * 10) / 10,
      hash: this.#isSecret ? null : (this.#hash >>> 0).toString(16).padStart(8, '0'),
    }
  }

  #close(): void {
    if (this.#spans.length < SPANS) this.#spans.push(this.#span())
    else {
      this.#spans[this.#oldest] = this.#span()
      this.#oldest = (this.#oldest + 1) % SPANS
    }
    this.#frames = 0
    this.#samples = 0
    this.#squares = 0
    this.#hash = FNV_OFFSET
    this.#isSecret = false
  }
}
