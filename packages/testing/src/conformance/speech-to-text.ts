import {
  FRAME_MS,
  ParleyError,
  type AudioChunk,
  type SpeechContext,
  type SpeechToText,
  type SttEvent,
  type SttOpen,
  type SttStream,
} from '@parley/spec'
import { describe, expect, test, type TestContext } from 'vitest'
import { probeEvents, toFrames, until, type StreamProbe } from './stream-probe.ts'

/** A recognizer and what the suite must know to try it. */
export interface SttSubject {
  stt: SpeechToText
  /** A context for one stream; all contexts share one clock. */
  context(options?: { signal?: AbortSignal }): SpeechContext
  /** Lets time pass: a virtual clock advances, a real one waits. What runs elsewhere (workers, sockets) gets on meanwhile. */
  pass(ms: number): Promise<void>
  /** Speech in a format of the recognizer, with what it says. */
  speech: AudioChunk
  says: RegExp
  options?: Partial<SttOpen>
  /** Whether it reaches a server: then a context that refuses all traffic must make `open` or `transcribe` fail. */
  isRemote?: boolean
  /** Longest wait for an answer, beyond what its information says, in ms. @default 1 000 */
  graceMs?: number
  close?(): Promise<void> | void
}

type Text = Extract<SttEvent, { type: 'interim' | 'final' }>

