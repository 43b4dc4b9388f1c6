import { createResampler, parseWav } from '@parley/audio'
import type { AudioChunk, SpeechContext, SpeechToText, TextToSpeech } from '@parley/spec'
import type { CallerDriver } from './caller-driver.ts'
import { testEndpointDriver } from './caller-driver.ts'
import type { CallerStep } from './caller-script.ts'
import { fakeVoices } from './fake-voices.ts'
import { listen, type HeardSpeech } from './listen.ts'
import { createListener } from './listener.ts'
import { createTestSpeechContext } from './speech-context.ts'
import type { TestEndpoint } from './test-endpoint.ts'
import { toneText } from './tone-code.ts'
import type { VirtualClock } from '../virtual-clock.ts'

/** Options of `createSimulatedCaller`: one of `endpoint` (with `clock`) and `driver`. */
export type SimulatedCallerOptions = {
  /** Speaks the texts. @default tones, which fakes understand */
  textToSpeech?: TextToSpeech
  /** Understands what is heard. @default the tone code */
  speechToText?: SpeechToText
  /** @default a context that reaches no network */
  context?: SpeechContext
  /** @default the first voice */
  voice?: string
  /** Voices of the agents, as their double has them. @default `fakeVoices` */
  agentVoices?: readonly string[]
  seed?: number
} & ({ endpoint: TestEndpoint; clock: VirtualClock; driver?: never } | { driver: CallerDriver; endpoint?: never })

/** What a simulated caller did and heard. */
export interface CallerReport {
  said: { text: string; startMs: number; endMs: number }[]
  heard: HeardSpeech[]
}

/** A person on the phone who follows a script. */
export interface SimulatedCaller {
  /** Follows the script to its end. @throws an `Error` that names the step that was not fulfilled and what was heard instead */
  run(): Promise<CallerReport>
  /** What was heard so far. */
  heard(): Promise<HeardSpeech[]>
}

const stepMs = 20
const endOfSpeechMs = 400
const silenceDbfs = -50
/** How often a recognizer is asked again. */
const recognizeEveryMs = 200

