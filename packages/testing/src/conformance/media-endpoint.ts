import { FRAME_MS, type AudioFrame, type CloseReason, type EndpointHandlers, type MediaEndpoint } from '@parley/spec'
import { describe, expect, test, type TestContext } from 'vitest'

/** An endpoint with a person at its other end, and what the suite must know to try it. */
export interface MediaEndpointSubject {
  endpoint: MediaEndpoint
  /** Instant of the endpoint's clock. */
  nowMs(): number
  /** Lets time pass: a virtual clock advances, a real one waits. */
  pass(ms: number): Promise<void>
  /** The person makes that much sound, in frames of 20 ms; resolves when it was sent. */
  speak(ms: number): Promise<void>
  /** The person hangs up. */
  hangup(): Promise<void> | void
  /** Milliseconds of speech that the person has heard. */
  heardMs(): number
  press?(digit: string): Promise<void> | void
  type?(text: string): Promise<void> | void
  /** Far ends that this process still knows: connections, timers. @default not looked at */
  leftovers?(): number
  close?(): Promise<void> | void
}

/** The conformance suite of the `MediaEndpoint` port. */
export function mediaEndpointSuite(
  name: string,
  create: () => MediaEndpointSubject | Promise<MediaEndpointSubject>,
): void {
  describe(`media endpoint: ${name}`, () => {
    const trial =
      (run: (now: EndpointTrial) => Promise<void | string>) =>
      async ({ skip }: TestContext): Promise<void> => {
        const subject = await create()
        const now = createTrial(subject)
        let reason: void | string
        try {
          await subject.endpoint.start(now.handlers)
          reason = await run(now)
        } finally {
          await subject.endpoint.close('hangup')
          await subject.close?.()
        }
        if (typeof reason === 'string') skip(reason)
      }

    test(
      'O-9 frames of the person carry their arrival and their position, without holes',
      trial(async (now) => {
        await now.subject.speak(600)
        await now.subject.pass(100)
        const { inputFormat } = now.subject.endpoint.info
        expect(now.frames.length).toBeGreaterThan(0)
        let next: number | undefined
        let lastAtMs = Number.NEGATIVE_INFINITY
        let loudMs = 0
        for (const { frame, atMs } of now.frames) {
          expect(frame.sampleRateHz).toBe(inputFormat.sampleRateHz)
          const frameMs = (frame.samples.length * 1000) / frame.channels / frame.sampleRateHz
          expect(frameMs).toBeLessThanOrEqual(60)
          expect(frame.position).toBe(next ?? frame.position)
          expect(atMs).toBeGreaterThanOrEqual(lastAtMs)
          expect(atMs).toBeLessThanOrEqual(now.subject.nowMs())
          next = frame.position + frame.samples.length / frame.channels
          lastAtMs = atMs
          if (frame.samples.some((sample) => Math.abs(sample) > 500)) loudMs += frameMs
        }
        expect(Math.abs(loudMs - 600)).toBeLessThanOrEqual(2 * FRAME_MS)
      }),
    )

    test(
      'what is played reaches the person and settles',
      trial(async (now) => {
        const { endpoint } = now.subject
        const rate = endpoint.info.outputFormat.sampleRateHz
        const format = { encoding: 'pcm16', sampleRateHz: rate, channels: 1 } as const
        const segment = endpoint.output.open({ utteranceId: 'u', segmentId: 's', format })
        const settled: boolean[] = []
        endpoint.output.on('finished', ({ interrupted }) => settled.push(interrupted === true))
        const samples = Int16Array.from({ length: rate / 50 }, (_, n) => Math.round(8_000 * Math.sin(n / 5)))
        for (let n = 0; n < 25; n++) {
          segment.capture({ samples, sampleRateHz: rate, channels: 1, position: n * samples.length })
        }
        segment.flush()
        await now.subject.pass(1_500)
        expect(settled).toEqual([false])
        expect(Math.abs(now.subject.heardMs() - 500)).toBeLessThanOrEqual(2 * FRAME_MS)
      }),
    )

    test(
      'keys and typed text reach the call once',
      trial(async (now) => {
        if (now.subject.press === undefined && now.subject.type === undefined) return 'nobody can press or type here'
        await now.subject.press?.('5')
        await now.subject.type?.('hello')
        await now.subject.pass(300)
        expect(now.digits).toEqual(now.subject.press === undefined ? [] : ['5'])
        expect(now.texts).toEqual(now.subject.type === undefined ? [] : ['hello'])
      }),
    )

    test(
      'the person hangs up: the call is told once, and speech settles',
      trial(async (now) => {
        const { endpoint } = now.subject
        const format = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const
        const settled: string[] = []
        endpoint.output.on('finished', ({ segmentId }) => settled.push(segmentId))
        endpoint.output.open({ utteranceId: 'u', segmentId: 's', format })
        await now.subject.hangup()
        await now.subject.pass(500)
        expect(now.closed).toEqual(['hangup'])
        expect(settled).toEqual(['s'])
        const before = now.frames.length
        await now.subject.pass(200)
        expect(now.frames).toHaveLength(before)
      }),
    )

    test(
      'O-10 close may be called twice, is done within 2 s, and leaves nothing',
      trial(async (now) => {
        const { endpoint } = now.subject
        let isDone = false
        const closing = Promise.all([endpoint.close('agent'), endpoint.close('agent')]).then(() => (isDone = true))
        for (let waitedMs = 0; !isDone && waitedMs < 2_000; waitedMs += FRAME_MS) await now.subject.pass(FRAME_MS)
        expect(isDone).toBe(true)
        await closing
        await now.subject.pass(200)
        expect(now.closed.length).toBeLessThanOrEqual(1)
        const before = now.frames.length
        await now.subject.pass(200)
        expect(now.frames).toHaveLength(before)
        expect(now.subject.leftovers?.() ?? 0).toBe(0)
      }),
    )
  })
}

interface EndpointTrial {
  subject: MediaEndpointSubject
  handlers: EndpointHandlers
  frames: { frame: AudioFrame; atMs: number }[]
  digits: string[]
  texts: string[]
  closed: CloseReason[]
}

function createTrial(subject: MediaEndpointSubject): EndpointTrial {
  const frames: EndpointTrial['frames'] = []
  const digits: string[] = []
  const texts: string[] = []
  const closed: CloseReason[] = []
  const nothing = (): void => {}
  return {
    subject,
    frames,
    digits,
    texts,
    closed,
    handlers: {
      // Frames are used again after the handler has returned.
      onFrame: (frame, atMs) => frames.push({ frame: { ...frame, samples: frame.samples.slice() }, atMs }),
      onDtmf: (digit) => digits.push(digit),
      onText: (text) => texts.push(text),
      onClose: (reason) => closed.push(reason),
      onMuted: nothing,
      onTalk: nothing,
      onTranscript: nothing,
      onInterrupt: nothing,
      onConsent: nothing,
      onState: nothing,
      onStats: nothing,
    },
  }
}
