import type { AudioChunk, ParleyError, VadResult, VadStream, VoiceActivityDetector } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { until } from './stream-probe.ts'

/** A detector of voice and what the suite must know to try it. */
export interface VadSubject {
  vad: VoiceActivityDetector
  /** Lets what runs elsewhere get on. @default nothing to wait for */
  pass?(ms: number): Promise<void>
  /** At least half a second of speech, mono, at the detector's rate. */
  speech: AudioChunk
  /** How far two results of equal audio may differ. @default 0.000001 */
  tolerance?: number
  close?(): Promise<void> | void
}

/** The conformance suite of the `VoiceActivityDetector` port. */
export function vadSuite(name: string, create: () => VadSubject | Promise<VadSubject>): void {
  describe(`voice activity: ${name}`, () => {
    const trial = (run: (now: Trial) => Promise<void>) => async (): Promise<void> => {
      const subject = await create()
      const now = startTrial(subject)
      try {
        await run(now)
        if (now.errors.length > 0) throw new AggregateError(now.errors, 'The detector reported errors.')
      } finally {
        await now.closeAll()
        await subject.close?.()
      }
    }

    test(
      'P-8 there is one result for each whole window, in order, at the instant of its end',
      trial(async (now) => {
        const { windowSamples, sampleRateHz } = now.info
        const windowMs = (windowSamples * 1000) / sampleRateHz
        const probe = now.open()
        now.push(probe.stream, now.speech, 320, 1_000)
        const results = await now.settle(probe, now.speech.length)
        expect(results).toHaveLength(Math.floor(now.speech.length / windowSamples))
        results.forEach(({ atMs, probability, rms }, n) => {
          expect(Math.abs(atMs - (1_000 + (n + 1) * windowMs))).toBeLessThan(1)
          expect(probability).toBeGreaterThanOrEqual(0)
          expect(probability).toBeLessThanOrEqual(1)
          expect(rms).toBeLessThanOrEqual(0)
        })
      }),
    )

    test(
      'P-8 how the audio is cut changes nothing',
      trial(async (now) => {
        const whole = now.open()
        now.push(whole.stream, now.speech, now.speech.length, 0)
        const expected = await now.settle(whole, now.speech.length)
        for (const size of [160, 320, 777]) {
          const cut = now.open()
          now.push(cut.stream, now.speech, size, 0)
          now.expectAlike(await now.settle(cut, now.speech.length), expected)
        }
      }),
    )

    test(
      'P-8 two streams do not share what they remember',
      trial(async (now) => {
        const alone = now.open()
        now.push(alone.stream, now.speech, 320, 0)
        const expected = await now.settle(alone, now.speech.length)
        const one = now.open()
        const other = now.open()
        const silence = new Int16Array(now.speech.length)
        for (let at = 0; at < now.speech.length; at += 320) {
          now.push(one.stream, now.speech.subarray(at, at + 320), 320, (at * 1000) / now.info.sampleRateHz)
          now.push(other.stream, silence.subarray(at, at + 320), 320, (at * 1000) / now.info.sampleRateHz)
        }
        now.expectAlike(await now.settle(one, now.speech.length), expected)
      }),
    )

    test(
      'P-8 reset forgets everything',
      trial(async (now) => {
        const fresh = now.open()
        now.push(fresh.stream, now.speech, 320, 0)
        const expected = await now.settle(fresh, now.speech.length)
        const used = now.open()
        // Not a whole number of windows, so that a rest waits when it is reset.
        const half = now.speech.subarray(0, Math.floor(now.speech.length / 2) - 7)
        now.push(used.stream, half, 320, 0)
        await now.settle(used, half.length)
        used.stream.reset()
        const before = used.results.length
        now.push(used.stream, now.speech, 320, 0)
        await now.settle(used, now.speech.length, before)
        now.expectAlike(used.results.slice(before), expected)
      }),
    )

    test(
      'speech is told from silence',
      trial(async (now) => {
        const probe = now.open()
        const silence = new Int16Array(now.info.sampleRateHz)
        now.push(probe.stream, silence, 320, 0)
        const quiet = await now.settle(probe, silence.length)
        expect(Math.max(...quiet.map(({ probability }) => probability))).toBeLessThan(0.5)
        const before = probe.results.length
        now.push(probe.stream, now.speech, 320, 1_000)
        await now.settle(probe, now.speech.length, before)
        expect(Math.max(...probe.results.slice(before).map(({ probability }) => probability))).toBeGreaterThan(0.5)
      }),
    )

    test(
      'the audio given is neither kept nor changed',
      trial(async (now) => {
        const probe = now.open()
        const reused = new Int16Array(320)
        const whole = now.speech.subarray(0, now.speech.length - (now.speech.length % 320))
        for (let at = 0; at < whole.length; at += 320) {
          reused.set(whole.subarray(at, at + 320))
          const kept = reused.slice()
          now.push(probe.stream, reused, 320, (at * 1000) / now.info.sampleRateHz)
          expect(reused).toEqual(kept)
        }
        reused.fill(0)
        const results = await now.settle(probe, whole.length)
        const fresh = now.open()
        now.push(fresh.stream, whole, 320, 0)
        now.expectAlike(results, await now.settle(fresh, whole.length))
      }),
    )

    test(
      'nothing is told after close, which may be called twice',
      trial(async (now) => {
        const probe = now.open()
        await Promise.all([probe.stream.close(), probe.stream.close()])
        now.push(probe.stream, now.speech, 320, 0)
        probe.stream.reset()
        await now.pass(100)
        expect(probe.results).toEqual([])
      }),
    )
  })
}

