import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createResampler } from '@parley/audio'
import {
  checkOptions,
  createSystemClock,
  ParleyError,
  type AudioChunk,
  type Clock,
  type SpeechToText,
  type SttOpen,
  type Transcript,
  type TurnHint,
} from '@parley/spec'
import { fillUpperBand } from './fill-upper-band.ts'
import { findPocketSphinx, pocketSphinxMissing } from './find-pocket-sphinx.ts'
import { readPronunciations } from './pronunciations.ts'
import { readRecognition } from './read-recognition.ts'
import { runLimited, type CommandEnd } from './run-limited.ts'
import { grammarOfWords, prepareGrammar, type SpeechGrammar } from './speech-grammar.ts'
import { createWorkQueue } from './work-queue.ts'

/** Options of `createPocketSphinxStt`. */
export interface PocketSphinxOptions {
  /** @default found on `PATH` */
  binary?: string
  /** Folder of the English model. @default where the packages of Debian put it */
  modelDir?: string
  /** Recognitions at a time. @default half the cores of the machine, at least 1 */
  processes?: number
  /** Recognitions that may wait; more are refused with `speech_busy`. @default 64 */
  queue?: number
  /** Times the calibration and the limit of a recognition. @default the machine's clock */
  clock?: Clock
}

const RATE_HZ = 16_000
/** A recognition is killed after this many times its audio, and `KILL_EXTRA_MS`. */
const KILL_FACTOR = 4
const KILL_EXTRA_MS = 5_000
/** Grammars kept ready: a call has one per phase. */
const MAX_GRAMMARS = 32

/**
 * Recognizes English clips with PocketSphinx in child processes: by the grammar or the words of the hint where there are
 * any, which is quick and rarely wrong, else by its general language model. It is tried once on a second of audio, which
 * gives its `finalLatency`.
 * @throws {ParleyError} `speech_engine_missing` with the line that installs it, `invalid_options`
 */
