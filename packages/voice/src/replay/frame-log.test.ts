import { expect, test } from 'vitest'
import { FrameLog } from './frame-log.ts'

const frame = (...samples: number[]): { samples: Int16Array } => ({ samples: Int16Array.from(samples) })

/** FNV-1a as its authors have it, over 16-bit units. */
function fnv(samples: readonly number[]): string {
  let hash = 0x811c9dc5
  for (const sample of samples) hash = Math.imul(hash ^ sample, 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}

test('call log: a second of frames is one summary of count, level and hash; what follows is the next', () => {
  const log = new FrameLog('caller')
  for (let at = 0; at < 75; at += 1) log.add(frame(16_384, -16_384), 100 + at * 20, false)
  expect(log.summaries).toEqual([
    {
      side: 'caller',
      atMs: 100,
      frames: 50,
      samples: 100,
      rmsDbfs: -6,
      hash: fnv(Array(50).fill([16_384, -16_384]).flat()),
    },
    {
      side: 'caller',
      atMs: 1_100,
      frames: 25,
      samples: 50,
      rmsDbfs: -6,
      hash: fnv(Array(25).fill([16_384, -16_384]).flat()),
    },
  ])
  expect(new FrameLog('agent').summaries).toEqual([])
})

test('call log: other sound of the same level has another hash, and digital silence no level', () => {
  const hashes = [
    [1, 2],
    [2, 1],
    [-1, 2],
  ].map((samples) => {
    const log = new FrameLog('caller')
    log.add(frame(...samples), 0, false)
    return log.summaries[0]?.hash
  })
  expect(new Set(hashes).size).toBe(3)
  const quiet = new FrameLog('caller')
  quiet.add(frame(0, 0), 0, false)
  expect(quiet.summaries).toMatchObject([{ frames: 1, rmsDbfs: null }])
})

test('D-4 call log: a second in which a secret was said has no hash; the next one has', () => {
  const log = new FrameLog('caller')
  for (let at = 0; at < 100; at += 1) log.add(frame(5), at * 20, at === 30)
  expect(log.summaries).toMatchObject([{ hash: null, frames: 50 }, { hash: expect.stringMatching(/^[0-9a-f]{8}$/) }])
})

test('call log: of a very long call the last hour of summaries is kept, in order', () => {
  const log = new FrameLog('agent')
  for (let at = 0; at < 3_605; at += 1) log.add(frame(1), at * 1_000, false)
  const { summaries } = log
  expect(summaries).toHaveLength(3_601) // and the second that is not over
  expect(summaries.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 3_601 }, (_, at) => (at + 4) * 1_000))
})

test('call log: a pause without frames leaves a hole rather than a long summary', () => {
  const log = new FrameLog('caller')
  log.add(frame(1), 0, false)
  log.add(frame(1), 60_000, false)
  expect(log.summaries).toMatchObject([
    { atMs: 0, frames: 1 },
    { atMs: 60_000, frames: 1 },
  ])
})