interface Probe {
  stream: VadStream
  results: VadResult[]
}

interface Trial {
  info: VoiceActivityDetector['info']
  speech: Int16Array
  errors: ParleyError[]
  pass(ms: number): Promise<void>
  open(): Probe
  /** Pushes audio that begins at an instant, in pieces. */
  push(stream: VadStream, samples: Int16Array, size: number, startMs: number): void
  /** Waits for the results of that much audio. */
  settle(probe: Probe, samples: number, before?: number): Promise<VadResult[]>
  expectAlike(results: readonly VadResult[], expected: readonly VadResult[]): void
  closeAll(): Promise<void>
}

function startTrial({ vad, speech, tolerance = 0.000001, pass = async () => {} }: VadSubject): Trial {
  const { info } = vad
  const opened: VadStream[] = []
  const errors: ParleyError[] = []
  return {
    info,
    speech: speech.samples,
    errors,
    pass,
    open() {
      const results: VadResult[] = []
      const stream = vad.create({
        sampleRateHz: info.sampleRateHz,
        onResult: (result) => results.push(result),
        onError: (error) => errors.push(error),
      })
      opened.push(stream)
      return { stream, results }
    },
    push(stream, samples, size, startMs) {
      for (let at = 0; at < samples.length; at += size) {
        const piece = samples.subarray(at, at + size)
        const atMs = startMs + ((at + piece.length) * 1000) / info.sampleRateHz
        stream.push({ samples: piece, sampleRateHz: info.sampleRateHz, channels: 1, position: at }, atMs)
      }
    },
    async settle({ results }, samples, before = 0) {
      const count = before + Math.floor(samples / info.windowSamples)
      await until(() => results.length >= count, { pass, limitMs: 20_000 })
      await pass(0)
      return results.slice(before)
    },
    expectAlike(results, expected) {
      expect(results).toHaveLength(expected.length)
      results.forEach(({ probability, atMs }, n) => {
        expect(Math.abs(probability - (expected[n]?.probability ?? -1))).toBeLessThanOrEqual(tolerance)
        expect(Math.abs(atMs - (expected[n]?.atMs ?? -1))).toBeLessThanOrEqual(0.01)
      })
    },
    async closeAll() {
      await Promise.all(opened.map((stream) => stream.close()))
    },
  }
}
