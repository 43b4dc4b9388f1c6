import { FRAME_MS, type AudioFormat, type AudioOutput, type OutputEvent } from '@parley/spec'
import { describe, expect, test, type TestContext } from 'vitest'
import type { VirtualClock } from '../virtual-clock.ts'

/** An output with a far end that plays at real speed, and what the suite must know to try it. */
export interface AudioOutputSubject {
  output: AudioOutput
  clock: VirtualClock
  /** A format segments may have. */
  format: AudioFormat
  pause: 'native' | 'rewind' | 'none'
  /** How far positions may be off, in ms. @default 40 */
  toleranceMs?: number
  /** Longest time from a capture to its sound, in ms. @default 100 */
  latencyMs?: number
  /** What it may hold, in ms. @default 10 000 */
  queueMs?: number
  /** What the far end has played so far, at the rate of `format`, if that can be seen. */
  heard?(): Int16Array
  close(): Promise<void> | void
}

/** The conformance suite of the `AudioOutput` port: over a far end that works. */
export function audioOutputSuite(name: string, create: () => AudioOutputSubject | Promise<AudioOutputSubject>): void {
  describe(`audio output: ${name}`, () => {
    const trial =
      (run: (now: OutputTrial) => Promise<void | string>) =>
      async ({ skip }: TestContext): Promise<void> => {
        const now = startTrial(await create())
        let reason: void | string
        try {
          reason = await run(now)
        } finally {
          await now.subject.close()
        }
        if (typeof reason === 'string') skip(reason)
        expectSettled(now)
      }

    test(
      'O-2 a segment starts, goes on and finishes once, where its audio ends',
      trial(async (now) => {
        now.play('s1', 1_000)
        await now.pass(1_000 + now.slackMs)
        expect(now.count('started', 's1')).toBe(1)
        expect(now.count('progress', 's1')).toBeGreaterThan(0)
        const end = now.last('finished', 's1')
        expect(end).toMatchObject({ interrupted: false })
        now.expectNear(end?.positionMs, 1_000)
        const startedAtMs = now.last('started', 's1')?.atMs ?? -1
        expect((end?.atMs ?? 0) - startedAtMs).toBeGreaterThanOrEqual(1_000 - now.toleranceMs)
      }),
    )

    test(
      'O-2 a segment without a frame finishes, and holds nobody up',
      trial(async (now) => {
        now.play('empty', 0)
        now.play('s2', 200)
        await now.pass(200 + now.slackMs)
        expect(now.last('finished', 'empty')).toMatchObject({ interrupted: false, positionMs: 0 })
        expect(now.last('finished', 's2')).toMatchObject({ interrupted: false })
        expect(now.count('started', 'empty')).toBe(0)
      }),
    )

    test(
      'segments play in the order of opening',
      trial(async (now) => {
        const first = now.open('s1')
        now.play('s2', 100)
        await now.pass(200)
        expect(now.count('started', 's2')).toBe(0)
        now.capture(first, 100)
        first.flush()
        await now.pass(200 + now.slackMs)
        const order = now.events.filter(({ type }) => type === 'finished').map(({ segmentId }) => segmentId)
        expect(order).toEqual(['s1', 's2'])
      }),
    )

    test(
      'O-1 more than it may hold is refused until there is room, and nothing is lost',
      trial(async (now) => {
        const segment = now.open('s1')
        let takenMs = 0
        while (segment.capture(now.frame(takenMs)) === 'ok' && takenMs < now.queueMs * 2) takenMs += FRAME_MS
        expect(takenMs).toBeGreaterThanOrEqual(now.queueMs)
        expect(takenMs).toBeLessThanOrEqual(now.queueMs + 2_500)
        let isReady = false
        void segment.ready().then(() => (isReady = true))
        await now.pass(0)
        expect(isReady).toBe(false)
        await now.pass(1_000)
        expect(isReady).toBe(true)
        expect(segment.capture(now.frame(takenMs))).toBe('ok')
        segment.flush()
        await now.pass(takenMs + now.slackMs)
        now.expectNear(now.last('finished', 's1')?.positionMs, takenMs + FRAME_MS)
      }),
    )

    test(
      'O-5 a clear settles all that waits, at once, and tells what was heard',
      trial(async (now) => {
        now.play('s1', 400)
        now.play('s2', 1_000)
        now.play('s3', 1_000)
        await now.pass(700 + (now.subject.latencyMs ?? 0))
        const result = now.subject.output.clear()
        expect(result.epoch).toBe(1)
        expect(now.subject.output.epoch).toBe(1)
        expect(result.segmentId).toBe('s2')
        now.expectNear(result.positionMs, 300, now.slackMs)
        now.expectNear(result.heardMs, 700, now.slackMs)
        await now.pass(now.slackMs)
        expect(now.last('finished', 's1')).toMatchObject({ interrupted: false })
        expect(now.last('finished', 's2')).toMatchObject({ interrupted: true })
        expect(now.last('finished', 's3')).toMatchObject({ interrupted: true, positionMs: 0 })
        expect(now.subject.output.queuedMs).toBe(0)
        expect(now.subject.output.isPlaying).toBe(false)
      }),
    )

    test(
      'O-3 after a clear the old segment takes nothing, and the next one is untouched',
      trial(async (now) => {
        const old = now.open('old')
        now.capture(old, 500)
        await now.pass(200)
        now.subject.output.clear()
        now.capture(old, 500)
        old.flush()
        now.play('new', 300)
        await now.pass(300 + now.slackMs)
        const end = now.last('finished', 'new')
        expect(end).toMatchObject({ epoch: 1, interrupted: false })
        now.expectNear(end?.positionMs, 300)
        expect(
          now.events
            .filter(({ epoch, segmentId }) => epoch === 1 && segmentId === 'old')
            .every(({ type }) => type === 'cleared'),
        ).toBe(true)
      }),
    )

    test(
      'a clear of nothing is a new epoch and no event of a segment',
      trial(async (now) => {
        const result = now.subject.output.clear()
        expect(result).toMatchObject({ epoch: 1, heardMs: 0 })
        expect(result.segmentId).toBeUndefined()
        await now.pass(100)
        expect(now.events.filter(({ type }) => type !== 'cleared')).toEqual([])
      }),
    )

    test(
      'O-4 a pause holds the sound, and resume goes on to the end',
      trial(async (now) => {
        const segment = now.play('s1', 1_000)
        await now.pass(400)
        if (now.subject.pause === 'none') {
          expect(now.subject.output.pause()).toBe(false)
          await now.pass(600 + now.slackMs)
          expect(now.count('finished', segment.segmentId)).toBe(1)
          return
        }
        expect(now.subject.output.pause()).toBe(true)
        await now.pass(5_000)
        expect(now.count('finished', 's1')).toBe(0)
        const pausedAt = now.last('progress', 's1')?.positionMs ?? 0
        expect(pausedAt).toBeLessThanOrEqual(400 + now.slackMs)
        now.subject.output.resume()
        await now.pass(600 + now.slackMs + 100)
        const end = now.last('finished', 's1')
        expect(end).toMatchObject({ interrupted: false })
        now.expectNear(end?.positionMs, 1_000)
      }),
    )

    test(
      'O-4 a clear ends a pause',
      trial(async (now) => {
        now.play('s1', 1_000)
        await now.pass(200)
        now.subject.output.pause()
        now.subject.output.clear()
        now.play('s2', 200)
        await now.pass(200 + now.slackMs)
        expect(now.last('finished', 's2')).toMatchObject({ interrupted: false })
      }),
    )

    test(
      'A-14 frames given are not kept',
      trial(async (now) => {
        const segment = now.open('s1')
        const reused = now.frame(0)
        for (let n = 0; n < 10; n++) {
          const kept = now.frame(n * FRAME_MS)
          reused.samples.set(kept.samples)
          segment.capture({ ...reused, position: kept.position })
          expect(reused.samples).toEqual(kept.samples)
        }
        reused.samples.fill(0)
        segment.flush()
        await now.pass(200 + now.slackMs)
        now.expectNear(now.last('finished', 's1')?.positionMs, 200)
        const heard = now.subject.heard?.()
        if (heard === undefined) return
        const given = Array.from({ length: 10 }, (_, n) => [...now.frame(n * FRAME_MS).samples]).flat()
        expect([...heard]).toEqual(given)
      }),
    )

    test(
      'positions never go back, and no event is of a segment that has settled',
      trial(async (now) => {
        for (const id of ['s1', 's2', 's3']) now.play(id, 350)
        await now.pass(1_050 + now.slackMs)
        const settled = new Set<string>()
        const reached = new Map<string, number>()
        for (const { type, segmentId, positionMs, atMs } of now.events) {
          expect(settled.has(segmentId), `${type} of ${segmentId}`).toBe(false)
          expect(positionMs).toBeGreaterThanOrEqual(reached.get(segmentId) ?? 0)
          expect(Number.isFinite(atMs)).toBe(true)
          reached.set(segmentId, positionMs)
          if (type === 'finished') settled.add(segmentId)
        }
        expect([...settled]).toEqual(['s1', 's2', 's3'])
      }),
    )

    test(
      'O-2 what is open when the output closes is settled as interrupted',
      trial(async (now) => {
        now.play('s1', 1_000)
        now.open('s2')
        await now.pass(300)
        await now.subject.close()
        expect(now.last('finished', 's1')).toMatchObject({ interrupted: true })
        expect(now.last('finished', 's2')).toMatchObject({ interrupted: true })
      }),
    )
  })
}

