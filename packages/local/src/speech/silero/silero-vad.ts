import { createEnergyVad } from '@parley/audio'
import { checkOptions, ParleyError, type VoiceActivityDetector } from '@parley/spec'
import { createSileroEngine, type SileroEngine, type SileroEngineOptions, type SileroTrouble } from './silero-engine.ts'
import type { SileroRuntime } from './silero-session.ts'
import { createSileroStream, type SileroStream } from './silero-stream.ts'

/** Why streams were moved to the energy detector. */
export interface SileroFallback {
  /** It or its runtime did not load, it takes over half of real time, or it stopped. */
  reason: SileroTrouble
  /** What happened, for people who run the service. */
  message: string
  /** Streams that were moved. */
  streams: number
}

/** Options of `createSileroVad`. */
export interface SileroVadOptions {
  /** `auto` takes the native runtime where it is installed, else WebAssembly. @default 'auto' */
  runtime?: 'auto' | SileroRuntime
  /** Judges speech where the model cannot. @default the energy detector of `audio` */
  fallback?: VoiceActivityDetector
  /** Told when streams move to the fallback. @default nobody */
  onFallback?: (event: SileroFallback) => void
}

/** A speech detector by the Silero model, version 5, for many calls in one worker thread. */
export interface SileroVad extends VoiceActivityDetector, AsyncDisposable {
  /** Resolves when the model is loaded, with its runtime; with `null` when it cannot be. Nobody has to wait for it. */
  readonly ready: Promise<SileroRuntime | null>
  close(): Promise<void>
}

/**
 * Loads the Silero model in a worker and judges windows of 32 ms there, those of several calls in one batch.
 * Exact digital silence is not inferred. Without a runtime, or where one takes over half of real time, streams are
 * judged by the fallback and `onFallback` says so; the newest go first.
 * @throws {ParleyError} `invalid_options`; from `create`: `audio_format_unsupported` for other rates than 8 and 16 kHz
 */
export function createSileroVad(options: SileroVadOptions = {}): SileroVad {
  checkOptions('createSileroVad', options, ['runtime', 'fallback', 'onFallback'])
  const { runtime = 'auto', ...rest } = options
  return createVadOverEngine((handlers) => createSileroEngine({ runtime, ...handlers }), rest)
}

/** The detector over any engine. */
export function createVadOverEngine(
  startEngine: (handlers: Omit<SileroEngineOptions, 'runtime'>) => SileroEngine,
  { fallback = createEnergyVad(), onFallback = () => {} }: Omit<SileroVadOptions, 'runtime'>,
): SileroVad {
  const streams = new Set<SileroStream>()
  let nextId = 1
  let isGone = false
  let isSlow = false

  const engine = startEngine({
    onTrouble(reason, message) {
      isGone ||= reason !== 'slow'
      isSlow = reason === 'slow'
      const onModel = [...streams].filter((stream) => stream.isOnModel)
      const moved = isGone ? onModel : onModel.slice(-1)
      for (const stream of isGone ? streams : moved) stream.leaveModel(isGone)
      onFallback({ reason, message, streams: moved.length })
    },
    onCalm() {
      isSlow = false
    },
  })

  const close = async (): Promise<void> => {
    await Promise.all([...streams].map((stream) => stream.close()))
    await engine.close()
  }

  return {
    info: { id: 'silero-v5', windowSamples: 512, sampleRateHz: 16000, contextSamples: 64 },
    ready: engine.ready,
    create(vadOptions) {
      const { sampleRateHz } = vadOptions
      if (sampleRateHz !== 8000 && sampleRateHz !== 16000) {
        throw new ParleyError({
          code: 'audio_format_unsupported',
          message: `Speech detection takes audio of 8000 or 16000 Hz, not ${String(sampleRateHz)}. Resample it first.`,
          details: { from: Number(sampleRateHz), to: 16_000 },
        })
      }
      const stream: SileroStream = createSileroStream({
        id: nextId++,
        engine,
        fallback,
        options: vadOptions,
        onClose: () => void streams.delete(stream),
      })
      const hasOthersOnModel = [...streams].some((other) => other.isOnModel)
      streams.add(stream)
      if (isGone || (isSlow && hasOthersOnModel)) stream.leaveModel(isGone)
      return stream
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
