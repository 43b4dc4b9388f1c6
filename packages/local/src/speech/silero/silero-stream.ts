import { ParleyError, type AudioFrame, type VadOptions, type VadStream, type VoiceActivityDetector } from '@parley/spec'
import type { SileroEngine } from './silero-engine.ts'
import { sileroSizes } from './silero-session.ts'

/** A stream that its detector can move from the model to the energy detector. */
export interface SileroStream extends VadStream {
  readonly isOnModel: boolean
  /** `isLost`: what is on its way will not come back and is judged by its level. */
  leaveModel(isLost: boolean): void
}

export interface SileroStreamOptions {
  id: number
  engine: SileroEngine
  fallback: VoiceActivityDetector
  options: VadOptions
  onClose(): void
}

/** A window that was taken in and not yet reported. */
interface Entry {
  atMs: number
  rms: number
  probability: number | undefined
}

/** Windows of exact digital silence after which the model is no longer asked. */
const SILENT_WINDOWS = 10
/** Windows that may wait for the model, then the oldest is judged by its level: half a minute. */
const MAX_WAITING = 1_000
/** A level that is speech more often than not, in dBFS. */
const SPEECH_DBFS = -45
/** The level of nothing at all, in dBFS. */
const FLOOR_DBFS = -120

const judgeByLevel = ({ rms }: Entry): number => (rms > SPEECH_DBFS ? 0.8 : 0.05)

/** Cuts frames into windows, has them judged and reports in order. */
export function createSileroStream({ id, engine, fallback, options, onClose }: SileroStreamOptions): SileroStream {
  const { sampleRateHz, onResult, onError } = options
  const windowSize = sileroSizes[sampleRateHz].window
  const window = new Int16Array(windowSize)
  let filled = 0
  let silentWindows = 0
  let needsReset = false
  let isClosed = false
  let isMismatchTold = false
  let entries: Entry[] = []
  let energy: VadStream | undefined

  const report = (): void => {
    for (let entry = entries[0]; entry?.probability !== undefined; entry = entries[0]) {
      entries.shift()
      if (!isClosed) onResult({ probability: entry.probability, atMs: entry.atMs, rms: entry.rms })
    }
  }

  const judge = (atMs: number): void => {
    let squares = 0
    for (const sample of window) squares += sample * sample
    const rms = squares === 0 ? FLOOR_DBFS : Math.max(FLOOR_DBFS, 10 * Math.log10(squares / windowSize / 32_768 ** 2))
    const entry: Entry = { atMs, rms, probability: undefined }
    entries.push(entry)
    silentWindows = squares === 0 ? silentWindows + 1 : 0
    if (silentWindows > SILENT_WINDOWS) {
      entry.probability = 0
      needsReset = true
      report()
      return
    }
    engine.submit(sampleRateHz, {
      stream: id,
      reset: needsReset,
      samples: window.slice(),
      onProbability(probability) {
        entry.probability ??= probability
        report()
      },
    })
    needsReset = false
    const waiting = entries.length > MAX_WAITING ? entries[0] : undefined
    if (waiting) {
      waiting.probability = judgeByLevel(waiting)
      report()
    }
  }

  const isFitting = (frame: AudioFrame): boolean => {
    if (frame.sampleRateHz === sampleRateHz && frame.channels === 1) return true
    if (!isMismatchTold) {
      isMismatchTold = true
      onError?.(
        new ParleyError({
          code: 'audio_format_unsupported',
          message: `Speech detection was set up for ${sampleRateHz} Hz mono and got ${frame.sampleRateHz} Hz with ${frame.channels} channels.`,
          details: { from: frame.sampleRateHz, to: sampleRateHz },
        }),
      )
    }
    return false
  }

  const openEnergy = (): VadStream =>
    fallback.create({
      sampleRateHz,
      onResult(result) {
        entries.push(result)
        report()
      },
      ...(onError ? { onError } : {}),
    })

  return {
    get isOnModel() {
      return energy === undefined
    },
    leaveModel(isLost) {
      if (isClosed) return
      if (isLost) for (const entry of entries) entry.probability ??= judgeByLevel(entry)
      report()
      energy ??= openEnergy()
    },
    push(frame, atMs) {
      if (isClosed || !isFitting(frame)) return
      if (energy) return energy.push(frame, atMs)
      const { samples } = frame
      for (let at = 0; at < samples.length;) {
        const taken = Math.min(windowSize - filled, samples.length - at)
        window.set(samples.subarray(at, at + taken), filled)
        filled += taken
        at += taken
        if (filled < windowSize) return
        filled = 0
        judge(atMs - ((samples.length - at) * 1_000) / sampleRateHz)
      }
    },
    reset() {
      filled = 0
      silentWindows = 0
      needsReset = true
      energy?.reset()
    },
    async close() {
      if (isClosed) return
      isClosed = true
      entries = []
      engine.forget(id)
      onClose()
      await energy?.close()
    },
  }
}
