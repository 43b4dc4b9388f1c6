import { ParleyError, type AudioChunk, type AudioFrame, type Clock, type SampleRate } from '@parley/spec'
import { toneText, type ToneTextOptions } from './tone-code.ts'

/** What a person says into a line, in frames of 20 ms. */
export interface CallerLine {
  /** Says audio after what is being said; resolves when its last sample has been sent. */
  say(audio: AudioChunk | Int16Array): Promise<void>
  /** Says a text in tones. */
  sayText(text: string, options?: Omit<ToneTextOptions, 'sampleRateHz'>): Promise<void>
  /** Whether something is left to say. */
  readonly isSaying: boolean
  /** Drops what is left to say. */
  stop(): void
  mute(muted: boolean): void
  /** Noise under everything from now on, in dBFS; `undefined` ends it. */
  noise(dbfs: number | undefined): void
  /** Loses frames from now on, in percent. Up to 60 ms are simply missing, more is filled with silence. */
  loss(percent: number): void
  /** Sends one frame now; endpoints that send by themselves call this. */
  sendFrame(): void
  close(): void
}

const frameMs = 20
/** Longest loss that is not filled, in frames. */
const maxGapFrames = 3

/** Makes the line of one person. */
export function createCallerLine({
  clock,
  sampleRateHz,
  seed,
  onFrame,
  onMuted,
}: {
  clock: Clock
  sampleRateHz: SampleRate
  seed: number
  onFrame: (frame: AudioFrame, atMs: number) => void
  onMuted: (muted: boolean) => void
}): CallerLine {
  const size = Math.round((frameMs * sampleRateHz) / 1000)
  const queue: { samples: Int16Array; at: number; done: () => void }[] = []
  let random = seed >>> 0 || 1
  let position = 0
  let isMuted = false
  let noiseScale = 0
  let lossShare = 0
  let lost = 0

  const nextRandom = (): number => {
    // xorshift32: small, and the same on every machine.
    random ^= random << 13
    random ^= random >>> 17
    random ^= random << 5
    random >>>= 0
    return random / 0x1_0000_0000
  }
  const take = (frame: Int16Array): void => {
    for (let filled = 0; filled < size;) {
      const head = queue[0]
      if (head === undefined) return
      const count = Math.min(size - filled, head.samples.length - head.at)
      frame.set(head.samples.subarray(head.at, head.at + count), filled)
      filled += count
      head.at += count
      if (head.at < head.samples.length) continue
      queue.shift()
      head.done()
    }
  }
  const say = (audio: AudioChunk | Int16Array): Promise<void> => {
    const samples = audio instanceof Int16Array ? audio : audio.samples
    if (!(audio instanceof Int16Array) && (audio.sampleRateHz !== sampleRateHz || audio.channels !== 1)) {
      throw new ParleyError({
        code: 'audio_format_unsupported',
        message: `The line takes mono audio at ${sampleRateHz} Hz, not ${audio.channels} channels at ${audio.sampleRateHz} Hz.`,
        details: { from: audio.sampleRateHz, to: sampleRateHz },
      })
    }
    if (samples.length === 0) return Promise.resolve()
    return new Promise((done) => queue.push({ samples: samples.slice(), at: 0, done }))
  }

  return {
    say,
    sayText: (text, options = {}) => say(toneText(text, { ...options, sampleRateHz })),
    get isSaying() {
      return queue.length > 0
    },
    stop() {
      for (const { done } of queue.splice(0)) done()
    },
    mute(muted) {
      if (isMuted === muted) return
      isMuted = muted
      onMuted(muted)
    },
    noise(dbfs) {
      // A uniform noise's level is its peak divided by the root of 3.
      noiseScale = dbfs === undefined ? 0 : 32767 * Math.sqrt(3) * 10 ** (dbfs / 20)
    },
    loss(percent) {
      lossShare = percent / 100
    },
    sendFrame() {
      const samples = new Int16Array(size)
      take(samples)
      if (isMuted) samples.fill(0)
      else if (noiseScale > 0) {
        for (let n = 0; n < size; n++) {
          const noisy = (samples[n] ?? 0) + (nextRandom() * 2 - 1) * noiseScale
          samples[n] = Math.max(-32768, Math.min(32767, Math.round(noisy)))
        }
      }
      if (lossShare > 0 && nextRandom() < lossShare) {
        lost += 1
        position += size
        return
      }
      const atMs = clock.monotonicMs()
      if (lost > maxGapFrames) {
        for (let back = lost; back > 0; back--) {
          onFrame({ samples: new Int16Array(size), sampleRateHz, channels: 1, position: position - back * size }, atMs)
        }
      }
      lost = 0
      onFrame({ samples, sampleRateHz, channels: 1, position }, atMs)
      position += size
    },
    close() {
      for (const { done } of queue.splice(0)) done()
    },
  }
}
