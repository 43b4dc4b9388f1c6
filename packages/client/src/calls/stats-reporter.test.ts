import type { CallFrame, MediaStats } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { createStatsReporter } from './stats-reporter.ts'

test('every 5 s the numbers of the connection are sent: losses, jitter, underruns, latency', async () => {
  const clock = createVirtualClock()
  const sent: MediaStats[] = []
  const stats = createStatsReporter({
    clock,
    rttMs: () => 31,
    underruns: () => 2,
    outputLatencyMs: () => 24.6,
    send: (numbers) => void sent.push(numbers),
  })
  const frame = (sequence: number, gap = false): void =>
    stats.frame({
      sequence,
      gap,
      position: 0,
      epoch: 0,
      codec: 'pcm16',
      rate: 24_000,
      last: false,
      priority: false,
      payload: new Uint8Array(),
    } satisfies CallFrame)
  frame(2 ** 32 - 1)
  await clock.advance(20)
  frame(0)
  await clock.advance(52)
  frame(3)
  await clock.advance(1_000)
  frame(4, true)
  await clock.advance(3_927)
  expect(sent).toEqual([])
  await clock.advance(1)
  expect(sent).toEqual([{ rttMs: 31, jitterMs: 2, underruns: 2, lost: 2, outputLatencyMs: 25 }])
  stats.close()
  expect(clock.pending).toBe(0)
})
