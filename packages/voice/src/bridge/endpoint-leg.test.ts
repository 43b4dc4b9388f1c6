import type { AudioFrame, SampleRate } from '@parley/spec'
import { expect, test } from 'vitest'
import { createEndpointLeg } from './endpoint-leg.ts'

const frame = (value: number, rate: SampleRate): AudioFrame => ({
  samples: new Int16Array(rate / 50).fill(value),
  sampleRateHz: rate,
  channels: 1,
  position: 0,
})

test('BR-1 an endpoint of a person is a leg; what its end has no room for is dropped and counted', () => {
  const captured: number[] = []
  let room = 2
  let isFlushed = false
  const made = createEndpointLeg({
    id: 'kim',
    role: 'human',
    endpoint: {
      info: {
        inputFormat: { encoding: 'pcmu', sampleRateHz: 8_000, channels: 1 },
        outputFormat: { encoding: 'pcmu', sampleRateHz: 8_000, channels: 1 },
      },
      output: {
        open: () => ({
          capture(given: AudioFrame) {
            if (room === 0) return 'full'
            room -= 1
            captured.push(given.samples[0] ?? 0)
            return 'ok'
          },
          flush: () => (isFlushed = true),
        }),
      },
    } as unknown as Parameters<typeof createEndpointLeg>[0]['endpoint'], // Only these parts are used.
  })
  for (const value of [1, 2, 3]) made.leg.send(frame(value, 8_000))
  expect([captured, made.dropped, made.leg.inputRateHz]).toEqual([[1, 2], 1, 8_000])
  made.end()
  expect(isFlushed).toBe(true)
})