/** The conformance suite of the `SpeechToText` port. */
export function sttSuite(name: string, create: () => SttSubject | Promise<SttSubject>): void {
  describe(`speech to text: ${name}`, () => {
    const trial =
      (run: (subject: SttSubject) => Promise<void | string>) =>
      async ({ skip }: TestContext): Promise<void> => {
        const subject = await create()
        try {
          const reason = await run(subject)
          if (typeof reason === 'string') skip(reason)
        } finally {
          await subject.close?.()
        }
      }
    const onlyStreaming = (run: (now: StreamTrial) => Promise<void | string>): ReturnType<typeof trial> =>
      trial(async (subject) => {
        if (!subject.stt.info.streaming) return 'this recognizer takes whole clips'
        const now = await openTrial(subject)
        try {
          return await run(now)
        } finally {
          await now.stream.close()
        }
      })

    test(
      'its information fits what it has',
      trial(async ({ stt }) => {
        expect(stt.info.id).not.toBe('')
        expect(stt.info.formats.length).toBeGreaterThan(0)
        expect(stt.info.finalLatency.p99Ms).toBeGreaterThanOrEqual(stt.info.finalLatency.p50Ms)
        expect(stt.info.streaming || stt.transcribe !== undefined).toBe(true)
      }),
    )

    test(
      'P-1 all traffic goes through the context',
      trial(async (subject) => {
        if (subject.isRemote !== true) return 'this recognizer reaches nobody'
        const refused = new Error('refused')
        const context: SpeechContext = {
          ...subject.context(),
          sockets: () => Promise.reject(refused),
          fetch: () => Promise.reject(refused),
        }
        const options = optionsOf(subject)
        const opened = subject.stt.info.streaming
          ? subject.stt.open(options, context)
          : subject.stt.transcribe?.(subject.speech, options, context)
        await expect(opened).rejects.toSatisfy((error) => ParleyError.isInstance(error))
      }),
    )

    test(
      'a whole clip is recognized, with words inside it',
      trial(async (subject) => {
        const { stt, speech } = subject
        if (stt.transcribe === undefined) return 'this recognizer takes streams only'
        const { text, words } = await drive(subject, stt.transcribe(speech, optionsOf(subject), subject.context()))
        expect(text).toMatch(subject.says)
        if (!stt.info.wordTimings) return
        expect(words?.length).toBeGreaterThan(0)
        for (const word of words ?? []) {
          expect(word.startMs).toBeGreaterThanOrEqual(0)
          expect(word.endMs).toBeGreaterThanOrEqual(word.startMs)
          expect(word.endMs).toBeLessThanOrEqual(durationMs(speech) + FRAME_MS)
        }
      }),
    )

    test(
      'P-4 finalize gives the final of what was pushed, in the time its information says',
      onlyStreaming(async (now) => {
        await now.say()
        const { elapsedMs, finals } = await now.finalize()
        expect(finals.map(({ text }) => text).join(' ')).toMatch(now.subject.says)
        expect(elapsedMs).toBeLessThanOrEqual(now.limitMs)
      }),
    )

    test(
      'P-4 finalize gives an empty final if nothing was said',
      onlyStreaming(async (now) => {
        await now.quiet(200)
        const { finals } = await now.finalize()
        expect(finals.map(({ text }) => text.trim())).toEqual([''])
      }),
    )

    test(
      'P-4 each utterance has an id of its own',
      onlyStreaming(async (now) => {
        await now.say()
        await now.finalize()
        await now.quiet(500)
        await now.say()
        await now.finalize()
        const finals = now.texts('final').filter(({ text, eager }) => text.trim() !== '' && eager !== true)
        expect(finals.length).toBeGreaterThanOrEqual(2)
        expect(new Set(finals.map(({ id }) => id)).size).toBe(finals.length)
      }),
    )

    test(
      'interims come only where the information says so, with the id of their final',
      onlyStreaming(async (now) => {
        await now.say()
        await now.finalize()
        const interims = now.texts('interim')
        if (!now.subject.stt.info.interim) {
          expect(interims).toEqual([])
          return
        }
        expect(interims.length).toBeGreaterThan(0)
        const ids = new Set(now.texts('final').map(({ id }) => id))
        expect(interims.every(({ id }) => ids.has(id))).toBe(true)
      }),
    )

    test(
      'P-2 words are on the clock of the call and never in the future',
      onlyStreaming(async (now) => {
        if (!now.subject.stt.info.wordTimings) return 'this recognizer gives no times'
        await now.quiet(1_000)
        const startedAtMs = now.nowMs()
        await now.say()
        const endedAtMs = now.nowMs()
        await now.finalize()
        now.expectWords({ fromMs: startedAtMs, toMs: endedAtMs })
      }),
    )

    test(
      'P-2 a stream opened later maps from its own start',
      onlyStreaming(async (now) => {
        if (!now.subject.stt.info.wordTimings) return 'this recognizer gives no times'
        await now.say()
        await now.finalize()
        await now.stream.close()
        await now.subject.pass(3_000)
        const again = await openTrial(now.subject)
        const startedAtMs = again.nowMs()
        await again.say()
        const endedAtMs = again.nowMs()
        await again.finalize()
        again.expectWords({ fromMs: startedAtMs, toMs: endedAtMs })
        await again.stream.close()
        return undefined
      }),
    )

    test(
      'P-3 silence moves the recognizer on without sound',
      onlyStreaming(async (now) => {
        await now.say()
        const before = now.texts('final').length
        now.stream.silence(1_000)
        await now.quietClock(now.limitMs)
        // Who finds ends of speech itself finds one in the silence.
        if (now.subject.stt.info.endOfSpeech) expect(now.texts('final').length).toBeGreaterThan(before)
        await now.finalize()
        expect(now.texts('final').length).toBeGreaterThan(before)
        const startedAtMs = now.nowMs()
        await now.say()
        const endedAtMs = now.nowMs()
        await now.finalize()
        if (now.subject.stt.info.wordTimings) now.expectWords({ fromMs: startedAtMs, toMs: endedAtMs })
      }),
    )

    test(
      'it says how much audio it took, if it says anything',
      onlyStreaming(async (now) => {
        await now.say()
        await now.finalize()
        await now.stream.close()
        await now.subject.pass(FRAME_MS)
        const usage = now.probe.events.filter((event) => event.type === 'usage')
        const total = usage.reduce((sum, { audioMs }) => sum + audioMs, 0)
        if (usage.length > 0) expect(total).toBeGreaterThan(0)
        expect(total).toBeLessThanOrEqual(durationMs(now.subject.speech) + 5_000)
      }),
    )

    test(
      'close may be called twice, ends the events, and what is pushed afterwards is dropped',
      onlyStreaming(async (now) => {
        await now.say()
        await Promise.all([drive(now.subject, now.stream.close()), now.stream.close()])
        expect(await until(() => now.probe.hasEnded, { pass: now.subject.pass, limitMs: 2_000 })).toBe(true)
        const count = now.probe.events.length
        now.stream.finalize()
        now.stream.silence(100)
        for (const frame of toFrames(now.subject.speech).slice(0, 5)) now.stream.push(frame)
        await now.subject.pass(200)
        expect(now.probe.events).toHaveLength(count)
      }),
    )

    test(
      'an abort of the context ends the stream within 2 s',
      trial(async (subject) => {
        if (!subject.stt.info.streaming) return 'this recognizer takes whole clips'
        const controller = new AbortController()
        const context = subject.context({ signal: controller.signal })
        const stream = await drive(subject, subject.stt.open(optionsOf(subject), context))
        const probe = probeEvents(stream.events, context.clock)
        await subject.pass(FRAME_MS)
        controller.abort()
        expect(await until(() => probe.hasEnded, { pass: subject.pass, limitMs: 2_000 })).toBe(true)
        await stream.close()
      }),
    )
  })
}

