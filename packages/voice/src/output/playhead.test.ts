import { describe, expect, test } from 'vitest'
import { createLoopback, speak } from './__fixtures__/loopback.ts'

describe('positions', () => {
  test('O-6 a report is confirmed, between two the clock estimates', async () => {
    const { clock, output, of } = createLoopback({ capabilities: { played: 'report' } })
    speak(output, 's1', 1_000).flush()
    await clock.advance(500)
    expect(
      of('progress')
        .filter(({ confidence }) => confidence === 'confirmed')
        .map(({ positionMs }) => positionMs),
    ).toEqual([100, 200, 300, 400, 500])
    await clock.advance(50)
    expect(output.clear()).toMatchObject({ positionMs: 550, confidence: 'estimated' })
  })

  test('O-6 without any source the clock counts from the first frame, less the latency', async () => {
    const { clock, output, of } = createLoopback({ capabilities: { played: 'clock' }, outputLatencyMs: 150 })
    await clock.advance(1_000)
    speak(output, 's1', 500).flush()
    expect(of('started')).toEqual([])
    await clock.advance(400)
    expect(of('started')).toMatchObject([{ confidence: 'estimated' }])
    expect(of('started')[0]?.atMs).toBeLessThanOrEqual(1_160)
    expect(output.positionSource).toBe('clock')
    expect(output.clear()).toMatchObject({ heardMs: 250, confidence: 'estimated' })
  })

  test('O-6 a source that is silent for a second is replaced, once, with an event', async () => {
    for (const played of ['mark', 'report'] as const) {
      const { clock, output, of, far } = createLoopback({ capabilities: { played } })
      speak(output, 's1', 5_000).flush()
      await clock.advance(600)
      expect(output.positionSource).toBe(played)
      far.marks = far.reports = false
      await clock.advance(played === 'mark' ? 1_100 : 900)
      expect(output.positionSource).toBe(played)
      await clock.advance(300)
      expect(output.positionSource).toBe('clock')
      far.marks = far.reports = true
      await clock.runToRest()
      expect(output.positionSource).toBe('clock')
      expect(of('progress').filter(({ source }) => source !== undefined)).toMatchObject([{ source: 'clock' }])
      expect(of('finished')).toMatchObject([{ positionMs: 5_000, confidence: 'estimated', interrupted: false }])
      expect(clock.pending).toBe(0)
    }
  })

  test('O-6 a slow far end is followed: nothing more than two seconds ahead of it is sent', async () => {
    const { clock, output, far, sent, heard, of } = createLoopback({
      capabilities: { played: 'report' },
      queueMs: 400_000,
    })
    far.speed = 0.9
    speak(output, 's1', 40_000).flush()
    let most = 0
    for (let at = 0; at < 40_000; at += 500) {
      await clock.advance(500)
      most = Math.max(most, sent.length - heard.length)
    }
    expect(most).toBeGreaterThan(90)
    expect(most).toBeLessThanOrEqual(106) // reports come every 100 ms
    await clock.runToRest()
    expect(output.positionSource).toBe('report')
    expect(of('finished')).toMatchObject([{ positionMs: 40_000, confidence: 'confirmed' }])
  })
})
