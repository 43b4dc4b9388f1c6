import type { TwilioFault } from '@parley/testing/doubles'
import { expect, test } from 'vitest'
import { phoneCall, speak, tone } from './__fixtures__/phone-call.ts'

const scripts: TwilioFault[] = [
  { kind: 'duplicateStart', atMs: 100 },
  { kind: 'stop', duringPlayout: 400 },
  { kind: 'drop', atMs: 400 },
  { kind: 'jitter', maxMs: 120 },
  { kind: 'loss', percent: 3 },
  { kind: 'muted', atMs: 200, ms: 5_000 },
  { kind: 'stall', atMs: 200, ms: 2_000 },
  { kind: 'silentDeath', atMs: 400 },
  { kind: 'marksNever' },
  { kind: 'marksLate', ms: 1_000 },
  { kind: 'playoutSpeed', speed: 0.98 },
  { kind: 'duplicate' },
  { kind: 'malformed' },
  { kind: 'oversize', bytes: 300_000, atMs: 200 },
  { kind: 'clockSkew', ms: 700 },
]
test.each(scripts)(
  'WA-1 $kind: speech settles once, the call ends in time, nothing is left or broken',
  async (fault) => {
    const { clock, media, double, log } = await phoneCall({ audio: tone(3_000), faults: [fault] })
    const settled: string[] = []
    media.output.on('finished', ({ segmentId }) => void settled.push(segmentId))
    speak(media, 's1', 1_000).flush()
    await clock.advance(1_500)
    if (log.closed.length === 0) speak(media, 's2', 3_000).flush()
    double.dtmf('1')
    await clock.advance(1_000)
    const cut = log.closed.length === 0 ? media.output.clear() : undefined
    await clock.advance(4_000)
    expect(log.digits).toEqual(log.closed.length === 0 ? ['1'] : [])
    expect(cut?.heardMs ?? 0).toBeLessThanOrEqual(2_000)
    await media.close('agent')
    await double.close()
    expect(log.closed).toHaveLength(1)
    expect(settled).toEqual(cut === undefined ? ['s1'] : ['s1', 's2'])
    expect(double.violations).toEqual([])
    expect(clock.pending).toBe(0)
  },
)