/** Whatever happened, each segment has settled once when the output is closed, and no timer is left. */
function expectSettled({ opened, count, subject }: OutputTrial): void {
  for (const segmentId of opened) expect(count('finished', segmentId), segmentId).toBe(1)
  expect(subject.clock.pending).toBe(0)
}

interface OutputTrial {
  subject: AudioOutputSubject
  events: OutputEvent[]
  opened: string[]
  toleranceMs: number
  slackMs: number
  queueMs: number
  pass(ms: number): Promise<void>
  frame(atMs: number): {
    samples: Int16Array
    sampleRateHz: AudioFormat['sampleRateHz']
    channels: 1 | 2
    position: number
  }
  open(segmentId: string): ReturnType<AudioOutput['open']>
  capture(segment: ReturnType<AudioOutput['open']>, ms: number): void
  /** Opens, fills and flushes a segment. */
  play(segmentId: string, ms: number): ReturnType<AudioOutput['open']>
  count(type: OutputEvent['type'], segmentId: string): number
  last(type: OutputEvent['type'], segmentId: string): OutputEvent | undefined
  expectNear(value: number | undefined, expected: number, slackMs?: number): void
}

function startTrial(subject: AudioOutputSubject): OutputTrial {
  const { output, clock, format, toleranceMs = 40, latencyMs = 100, queueMs = 10_000 } = subject
  const events: OutputEvent[] = []
  const opened: string[] = []
  output.on('*', (event) => events.push(event))
  const size = Math.round((format.sampleRateHz * FRAME_MS) / 1000) * format.channels
  const of = (type: OutputEvent['type'], segmentId: string): OutputEvent[] =>
    events.filter((event) => event.type === type && event.segmentId === segmentId)
  const trial: OutputTrial = {
    subject,
    events,
    opened,
    toleranceMs,
    slackMs: toleranceMs + latencyMs,
    queueMs,
    // In steps of a frame: a clock that jumps would make every output re-anchor.
    pass: (ms) => clock.advance(ms),
    frame(atMs) {
      const position = Math.round((atMs * format.sampleRateHz) / 1000)
      const samples = Int16Array.from({ length: size }, (_, n) => Math.round(8_000 * Math.sin((position + n) / 20)))
      return { samples, sampleRateHz: format.sampleRateHz, channels: format.channels, position }
    },
    open(segmentId) {
      opened.push(segmentId)
      return output.open({ utteranceId: 'u1', segmentId, format })
    },
    capture(segment, ms) {
      for (let atMs = 0; atMs < ms; atMs += FRAME_MS) {
        const frame = trial.frame(atMs)
        const left = Math.round((Math.min(FRAME_MS, ms - atMs) * format.sampleRateHz) / 1000) * format.channels
        segment.capture({ ...frame, samples: frame.samples.subarray(0, left) })
      }
    },
    play(segmentId, ms) {
      const segment = trial.open(segmentId)
      trial.capture(segment, ms)
      segment.flush()
      return segment
    },
    count: (type, segmentId) => of(type, segmentId).length,
    last: (type, segmentId) => of(type, segmentId).at(-1),
    expectNear(value, expected, slackMs = toleranceMs) {
      expect(Math.abs((value ?? Number.NaN) - expected), `${value} near ${expected}`).toBeLessThanOrEqual(slackMs)
    },
  }
  return trial
}
