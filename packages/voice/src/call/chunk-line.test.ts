import { ParleyError, type AudioFrame, type AudioOutput } from '@parley/spec'
import { createSeededIds, createTestEndpoint, createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { createHeardLedger } from '../ledger/heard-ledger.ts'
import { ChunkLine } from './chunk-line.ts'

const frame: AudioFrame = { samples: new Int16Array(480).fill(900), sampleRateHz: 24_000, channels: 1, position: 0 }

test('O-10 sound that waits for a line that has gone is left unsaid, and nothing breaks', async () => {
  const clock = createVirtualClock()
  const ledger = createHeardLedger({ clock })
  ledger.open({ utteranceId: 'u1', agentId: 'anna', kind: 'reply' })
  const { output } = createTestEndpoint({ clock })
  const gone: AudioOutput = {
    ...output,
    open() {
      throw new ParleyError({ code: 'voice_call_ended', message: 'The call is over.' })
    },
  }
  let settled = 0
  const line = new ChunkLine({
    clock,
    ids: createSeededIds(1),
    ledger,
    output: gone,
    stallTtsMs: 10_000,
    utterance: { id: 'u1', kind: 'reply', agentId: 'anna' },
    onChunk: () => {},
    onSpoken: () => {},
    onFailed: () => {},
    onSettled: () => (settled += 1),
  })
  for (const text of ['One.', 'Two.']) line.play(line.add(text, 0), [frame])
  // A rejection that nobody handles fails the run.
  line.open()
  await clock.advance(20_000)
  expect(line.isSettled()).toBe(true)
  expect(line.inHand).toBe(0)
  expect(line.hasStarted).toBe(false)
  expect(settled).toBeGreaterThan(0)
})
