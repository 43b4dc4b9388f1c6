import type { AudioFrame, RecordingSink } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCallRecorder } from './call-recorder.ts'

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('say' as const), frames: fc.integer({ min: 1, max: 100 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('speak' as const),
      frames: fc.integer({ min: 1, max: 120 }),
      aheadMs: fc.nat(500),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('silence' as const), ms: fc.nat(5_000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('clear' as const, 'pause' as const, 'resume' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('secret' as const), frames: fc.integer({ min: 1, max: 80 }) }),
  },
)

test('recording: whatever happens, both sides are as long as the call, and secrets are in no byte that was ever written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 15 }), async (operations) => {
      const clock = createVirtualClock({ monotonicMs: 777 })
      const chunks: Uint8Array[] = []
      const sink: RecordingSink = {
        create: async () => ({
          write: async (bytes) => void chunks.push(bytes),
          patch: async () => {},
          close: async () => ({ where: 'here' }),
          discard: async () => {},
        }),
      }
      const recorder = createCallRecorder({ clock, startedAtMs: 777, name: 'call', mode: 'on', sink })
      const frame = (value: number): AudioFrame => ({
        samples: new Int16Array(320).fill(value),
        sampleRateHz: 16_000,
        channels: 1,
        position: 0,
      })
      const say = async (frames: number, value: number): Promise<void> => {
        for (let index = 0; index < frames; index++) {
          await clock.advance(20)
          recorder.caller(frame(value), clock.monotonicMs() - 20)
        }
      }
      for (const next of operations) {
        if (next.type === 'say') await say(next.frames, 1_000)
        else if (next.type === 'speak') {
          for (let index = 0; index < next.frames; index++) {
            recorder.agent(frame(500), { atMs: clock.monotonicMs() + next.aheadMs + index * 20 })
          }
        } else if (next.type === 'silence') await clock.advance(next.ms)
        else if (next.type === 'clear') recorder.cleared(clock.monotonicMs())
        else if (next.type === 'pause') recorder.pause()
        else if (next.type === 'resume') recorder.resume()
        else if ('frames' in next) {
          const end = recorder.mask('caller', clock.monotonicMs())
          await say(next.frames, 7_777)
          end(clock.monotonicMs())
        }
      }
      const receipt = await recorder.finish()
      const elapsedMs = clock.monotonicMs() - 777
      const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
      expect(bytes).toBe(44 + elapsedMs * 16 * 4)
      expect(receipt?.durationMs).toBe(elapsedMs)
      const values = new Set(chunks.slice(1).flatMap((chunk) => [...new Int16Array(chunk.slice().buffer)]))
      expect(values.has(7_777)).toBe(false)
      expect(clock.pending).toBe(0)
    }),
    { numRuns: 25 },
  )
})
