import {
  FRAME_MS,
  ParleyError,
  type AudioFormat,
  type SpeechContext,
  type TextToSpeech,
  type TtsEvent,
  type TtsStream,
  type Word,
} from '@parley/spec'
import { describe, expect, test, type TestContext } from 'vitest'
import { probeEvents, until, type StreamProbe } from './stream-probe.ts'

/** A voice engine and what the suite must know to try it. */
export interface TtsSubject {
  tts: TextToSpeech
  /** A context for one stream; all contexts share one clock. */
  context(options?: { signal?: AbortSignal }): SpeechContext
  /** Lets time pass: a virtual clock advances, a real one waits. */
  pass(ms: number): Promise<void>
  voice: string
  /** @default the first of its information */
  format?: AudioFormat
  /** Two sentences, or more. @default 'Your refund is on its way. It comes in three days.' */
  sentences?: readonly string[]
  /** Whether it reaches a server: then a context that refuses all traffic must make it fail. */
  isRemote?: boolean
  /** Longest wait for a segment, in ms. @default 30 000 */
  limitMs?: number
  close?(): Promise<void> | void
}

/** The conformance suite of the `TextToSpeech` port. */
export function ttsSuite(name: string, create: () => TtsSubject | Promise<TtsSubject>): void {
  describe(`text to speech: ${name}`, () => {
    const trial =
      (run: (subject: TtsSubject) => Promise<void | string>) =>
      async ({ skip }: TestContext): Promise<void> => {
        const subject = await create()
        try {
          const reason = await run(subject)
          if (typeof reason === 'string') skip(reason)
        } finally {
          await subject.close?.()
        }
      }
    const speaking = (run: (now: SpeakTrial) => Promise<void | string>): ReturnType<typeof trial> =>
      trial(async (subject) => {
        const now = await openTrial(subject)
        try {
          return await run(now)
        } finally {
          await now.stream.close()
        }
      })

    test(
      'its information fits what it has, and names the voice',
      trial(async ({ tts, voice }) => {
        expect(tts.info.id).not.toBe('')
        expect(tts.info.formats.length).toBeGreaterThan(0)
        expect((await tts.info.voices()).map(({ id }) => id)).toContain(voice)
      }),
    )

    test(
      'P-1 all traffic goes through the context',
      trial(async (subject) => {
        if (subject.isRemote !== true) return 'this engine reaches nobody'
        const refused = new Error('refused')
        const context: SpeechContext = {
          ...subject.context(),
          sockets: () => Promise.reject(refused),
          fetch: () => Promise.reject(refused),
        }
        const attempt = async (): Promise<ParleyError | undefined> => {
          const stream = await subject.tts.open({ voice: subject.voice, format: formatOf(subject) }, context)
          const probe = probeEvents(stream.events, context.clock)
          stream.speak('Hello.', { segmentId: 's', last: true })
          await until(() => probe.events.length > 0, { pass: subject.pass, limitMs: limitOf(subject) })
          const event = probe.events[0]
          return event?.type === 'error' ? event.error : undefined
        }
        const error: unknown = await attempt().catch((thrown: unknown) => thrown)
        expect(ParleyError.isInstance(error)).toBe(true)
      }),
    )

    test(
      'a segment is audio of the asked format, without holes, and one end',
      speaking(async (now) => {
        now.stream.speak(now.text, { segmentId: 's1', last: true })
        await now.done('s1')
        const frames = now.frames('s1')
        expect(frames.length).toBeGreaterThan(0)
        let position = frames[0]?.position ?? 0
        expect(position).toBe(0)
        let energy = 0
        for (const frame of frames) {
          expect(frame.sampleRateHz).toBe(now.format.sampleRateHz)
          expect(frame.channels).toBe(now.format.channels)
          expect(frame.position).toBe(position)
          position += frame.samples.length / frame.channels
          for (const sample of frame.samples) energy += sample * sample
        }
        expect(energy).toBeGreaterThan(0)
        expect(now.of('s1').filter(({ type }) => type === 'done')).toHaveLength(1)
        expect(now.of('s1').at(-1)?.type).toBe('done')
      }),
    )

    test(
      'P-6 words are as the information says: all, in order, inside the audio, labelled',
      speaking(async (now) => {
        now.stream.speak(now.text, { segmentId: 's1', last: true })
        await now.done('s1')
        const words = now.words('s1')
        const source = now.subject.tts.info.wordTimings
        if (source === 'none') {
          expect(words).toEqual([])
          return
        }
        const letters = (text: string): string => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
        expect(letters(words.map(({ text }) => text).join(''))).toBe(letters(now.text))
        let lastMs = 0
        for (const word of words) {
          expect(word.source ?? 'native').toBe(source)
          expect(word.startMs).toBeGreaterThanOrEqual(lastMs)
          expect(word.endMs).toBeGreaterThanOrEqual(word.startMs)
          lastMs = word.startMs
          expect(word.endMs).toBeLessThanOrEqual(now.audioMs('s1') + FRAME_MS)
        }
      }),
    )

    test(
      'P-7 text that comes in pieces is spoken as one segment',
      speaking(async (now) => {
        const { streamingInput } = now.subject.tts.info
        // Who cannot take parts is fed by sentences.
        const pieces = streamingInput ? (now.text.match(/.{1,7}/gs) ?? []) : now.sentences.map((text) => `${text} `)
        for (const [n, piece] of pieces.entries()) {
          now.stream.speak(piece, { segmentId: 's1', last: n === pieces.length - 1 })
          await now.subject.pass(FRAME_MS)
        }
        await now.done('s1')
        expect(now.audioMs('s1')).toBeGreaterThan(0)
        expect(now.of('s1').filter(({ type }) => type === 'done')).toHaveLength(1)
      }),
    )

    test(
      'segments that are open at the same time each end once, also one without sound',
      speaking(async (now) => {
        now.stream.speak(now.sentences[0] ?? '', { segmentId: 's1', last: true })
        now.stream.speak(' ', { segmentId: 's2', last: true })
        now.stream.speak(now.sentences[1] ?? '', { segmentId: 's3', last: true })
        for (const id of ['s1', 's2', 's3']) {
          await now.done(id)
          expect(now.of(id).filter(({ type }) => type === 'done')).toHaveLength(1)
          expect(now.of(id).at(-1)?.type).toBe('done')
        }
        expect(now.audioMs('s1')).toBeGreaterThan(0)
        expect(now.audioMs('s3')).toBeGreaterThan(0)
      }),
    )

    test(
      'a cancelled segment gives no more audio, and the next one is spoken',
      speaking(async (now) => {
        now.stream.speak(now.text, { segmentId: 's1', last: true })
        await now.subject.pass(0)
        now.stream.cancel('s1')
        now.stream.cancel('unknown')
        // What was made already may be on its way to the reader.
        await now.subject.pass(0)
        const count = now.frames('s1').length
        now.stream.speak(now.sentences[0] ?? '', { segmentId: 's2', last: true })
        await now.done('s2')
        expect(now.frames('s1')).toHaveLength(count)
        expect(now.audioMs('s2')).toBeGreaterThan(0)
      }),
    )

    test(
      'equal text gives equal audio where the information says so',
      trial(async (subject) => {
        if (!subject.tts.info.deterministic) return 'this engine does not claim it'
        const sounds: string[] = []
        for (let n = 0; n < 2; n++) {
          const now = await openTrial(subject)
          now.stream.speak(now.text, { segmentId: 's', last: true })
          await now.done('s')
          sounds.push(
            now
              .frames('s')
              .flatMap(({ samples }) => [...samples])
              .join(),
          )
          await now.stream.close()
        }
        expect(sounds[0]).toBe(sounds[1])
      }),
    )

    test(
      'an unknown voice and a format it has not are refused by name',
      trial(async (subject) => {
        const { tts, voice } = subject
        const unknown = tts.open({ voice: 'no-such-voice', format: formatOf(subject) }, subject.context())
        await expect(unknown).rejects.toMatchObject({ code: 'voice_unknown' })
        const stereo: AudioFormat = { ...formatOf(subject), channels: 2 }
        if (tts.info.formats.some(({ channels }) => channels === 2)) return
        await expect(tts.open({ voice, format: stereo }, subject.context())).rejects.toMatchObject({
          code: 'audio_format_unsupported',
        })
      }),
    )

    test(
      'close may be called twice, ends the events, and what is said afterwards is dropped',
      speaking(async (now) => {
        await Promise.all([now.stream.close(), now.stream.close()])
        expect(await until(() => now.probe.hasEnded, { pass: now.subject.pass, limitMs: 2_000 })).toBe(true)
        now.stream.speak('Too late.', { segmentId: 's9', last: true })
        now.stream.cancel('s9')
        await now.subject.pass(200)
        expect(now.of('s9')).toEqual([])
      }),
    )

    test(
      'an abort of the context ends the stream within 2 s',
      trial(async (subject) => {
        const controller = new AbortController()
        const context = subject.context({ signal: controller.signal })
        const stream = await subject.tts.open({ voice: subject.voice, format: formatOf(subject) }, context)
        const probe = probeEvents(stream.events, context.clock)
        await subject.pass(FRAME_MS)
        controller.abort()
        expect(await until(() => probe.hasEnded, { pass: subject.pass, limitMs: 2_000 })).toBe(true)
        await stream.close()
      }),
    )
  })
}

