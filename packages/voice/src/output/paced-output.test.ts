import { describe, expect, test } from 'vitest'
import { countingAudio, createLoopback, rate8k, speak } from './__fixtures__/loopback.ts'
import { defaultOutputTimings } from './paced-output-options.ts'

test('defaults: times of a paced output', () => {
  expect(defaultOutputTimings).toEqual({
    queueMs: 10_000,
    headroomMs: 60,
    aheadMs: 2_000,
    markEveryMs: 200,
    sourceSilentMs: 1_000,
    stallMs: 5_000,
    rewindMs: 40,
    progressEveryMs: 100,
    outputLatencyMs: 0,
  })
})

test('sends the first frame in the call that captures it, and the rest at the pace of playout', async () => {
  const { clock, output, sent, heard } = createLoopback()
  const segment = speak(output, 's1', 20)
  expect(sent).toHaveLength(1)
  segment.capture(countingAudio(980, 8000, 160))
  segment.flush()
  expect(sent).toHaveLength(4)
  await clock.advance(500)
  expect(sent.length).toBeGreaterThanOrEqual(28)
  expect(sent.length).toBeLessThanOrEqual(29)
  await clock.runToRest()
  expect(sent).toHaveLength(50)
  const samples = heard.flatMap((entry) => Array.from(entry.samples))
  expect(samples).toEqual(Array.from(countingAudio(1000).samples))
  expect(heard.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 50 }, (_, index) => index * 20))
  expect(clock.pending).toBe(0)
})

describe('back pressure', () => {
  test('O-1 takes ten seconds ahead, says full, drops nothing and goes on when there is room', async () => {
    const { clock, output, heard } = createLoopback()
    const segment = output.open({ utteranceId: 'u1', segmentId: 's1', format: rate8k })
    let captured = 0
    while (segment.capture(countingAudio(100, 8000, captured * 800)) === 'ok') captured += 1
    // What was sent at once does not wait any more.
    expect(captured).toBe(100)
    let isReady = false
    void segment.ready().then(() => (isReady = true))
    await clock.advance(100)
    expect(isReady).toBe(false)
    await clock.advance(2_500)
    expect(isReady).toBe(true)
    expect(segment.capture(countingAudio(100, 8000, captured * 800))).toBe('ok')
    segment.flush()
    await clock.runToRest()
    const samples = heard.flatMap((entry) => Array.from(entry.samples))
    expect(samples).toEqual(Array.from(countingAudio(10_100).samples))
  })

  test('O-1 a segment that waits its turn cannot fill the queue of the one that is sent', () => {
    const { output } = createLoopback()
    const first = speak(output, 's1', 20)
    const second = output.open({ utteranceId: 'u1', segmentId: 's2', format: rate8k })
    while (second.capture(countingAudio(500)) === 'ok');
    expect(first.capture(countingAudio(500))).toBe('ok')
  })
})
