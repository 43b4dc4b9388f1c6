import type { AudioFormat } from '@parley/spec'
import { expect, test } from 'vitest'

import { createConverter } from './converter.ts'

const wide: AudioFormat = { encoding: 'pcm16', sampleRateHz: 24_000, channels: 1 }
const phone: AudioFormat = { encoding: 'pcmu', sampleRateHz: 8_000, channels: 1 }

test('A-1 a pair that cannot be converted is refused at setup, with both formats', async () => {
  // A format that does not exist, as from a configuration.
  const opus = { encoding: 'opus', sampleRateHz: 48_000, channels: 1 } as unknown as AudioFormat
  await expect(createConverter(opus, wide)).rejects.toMatchObject({
    code: 'audio_format_unsupported',
    details: { from: { encoding: 'opus', sampleRateHz: 48_000, channels: 1 }, to: wide },
  })
  await expect(createConverter(wide, { ...wide, sampleRateHz: 12_000 as 8_000 })).rejects.toMatchObject({
    code: 'audio_format_unsupported',
    details: { from: wide, to: { sampleRateHz: 12_000 } },
  })
})

test('A-1 every pair of known formats is converted', async () => {
  for (const encoding of ['pcm16', 'pcmu', 'pcma', 'f32'] as const) {
    for (const channels of [1, 2] as const) {
      const converter = await createConverter({ ...wide, channels }, { encoding, sampleRateHz: 8_000, channels: 1 })
      const width = { pcm16: 2, pcmu: 1, pcma: 1, f32: 4 }[encoding]
      const bytes = converter.pushBytes(new Uint8Array(24_000 * channels)).length + converter.flushBytes().length
      expect(bytes).toBe(4_000 * width)
      converter.close()
    }
  }
})

test('A-2 a frame that is not of the format is left out and the stream goes on', async () => {
  const converter = await createConverter(wide, phone)
  const frame = { samples: new Int16Array(480), sampleRateHz: 24_000, channels: 1, position: 0 } as const
  const before = converter.pushFrame(frame).samples.length
  expect(() => converter.pushFrame({ ...frame, sampleRateHz: 16_000 })).toThrow(
    expect.objectContaining({ code: 'audio_frame_invalid' }),
  )
  expect(() => converter.pushBytes(new Uint8Array(3))).toThrow(expect.objectContaining({ code: 'audio_frame_invalid' }))
  const after = converter.pushFrame(frame)
  expect(after).toMatchObject({ position: before, sampleRateHz: 8_000, channels: 1 })
  expect(before + after.samples.length + converter.flushFrame().samples.length).toBe(320)
})

test('two channels become their mean, one becomes two alike', async () => {
  const narrow = await createConverter({ ...wide, channels: 2 }, wide)
  const stereo = { samples: Int16Array.of(100, 300, -5, -7), sampleRateHz: 24_000, channels: 2, position: 0 } as const
  expect(narrow.pushFrame(stereo).samples).toEqual(Int16Array.of(200, -6))
  const widen = await createConverter(wide, { ...wide, channels: 2 })
  const mono = { samples: Int16Array.of(4, -9), sampleRateHz: 24_000, channels: 1, position: 0 } as const
  expect(widen.pushFrame(mono).samples).toEqual(Int16Array.of(4, 4, -9, -9))
})
