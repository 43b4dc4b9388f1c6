import { createVirtualClock } from '@parley/testing'
import type { AudioFrame } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { defaultEchoGuardOptions } from './echo-options.ts'
import { createEchoGuard, type EchoGuard } from './echo-guard.ts'

const RATE = 16_000
const FRAME = 320

/** Noise with the rhythm of syllables; another seed is another speaker. */
function speech(seed: number, seconds: number): Int16Array {
  let state = seed * 7_919 + 1
  const random = (): number => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  const samples = new Int16Array(seconds * RATE)
  let at = 0
  while (at < samples.length) {
    const length = Math.floor((0.06 + random() * 0.2) * RATE)
    const loud = random() < 0.25 ? 0 : 0.2 + random() * 0.8
    for (let index = at; index < Math.min(samples.length, at + length); index++) {
      const rise = Math.sin((Math.PI * (index - at)) / length)
      samples[index] = Math.round((random() - 0.5) * 20_000 * loud * rise)
    }
    at += length
  }
  return samples
}

const frameAt = (samples: Int16Array, position: number): AudioFrame => ({
  samples: samples.subarray(position, position + FRAME),
  sampleRateHz: RATE,
  channels: 1,
  position,
})

/** Plays `agent` from instant 0 and hears `line` with it, both 20 ms at a time, on the clock. */
async function run(
  guard: EchoGuard,
  clock: ReturnType<typeof createVirtualClock>,
  agent: Int16Array,
  line: Int16Array,
): Promise<void> {
  for (let position = 0; position + FRAME <= line.length; position += FRAME) {
    const atMs = clock.monotonicMs()
    if (position + FRAME <= agent.length) guard.played(frameAt(agent, position), atMs)
    await clock.advance(20)
    guard.heard(frameAt(line, position), atMs)
  }
}

function echoOf(agent: Int16Array, lagMs: number, gain: number): Int16Array {
  const line = new Int16Array(agent.length)
  const lag = (lagMs * RATE) / 1_000
  for (let index = lag; index < line.length; index++) line[index] = Math.round((agent[index - lag] ?? 0) * gain)
  return line
}

