import { createSocketPair, createVirtualClock } from '@parley/testing'
import { createTwilioCallDouble } from '@parley/testing/doubles'
import { expect, test } from 'vitest'
import { phoneCall, recorder, speak, tone } from './__fixtures__/phone-call.ts'
import { createTwilioEndpoint } from './twilio-endpoint.ts'
import type { TwilioRecordedFrame } from './twilio-options.ts'

async function recordedCall(recordText: boolean): Promise<{ frames: TwilioRecordedFrame[]; callSids: Set<string> }> {
  const frames: TwilioRecordedFrame[] = []
  const callSids = new Set<string>()
  const record = (frame: TwilioRecordedFrame, callSid: string): void => {
    frames.push(frame)
    callSids.add(callSid)
  }
  const parameters = { from: '+15550100' }
  const { clock, media, double } = await phoneCall({ audio: tone(400), parameters, options: { record, recordText } })
  speak(media, 's1', 600).flush()
  await clock.advance(500)
  double.dtmf('7')
  await clock.advance(500)
  double.hangup()
  await clock.advance(100)
  return { frames, callSids }
}

test('WA-2 a recording holds no credentials and no words, and the double serves it again', async () => {
  const { frames, callSids } = await recordedCall(false)
  const text = JSON.stringify(frames)
  for (const secret of ['test-key', '+15550100', '\\"digit\\":\\"7\\"']) expect(text).not.toContain(secret)
  expect(callSids.size).toBeLessThanOrEqual(2) // none is known before the start
  expect(new Set(frames.map(({ direction }) => direction))).toEqual(new Set(['in', 'out']))

  const clock = createVirtualClock()
  const [ours, theirs] = createSocketPair()
  const recorded = frames.filter(({ direction }) => direction === 'in')
  const double = await createTwilioCallDouble({ socket: theirs, clock, recorded })
  const twilio = createTwilioEndpoint({
    authToken: 'k',
    publicUrl: 'https://calls.example.com',
    clock,
    fetch: double.fetch,
  })
  const media = await twilio.connect(ours)
  const { log, handlers } = recorder()
  await media?.start(handlers)
  if (media !== null) speak(media, 's1', 600).flush()
  await clock.advance(2_000)
  expect(log.frames).toHaveLength(50)
  expect(log.frames.every(({ isSilent }) => isSilent)).toBe(true)
  expect(log.digits).toEqual(['0'])
  expect(log.closed).toEqual(['hangup'])
  expect(double.violations).toEqual([])
  await double.close()
  expect(clock.pending).toBe(0)
})

test('WA-2 sounds and parameters are recorded where that is allowed', async () => {
  const { frames } = await recordedCall(true)
  const text = JSON.stringify(frames)
  for (const part of ['+15550100', '\\"digit\\":\\"7\\"']) expect(text).toContain(part)
})