/** Makes a caller who follows a script, in virtual or in real time. */
export function createSimulatedCaller(script: readonly CallerStep[], options: SimulatedCallerOptions): SimulatedCaller {
  const driver = options.driver ?? testEndpointDriver(options.endpoint, options.clock)
  const { clock } = driver
  const { textToSpeech, speechToText, agentVoices = fakeVoices, context = createTestSpeechContext({ clock }) } = options
  const report: CallerReport = { said: [], heard: [] }
  let random = options.seed ?? 1
  /** Characters of what was heard that earlier expectations have used up. */
  let consumed = 0
  /** The agent's turn is what it says after this. */
  let sinceMs = clock.monotonicMs()

  const listener = createListener({ voices: agentVoices })

  const pass = async (ms: number): Promise<void> => {
    if ('advance' in clock) await clock.advance(ms)
    else await clock.sleep(ms)
  }
  const heard = async (): Promise<HeardSpeech[]> =>
    speechToText === undefined ? listener.read(driver.heard()) : listen(driver.heard(), { speechToText, context })
  const heardAll = async (): Promise<string> => (await heard()).map(({ text }) => text).join(' ')
  const waitUntil = async (isSo: () => Promise<boolean>, withinMs: number): Promise<void> => {
    const everyMs = speechToText === undefined ? stepMs : recognizeEveryMs
    const untilMs = clock.monotonicMs() + withinMs
    while (!(await isSo())) {
      if (driver.hasEnded) throw new Error('the call had ended')
      if (clock.monotonicMs() >= untilMs) throw new Error(`not within ${withinMs} ms`)
      await pass(everyMs)
    }
  }
  const drive = async <T>(promise: Promise<T>): Promise<T> => {
    let isOver = false
    const done = promise.finally(() => (isOver = true))
    done.catch(() => {})
    await pass(0)
    while (!isOver) await pass(stepMs)
    return done
  }

  const toAudio = async (what: string | AudioChunk | Uint8Array, voice: string): Promise<AudioChunk> => {
    const sampleRateHz = driver.sampleRateHz
    if (typeof what === 'string') {
      if (textToSpeech !== undefined) return synthesize(textToSpeech, what, voice)
      const samples = toneText(what, { sampleRateHz, voice: Math.max(0, fakeVoices.indexOf(voice)) })
      return { samples, sampleRateHz, channels: 1 }
    }
    if (!(what instanceof Uint8Array)) return what
    const { samples, format } = parseWav(what)
    return { samples, sampleRateHz: format.sampleRateHz, channels: format.channels }
  }
  const synthesize = async (tts: TextToSpeech, text: string, voice: string): Promise<AudioChunk> => {
    const own = tts.info.formats.find((format) => format.sampleRateHz === driver.sampleRateHz) ?? tts.info.formats[0]
    const format = own ?? ({ encoding: 'pcm16', sampleRateHz: driver.sampleRateHz, channels: 1 } as const)
    const stream = await tts.open({ voice, format }, context)
    const parts: Int16Array[] = []
    stream.speak(text, { segmentId: 'caller', last: true })
    for await (const event of stream.events) {
      if (event.type === 'audio') parts.push(event.frame.samples.slice())
      if (event.type === 'error') throw event.error
      if (event.type === 'done') break
    }
    await stream.close()
    return { samples: concat(parts), sampleRateHz: format.sampleRateHz, channels: format.channels }
  }
  const say = async (audio: AudioChunk, text: string): Promise<void> => {
    const startMs = clock.monotonicMs()
    await drive(driver.say(audio))
    sinceMs = clock.monotonicMs()
    report.said.push({ text, startMs, endMs: sinceMs })
  }
  const noiseOf = (ms: number, dbfs: number): AudioChunk => {
    const peak = 32767 * Math.sqrt(3) * 10 ** (dbfs / 20)
    const samples = Int16Array.from({ length: Math.round((ms * driver.sampleRateHz) / 1000) }, () => {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
      return Math.max(-32768, Math.min(32767, Math.round((random / 0x8000_0000 - 1) * peak)))
    })
    return { samples, sampleRateHz: driver.sampleRateHz, channels: 1 }
  }

  const follow = async (step: CallerStep): Promise<void> => {
    switch (step.do) {
      case 'say': {
        const voice = step.voice ?? options.voice ?? (await textToSpeech?.info.voices())?.[0]?.id ?? 'alice'
        const audio = await drive(toAudio(step.what, voice))
        return say(await toRate(audio, driver.sampleRateHz), typeof step.what === 'string' ? step.what : '')
      }
      case 'wait':
        for (let waitedMs = 0; waitedMs < step.ms; waitedMs += stepMs) await pass(Math.min(stepMs, step.ms - waitedMs))
        return
      case 'afterAgent': {
        const before = sentenceEnds(await heardAll())
        return waitUntil(async () => {
          if (step.what === 'sentence') return sentenceEnds(await heardAll()) > before
          const last = (await heard()).at(-1)
          return last !== undefined && last.endMs > sinceMs && clock.monotonicMs() - last.endMs >= endOfSpeechMs
        }, step.withinMs)
      }
      case 'interruptAt': {
        const before = (await heardAll()).length
        const word = step.word.toLowerCase()
        // The last word may not be over: what follows it must have begun.
        return waitUntil(async () => (await heardAll()).slice(before).toLowerCase().includes(word), step.withinMs)
      }
      case 'cough':
        return say(noiseOf(step.ms, step.dbfs), '')
      case 'dtmf':
        for (const digit of step.digits) {
          driver.dtmf(digit)
          await pass(stepMs)
        }
        sinceMs = clock.monotonicMs()
        return
      case 'mute':
        return driver.mute(step.muted)
      case 'noise':
        return driver.noise(step.dbfs)
      case 'loss':
        return driver.loss(step.percent)
      case 'expectHeard':
        return waitUntil(async () => {
          const text = (await heardAll()).slice(consumed)
          const found = typeof step.what === 'string' ? text.indexOf(step.what) : text.search(step.what)
          if (found < 0) return false
          const length = typeof step.what === 'string' ? step.what.length : (step.what.exec(text)?.[0].length ?? 0)
          consumed += found + length
          return true
        }, step.withinMs)
      case 'expectSilence': {
        const fromMs = clock.monotonicMs()
        for (let waitedMs = 0; waitedMs < step.ms; waitedMs += stepMs) {
          await pass(Math.min(stepMs, step.ms - waitedMs))
          const loud = driver.heard().some((piece) => endOf(piece) > fromMs && levelOf(piece.samples) > silenceDbfs)
          if (loud) throw new Error(`something was heard after ${clock.monotonicMs() - fromMs} ms`)
        }
        return
      }
      case 'hangup':
        return drive(Promise.resolve(driver.hangup()))
    }
  }

  return {
    heard,
    async run() {
      for (const [n, step] of script.entries()) {
        try {
          await follow(step)
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error)
          const words = (await heard()).map(({ voice, text }) => `${voice}: ${text}`).join(' | ')
          throw new Error(`Step ${n + 1} (${describe(step)}) of the caller: ${reason}. Heard so far: "${words}".`, {
            cause: error,
          })
        }
      }
      report.heard = await heard()
      return report
    },
  }
}

function describe(step: CallerStep): string {
  const detail = 'what' in step ? step.what : 'word' in step ? step.word : ''
  const shown = typeof detail === 'string' ? `"${detail}"` : detail instanceof RegExp ? String(detail) : 'audio'
  return detail === '' ? step.do : `${step.do} ${shown}`
}

function sentenceEnds(text: string): number {
  return text.match(/[.!?…](?=\s|$)/g)?.length ?? 0
}

function endOf({ atMs, samples, sampleRateHz }: { atMs: number; samples: Int16Array; sampleRateHz: number }): number {
  return atMs + (samples.length * 1000) / sampleRateHz
}

function levelOf(samples: Int16Array): number {
  let energy = 0
  for (const sample of samples) energy += (sample / 32768) ** 2
  return 10 * Math.log10(energy / Math.max(1, samples.length))
}

function concat(parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** One channel at the line's rate. */
async function toRate(audio: AudioChunk, sampleRateHz: AudioChunk['sampleRateHz']): Promise<AudioChunk> {
  const mono = audio.channels === 1 ? audio.samples : audio.samples.filter((_, n) => n % 2 === 0)
  if (audio.sampleRateHz === sampleRateHz) return { samples: mono, sampleRateHz, channels: 1 }
  const resampler = await createResampler(audio.sampleRateHz, sampleRateHz)
  const parts = [resampler.push(mono).slice(), resampler.flush().slice()]
  resampler.close()
  return { samples: concat(parts), sampleRateHz, channels: 1 }
}
