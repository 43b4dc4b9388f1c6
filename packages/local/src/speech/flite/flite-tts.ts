import { availableParallelism } from 'node:os'
import { checkOptions, ParleyError, type TextToSpeech, type TtsOpen, type Voice } from '@parley/spec'
import { compileFlite, createFlitePool } from './flite-pool.ts'
import { createFliteStream, FLITE_RATE_HZ } from './flite-stream.ts'

/** Options of `createFliteTts`. */
export interface FliteTtsOptions {
  /** Threads that speak. @default one less than the machine has cores, at least 1, at most 4 */
  workers?: number
  /** Texts that may wait for a thread, over all calls; more are refused with `speech_busy`. @default 64 */
  queue?: number
}

/** Voices of the machine itself, English, without a key. */
export interface FliteTts extends TextToSpeech, AsyncDisposable {
  close(): Promise<void>
}

const voices: readonly Voice[] = [
  { id: 'slt', name: 'Susan', languages: ['en'] },
  { id: 'rms', name: 'Robert', languages: ['en'] },
  { id: 'awb', name: 'Alan', languages: ['en'] },
  { id: 'kal', name: 'Kevin', languages: ['en'] },
]

/**
 * Speaks with Flite in worker threads: about 0.1 s of work for a sentence, 16 kHz. It has no word times of its own and
 * gives equal audio for equal text.
 * @throws {ParleyError} `invalid_options`; from `open`: `voice_unknown`, `audio_format_unsupported`
 */
export function createFliteTts(options: FliteTtsOptions = {}): FliteTts {
  checkOptions('createFliteTts', options, ['workers', 'queue'])
  const { workers = defaultWorkers(availableParallelism()), queue = 64 } = options
  checkCount('workers', workers, 1)
  checkCount('queue', queue, 0)
  const pool = createFlitePool({ workers, queue })
  // Begun now, so that the first sentence does not wait for it; a failure is told to who speaks.
  compileFlite().catch(() => {})

  return {
    info: {
      id: 'flite',
      streamingInput: false,
      wordTimings: 'none',
      voices: async () => voices,
      formats: [{ encoding: 'pcm16', sampleRateHz: FLITE_RATE_HZ, channels: 1 }],
      firstAudioMs: { p50: 100, p99: 500 },
      deterministic: true,
      pricing: { perCharacter: 0 },
    },
    async open(wanted, { signal }) {
      signal.throwIfAborted()
      checkOpen(wanted)
      return createFliteStream({ pool, voice: wanted.voice, speed: wanted.speed ?? 1, signal })
    },
    close: () => pool.close(),
    [Symbol.asyncDispose]: () => pool.close(),
  }
}

/** Threads for a machine: one core is left to everything else. */
export function defaultWorkers(cores: number): number {
  return Math.min(4, Math.max(1, cores - 1))
}

function checkCount(path: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return
  throw new ParleyError({
    code: 'invalid_options',
    message: `"${path}" of createFliteTts must be a whole number from ${least} on, not ${String(value)}.`,
    details: { path },
  })
}

function checkOpen({ voice, format, speed = 1 }: TtsOpen): void {
  const known = voices.map(({ id }) => id)
  if (!known.includes(voice)) {
    throw new ParleyError({
      code: 'voice_unknown',
      message: `Flite has no voice "${voice}". It has ${known.join(', ')}.`,
      details: { voice, known },
    })
  }
  if (format.encoding !== 'pcm16' || format.sampleRateHz !== FLITE_RATE_HZ || format.channels !== 1) {
    throw new ParleyError({
      code: 'audio_format_unsupported',
      message: `Flite yields pcm16 at ${FLITE_RATE_HZ} Hz mono, not ${format.encoding} at ${format.sampleRateHz} Hz. Convert its output.`,
      details: { from: `pcm16 ${FLITE_RATE_HZ}`, to: `${format.encoding} ${format.sampleRateHz}` },
    })
  }
  if (!(speed >= 0.5 && speed <= 2)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `"speed" must be from 0.5 to 2, not ${String(speed)}.`,
      details: { path: 'speed' },
    })
  }
}