interface StreamTrial {
  subject: SttSubject
  stream: SttStream
  probe: StreamProbe<SttEvent>
  limitMs: number
  nowMs(): number
  texts(type: Text['type']): Text[]
  say(): Promise<void>
  /** Quiet frames, as a live line sends them. */
  quiet(ms: number): Promise<void>
  /** Time without frames. */
  quietClock(ms: number): Promise<void>
  finalize(): Promise<{ elapsedMs: number; finals: Text[] }>
  expectWords(span: { fromMs: number; toMs: number }): void
}

async function openTrial(subject: SttSubject): Promise<StreamTrial> {
  const context = subject.context()
  const stream = await drive(subject, subject.stt.open(optionsOf(subject), context))
  const probe = probeEvents(stream.events, context.clock)
  const { p99Ms, perSecondMs = 0 } = subject.stt.info.finalLatency
  const limitMs = p99Ms + (perSecondMs * durationMs(subject.speech)) / 1000 + (subject.graceMs ?? 1_000)
  let position = 0
  const push = async (audio: AudioChunk): Promise<void> => {
    for (const frame of toFrames(audio, position)) {
      // A frame is pushed when its last sample has been said.
      await subject.pass(FRAME_MS)
      stream.push(frame)
      position += frame.samples.length / frame.channels
    }
  }
  const texts = (type: Text['type']): Text[] => probe.events.filter((event): event is Text => event.type === type)
  let finalsSeen = 0
  return {
    subject,
    stream,
    probe,
    limitMs,
    nowMs: () => context.clock.monotonicMs(),
    texts,
    say: () => push(subject.speech),
    quiet: (ms) => {
      const { sampleRateHz, channels } = subject.speech
      const samples = new Int16Array(Math.round((ms * sampleRateHz) / 1000) * channels)
      return push({ samples, sampleRateHz, channels })
    },
    quietClock: (ms) => subject.pass(ms),
    async finalize() {
      const startedAtMs = context.clock.monotonicMs()
      const before = texts('final').length
      stream.finalize()
      const isNew = (): boolean => texts('final').length > before
      expect(await until(isNew, { pass: subject.pass, limitMs }), 'a final after finalize').toBe(true)
      const elapsedMs = context.clock.monotonicMs() - startedAtMs
      const finals = texts('final').slice(finalsSeen)
      finalsSeen = texts('final').length
      return { elapsedMs, finals }
    },
    expectWords({ fromMs, toMs }) {
      const last = texts('final').findLast(({ text }) => text.trim() !== '')
      const index = probe.events.findIndex((event) => event === last)
      expect(last?.words?.length).toBeGreaterThan(0)
      for (const word of last?.words ?? []) {
        expect(word.startMs).toBeGreaterThanOrEqual(fromMs - 50)
        expect(word.endMs).toBeGreaterThanOrEqual(word.startMs)
        expect(word.endMs).toBeLessThanOrEqual(toMs + 50)
        expect(word.endMs).toBeLessThanOrEqual(probe.at[index] ?? 0)
      }
    },
  }
}

function optionsOf({ speech, options }: SttSubject): SttOpen {
  const format = { encoding: 'pcm16', sampleRateHz: speech.sampleRateHz, channels: speech.channels } as const
  return { format, interim: true, ...options }
}

function durationMs({ samples, sampleRateHz, channels }: AudioChunk): number {
  return (samples.length * 1000) / (sampleRateHz * channels)
}

/** Lets time pass until a promise has settled. */
async function drive<T>({ pass }: SttSubject, promise: Promise<T>): Promise<T> {
  let isOver = false
  const done = promise.finally(() => (isOver = true))
  done.catch(() => {})
  await until(() => isOver, { pass, limitMs: 60_000 })
  return done
}