type Audio = Extract<TtsEvent, { type: 'audio' }>

interface SpeakTrial {
  subject: TtsSubject
  stream: TtsStream
  probe: StreamProbe<TtsEvent>
  format: AudioFormat
  sentences: readonly string[]
  text: string
  of(segmentId: string): Exclude<TtsEvent, { type: 'usage' }>[]
  frames(segmentId: string): Audio['frame'][]
  words(segmentId: string): Word[]
  audioMs(segmentId: string): number
  done(segmentId: string): Promise<void>
}

async function openTrial(subject: TtsSubject): Promise<SpeakTrial> {
  const context = subject.context()
  const format = formatOf(subject)
  const stream = await subject.tts.open({ voice: subject.voice, format }, context)
  const probe = probeEvents(stream.events, context.clock)
  const sentences = subject.sentences ?? ['Your refund is on its way.', 'It comes in three days.']
  const of: SpeakTrial['of'] = (segmentId) =>
    probe.events.filter((event) => event.type !== 'usage').filter((event) => event.segmentId === segmentId)
  const frames: SpeakTrial['frames'] = (segmentId) =>
    of(segmentId).flatMap((event) => (event.type === 'audio' ? [event.frame] : []))
  return {
    subject,
    stream,
    probe,
    format,
    sentences,
    text: sentences.join(' '),
    of,
    frames,
    words: (segmentId) =>
      of(segmentId).reduce<Word[]>((known, event) => {
        if (event.type !== 'words') return known
        // What begins before known words end replaces those.
        const fromMs = event.words[0]?.startMs ?? Number.POSITIVE_INFINITY
        return [...known.filter((word) => word.endMs <= fromMs), ...event.words]
      }, []),
    audioMs: (segmentId) =>
      frames(segmentId).reduce(
        (sum, frame) => sum + (frame.samples.length * 1000) / frame.channels / frame.sampleRateHz,
        0,
      ),
    async done(segmentId) {
      const isOver = (): boolean => of(segmentId).some(({ type }) => type === 'done' || type === 'error')
      await until(isOver, { pass: subject.pass, limitMs: limitOf(subject) })
      expect(of(segmentId).find(({ type }) => type === 'error')).toBeUndefined()
      expect(
        of(segmentId).some(({ type }) => type === 'done'),
        `the end of ${segmentId}`,
      ).toBe(true)
    },
  }
}

function formatOf({ format, tts }: TtsSubject): AudioFormat {
  const own = format ?? tts.info.formats[0]
  if (own === undefined) throw new Error('A voice engine names at least one format.')
  return own
}

function limitOf({ limitMs = 30_000 }: TtsSubject): number {
  return limitMs
}
