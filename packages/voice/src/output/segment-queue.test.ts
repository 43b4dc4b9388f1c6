import { describe, expect, test } from 'vitest'
import { countingAudio, createLoopback, rate8k } from './__fixtures__/loopback.ts'

describe('formats', () => {
  test('O-8 audio of another rate and number of channels is converted once, and positions are of the segment', async () => {
    const { clock, output, heard, of } = createLoopback()
    const segment = output.open({
      utteranceId: 'u1',
      segmentId: 's1',
      format: { encoding: 'pcm16', sampleRateHz: 24_000, channels: 2 },
    })
    const wave = Int16Array.from(
      { length: 48_000 },
      (_, index) => 8_000 * Math.sin((2 * Math.PI * 440 * (index >> 1)) / 24_000),
    )
    for (let at = 0; at < wave.length; at += 2_880) {
      segment.capture({ samples: wave.slice(at, at + 2_880), sampleRateHz: 24_000, channels: 2, position: at / 2 })
    }
    segment.flush()
    await clock.advance(0)
    await clock.runToRest()
    expect(of('finished')[0]?.positionMs).toBeGreaterThanOrEqual(995)
    expect(of('finished')[0]?.positionMs).toBeLessThanOrEqual(1_005)
    const samples = heard.flatMap((entry) => Array.from(entry.samples)).slice(800, 7_200)
    let crossings = 0
    for (let index = 1; index < samples.length; index++)
      if ((samples[index - 1] ?? 0) < 0 && (samples[index] ?? 0) >= 0) crossings += 1
    expect(Math.abs(crossings - 352)).toBeLessThanOrEqual(1)
    expect(() => segment.capture(countingAudio(20))).not.toThrow()
  })

  test('O-8 the converter of a rate is made once: the next segment is sent in the call that captures it', async () => {
    const { clock, output, sent } = createLoopback()
    const format = { encoding: 'pcm16', sampleRateHz: 24_000, channels: 1 } as const
    const first = output.open({ utteranceId: 'u1', segmentId: 's1', format })
    expect(first.capture(countingAudio(100, 24_000))).toBe('ok')
    expect(sent).toHaveLength(0)
    await clock.advance(0)
    expect(sent.length).toBeGreaterThan(0)
    first.flush()
    await clock.runToRest()
    const before = sent.length
    const second = output.open({ utteranceId: 'u1', segmentId: 's2', format })
    second.capture(countingAudio(100, 24_000))
    expect(sent.length).toBeGreaterThan(before)
  })

  test('O-8 a segment that is cleared before its converter is there makes no sound', async () => {
    const { clock, output, sent, of } = createLoopback()
    const segment = output.open({
      utteranceId: 'u1',
      segmentId: 's1',
      format: { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 },
    })
    segment.capture(countingAudio(100, 16_000))
    expect(output.queuedMs).toBe(100)
    output.clear()
    await clock.runToRest()
    expect(sent).toEqual([])
    expect(of('finished')).toMatchObject([{ segmentId: 's1', interrupted: true, positionMs: 0 }])
  })

  test('a segment may be softer: its gain is applied to every frame', async () => {
    const { clock, output, heard } = createLoopback()
    const segment = output.open({ utteranceId: 'u1', segmentId: 's1', format: rate8k, gainDb: -6 })
    segment.capture({ ...countingAudio(60), samples: new Int16Array(480).fill(10_000) })
    segment.flush()
    await clock.runToRest()
    expect(heard).toHaveLength(3)
    expect(new Set(heard.flatMap(({ samples }) => Array.from(samples)))).toEqual(new Set([5_012]))
  })

  test('O-8 a frame of another format than its segment is refused by name', () => {
    const { output } = createLoopback()
    const segment = output.open({ utteranceId: 'u1', segmentId: 's1', format: rate8k })
    expect(() => segment.capture(countingAudio(20, 16_000))).toThrow(
      expect.objectContaining({ code: 'audio_format_unsupported' }),
    )
  })
})