describe('echo guard', () => {
  test('defaults: echo guard', () => {
    expect(defaultEchoGuardOptions).toEqual({
      referenceMs: 2_000,
      maxLagMs: 800,
      correlation: 0.65,
      doubleTalkDb: 6,
      minWindowMs: 300,
      initialEchoDb: 0,
      wordShare: 0.6,
      wordsMs: 5_000,
      foreignWords: 2,
      confirmedTailMs: 300,
      unconfirmedTailMs: 2_000,
    })
  })

  test.each([0, 90, 370, 790])('echo guard: sound that comes back after %i ms is echo', async (lagMs) => {
    const clock = createVirtualClock()
    const guard = createEchoGuard({ clock })
    const agent = speech(3, 3)
    await run(guard, clock, agent, echoOf(agent, lagMs, 0.3))
    const verdict = guard.judge(clock.monotonicMs() - 600)
    expect(verdict).toMatchObject({ verdict: 'echo', reason: 'echo' })
    expect(Math.abs(verdict.lagMs - lagMs)).toBeLessThanOrEqual(20)
  })

  test('echo guard: sound later than the longest way back is not echo', async () => {
    const clock = createVirtualClock()
    const guard = createEchoGuard({ clock })
    const agent = speech(3, 4)
    await run(guard, clock, agent, echoOf(agent, 1_200, 0.3))
    expect(guard.judge(clock.monotonicMs() - 1_000).verdict).toBe('speech')
  })

  test('echo guard: other speakers pass while the agent speaks', async () => {
    let passed = 0
    for (let seed = 10; seed < 60; seed++) {
      const clock = createVirtualClock()
      const guard = createEchoGuard({ clock })
      const line = speech(seed, 3)
      // The line is quiet at first, as it is before somebody interrupts.
      for (let index = 0; index < 1.8 * RATE; index++) line[index] = index % 7
      await run(guard, clock, speech(3, 3), line)
      if (guard.judge(clock.monotonicMs() - 1_000).verdict === 'speech') passed += 1
    }
    expect(passed).toBe(50)
  })

  test('echo guard: who is 6 dB louder than the learned echo passes, even in its rhythm', async () => {
    const clock = createVirtualClock()
    const guard = createEchoGuard({ clock })
    const agent = speech(3, 6)
    const line = echoOf(agent, 100, 0.1)
    for (let index = line.length - RATE / 2; index < line.length; index++) line[index] = (line[index] ?? 0) * 3
    await run(guard, clock, agent, line)
    const verdict = guard.judge(clock.monotonicMs() - 480)
    expect(verdict).toMatchObject({ verdict: 'speech', reason: 'louder' })
    expect(verdict.excessDb).toBeGreaterThan(6)
  })

  test('echo guard: sound that fits and is less than 6 dB above the learned echo stays echo', async () => {
    const clock = createVirtualClock()
    const guard = createEchoGuard({ clock })
    const agent = speech(3, 6)
    const line = echoOf(agent, 100, 0.1)
    for (let index = line.length - RATE; index < line.length; index++) line[index] = (line[index] ?? 0) * 1.6
    await run(guard, clock, agent, line)
    expect(guard.judge(clock.monotonicMs() - 800).verdict).toBe('echo')
  })

  test('echo guard: cleared sound is no reference', async () => {
    const clock = createVirtualClock()
    const guard = createEchoGuard({ clock })
    const agent = speech(3, 2)
    for (let position = 0; position + FRAME <= agent.length; position += FRAME)
      guard.played(frameAt(agent, position), position / 16)
    guard.cleared(0)
    for (let position = 0; position + FRAME <= agent.length; position += FRAME) {
      guard.heard(frameAt(agent, position), clock.monotonicMs())
      await clock.advance(20)
    }
    expect(guard.judge(1_000)).toMatchObject({ verdict: 'speech', reason: 'notPlaying' })
  })

  test('echo guard: playback is alive for 300 ms after a confirmed end, 2 000 ms after the last send otherwise', async () => {
    const clock = createVirtualClock()
    const guard = createEchoGuard({ clock })
    const agent = speech(3, 1)
    guard.played(frameAt(agent, 0), 0)
    expect(guard.isPlaybackAlive(2_020)).toBe(true)
    expect(guard.isPlaybackAlive(2_021)).toBe(false)
    guard.playbackEnded(20)
    expect(guard.isPlaybackAlive(320)).toBe(true)
    expect(guard.isPlaybackAlive(321)).toBe(false)
  })

  test('echo guard: a transcript of which 60 % of the words were just played, in order, is dropped', async () => {
    const clock = createVirtualClock({ monotonicMs: 10_000 })
    const guard = createEchoGuard({ clock })
    guard.played(frameAt(speech(3, 1), 0), 10_000)
    guard.playedWords('Your refund will arrive in three to five days.', 10_000)
    await clock.advance(1_000)
    expect(guard.judgeTranscript('refund will arrive in tree to five', 10_500)).toMatchObject({
      verdict: 'echo',
      foreignWords: 1,
    })
    // The same words in another order are an answer, not an echo.
    expect(guard.judgeTranscript('days five three arrive', 10_500)).toMatchObject({
      verdict: 'speech',
      reason: 'otherWords',
    })
  })

  test("echo guard: two words that were not played make a transcript a person's", async () => {
    const clock = createVirtualClock({ monotonicMs: 10_000 })
    const guard = createEchoGuard({ clock })
    guard.played(frameAt(speech(3, 1), 0), 10_000)
    guard.playedWords('Your refund will arrive in three to five days.', 10_000)
    expect(guard.judgeTranscript('refund will arrive in three to five no wait')).toMatchObject({
      verdict: 'speech',
      foreignWords: 2,
    })
    expect(guard.judgeTranscript('refund will arrive in three to five no')).toMatchObject({
      verdict: 'echo',
      foreignWords: 1,
    })
  })

  test('echo guard: words played more than 5 s ago, or said when nothing played, prove nothing', async () => {
    const clock = createVirtualClock({ monotonicMs: 10_000 })
    const guard = createEchoGuard({ clock })
    const agent = speech(3, 1)
    guard.played(frameAt(agent, 0), 10_000)
    guard.playedWords('yes of course', 10_000)
    await clock.advance(5_500)
    guard.played(frameAt(agent, 0), 15_500)
    expect(guard.judgeTranscript('yes of course', 15_500).verdict).toBe('speech')
    guard.playedWords('yes of course', 15_500)
    guard.playbackEnded(15_520)
    await clock.advance(1_000)
    expect(guard.judgeTranscript('yes of course', 15_500).verdict).toBe('echo')
    expect(guard.judgeTranscript('yes of course', 16_400)).toMatchObject({ verdict: 'speech', reason: 'notPlaying' })
  })

  test('echo guard: costs at most 0.2 ms for 20 ms of both sides', async () => {
    const clock = createVirtualClock()
    const guard = createEchoGuard({ clock })
    const agent = speech(3, 2)
    const round = (): void => {
      for (let position = 0; position + FRAME <= agent.length; position += FRAME) {
        guard.played(frameAt(agent, position), position / 16)
        guard.heard(frameAt(agent, position), position / 16)
        if (position % (FRAME * 10) === 0) guard.judge(position / 16 - 500)
      }
    }
    round()
    const start = process.hrtime.bigint()
    for (let count = 0; count < 5; count++) round()
    expect(Number(process.hrtime.bigint() - start) / 1e6 / 500).toBeLessThan(0.2)
  })

  test('echo guard: an option of another name is refused', () => {
    // @ts-expect-error the misspelt option is what is tested
    expect(() => createEchoGuard({ clock: createVirtualClock(), maxLag: 3 })).toThrow(/maxLagMs/)
  })
})