export async function createPocketSphinxStt(options: PocketSphinxOptions = {}): Promise<SpeechToText> {
  checkOptions('createPocketSphinxStt', options, ['binary', 'modelDir', 'processes', 'queue', 'clock'])
  const processes = options.processes ?? defaultProcesses(availableParallelism())
  const { queue = 64, clock = createSystemClock() } = options
  checkCount('processes', processes, 1)
  checkCount('queue', queue, 0)
  const sphinx = findPocketSphinx(options)
  if (!sphinx) throw pocketSphinxMissing()
  const pronunciations = await readPronunciations(sphinx.dictionary)
  const works = createWorkQueue({ engine: 'PocketSphinx', atOnce: processes, queue })
  const grammars = new Map<string, Promise<SpeechGrammar | undefined>>()

  const grammarOf = async (hints: TurnHint | undefined): Promise<SpeechGrammar | undefined> => {
    const words = hints?.words ?? []
    const jsgf = hints?.grammar ?? (words.length > 0 ? grammarOfWords(words) : undefined)
    if (jsgf === undefined) return undefined
    const grammar = grammars.get(jsgf) ?? prepareGrammar(jsgf, pronunciations)
    grammars.delete(jsgf)
    grammars.set(jsgf, grammar)
    const oldest = grammars.keys().next()
    if (grammars.size > MAX_GRAMMARS && !oldest.done) grammars.delete(oldest.value)
    return grammar
  }

  const recognize = async (samples: Int16Array, grammar: SpeechGrammar | undefined, signal: AbortSignal) => {
    const folder = await mkdtemp(join(tmpdir(), `parley-speech-${process.pid}-`))
    try {
      const file = (name: string): string => join(folder, name)
      await writeFile(file('audio.raw'), toBytes(samples))
      if (grammar) {
        await writeFile(file('words.dict'), grammar.dictionary)
        await writeFile(file('words.lm'), grammar.languageModel)
      }
      const model = grammar
        ? ['-dict', file('words.dict'), '-lm', file('words.lm')]
        : ['-dict', sphinx.dictionary, '-lm', sphinx.languageModel]
      const files = ['-hmm', sphinx.acousticModel, '-infile', file('audio.raw')]
      return await runLimited({
        binary: sphinx.binary,
        args: [...files, ...model, '-samprate', String(RATE_HZ), '-time', 'yes'],
        signal,
        clock,
        limitMs: ((samples.length * 1_000) / RATE_HZ) * KILL_FACTOR + KILL_EXTRA_MS,
      })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  const transcribe = async (audio: AudioChunk, { hints }: SttOpen, signal: AbortSignal): Promise<Transcript> => {
    const samples = fillUpperBand(await toOwnRate(audio))
    if (samples.length === 0) return { text: '', words: [] }
    const grammar = await grammarOf(hints)
    const end = await works.run(() => recognize(samples, grammar, signal), signal)
    if (end.type === 'done') return { ...readRecognition(end.output), language: 'en' }
    throw toError(end)
  }

  const calibrationMs = await calibrate(clock, () => {
    const second = new Int16Array(RATE_HZ)
    return recognize(second, undefined, new AbortController().signal)
  })

  return {
    info: {
      id: 'pocketsphinx',
      streaming: false,
      interim: false,
      wordTimings: true,
      endOfSpeech: false,
      languages: ['en'],
      formats: [{ encoding: 'pcm16', sampleRateHz: RATE_HZ, channels: 1 }],
      finalLatency: { p50Ms: calibrationMs, p99Ms: calibrationMs * 2 + 500, perSecondMs: 300 },
      pricing: { perMinute: 0 },
    },
    async open() {
      throw new ParleyError({
        code: 'invalid_options',
        message: 'PocketSphinx takes whole clips. Call transcribe, or make it a stream with createSegmentedStt.',
        details: { engine: 'pocketsphinx' },
      })
    },
    transcribe: (audio, wanted, { signal }) => transcribe(audio, wanted, signal),
  }
}

/** Recognitions at a time on a machine: half its cores. */
export function defaultProcesses(cores: number): number {
  return Math.max(1, Math.floor(cores / 2))
}

/** The time a second of audio takes, in ms. */
async function calibrate(clock: Clock, recognizeSecond: () => Promise<CommandEnd>): Promise<number> {
  const startedAtMs = clock.monotonicMs()
  const end = await recognizeSecond()
  if (end.type !== 'done') throw end.type === 'absent' ? pocketSphinxMissing() : toError(end)
  return Math.max(1, Math.ceil(clock.monotonicMs() - startedAtMs))
}

function toError(end: Exclude<CommandEnd, { type: 'done' }>): ParleyError {
  if (end.type === 'absent') return pocketSphinxMissing()
  const why = end.type === 'killed' ? 'took too long and was stopped' : `ended with status ${String(end.code)}`
  return new ParleyError({
    code: 'voice_stt_failed',
    message: `PocketSphinx ${why}. Ask the person to say it again.`,
    details: { engine: 'pocketsphinx', end: end.type },
  })
}

function checkCount(path: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return
  throw new ParleyError({
    code: 'invalid_options',
    message: `"${path}" of createPocketSphinxStt must be a whole number from ${least} on, not ${String(value)}.`,
    details: { path },
  })
}

async function toOwnRate({ samples, sampleRateHz, channels }: AudioChunk): Promise<Int16Array> {
  const mono = channels === 1 ? samples : samples.filter((_sample, index) => index % 2 === 0)
  if (sampleRateHz === RATE_HZ) return mono
  const resampler = await createResampler(sampleRateHz, RATE_HZ)
  try {
    const head = resampler.push(mono).slice()
    const tail = resampler.flush()
    const whole = new Int16Array(head.length + tail.length)
    whole.set(head)
    whole.set(tail, head.length)
    return whole
  } finally {
    resampler.close()
  }
}

/** Samples as little-endian bytes, whatever the host's order is. */
function toBytes(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(samples.length * 2)
  const view = new DataView(bytes.buffer)
  samples.forEach((sample, index) => view.setInt16(index * 2, sample, true))
  return bytes
}
