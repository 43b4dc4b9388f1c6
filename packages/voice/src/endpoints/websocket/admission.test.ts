import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { createCallAdmission } from './admission.ts'
import { callMediaRoute } from './call-media-route.ts'
import { setUpMedia } from './__fixtures__/media-setup.ts'

test('W-8 an address connects 20 times a minute, then waits', async () => {
  const clock = createVirtualClock()
  const admission = createCallAdmission({ clock })
  for (let index = 0; index < 20; index++) {
    expect(admission.connect('192.0.2.1')).toEqual({ allowed: true })
    await clock.advance(1_000)
  }
  expect(admission.connect('192.0.2.1')).toEqual({ allowed: false, retryAfterMs: 40_000 })
  expect(admission.connect('192.0.2.2')).toEqual({ allowed: true })
  await clock.advance(40_000)
  expect(admission.connect('192.0.2.1')).toEqual({ allowed: true })
})

test('W-8 an identity has five calls; one that ends makes room once', () => {
  const admission = createCallAdmission({ clock: createVirtualClock() })
  const leave = Array.from({ length: 5 }, () => admission.enter('ada'))
  expect(leave.every((each) => each !== undefined)).toBe(true)
  expect(admission.hasRoom('ada')).toBe(false)
  expect(admission.enter('ada')).toBeUndefined()
  expect(admission.hasRoom('ben')).toBe(true)
  leave[0]?.()
  leave[0]?.()
  expect(admission.enter('ada')).toBeDefined()
  expect(admission.enter('ada')).toBeUndefined()
})

test('W-8 both are refused before the upgrade with 429 and retry-after, a known call is let in again', async () => {
  const { clock, media, open } = setUpMedia()
  await open()
  const admission = createCallAdmission({ clock, callsPerIdentity: 1, connectsPerMinute: 3 })
  admission.enter('ada')
  const route = callMediaRoute({ media, onCall: () => {}, admission, identityOf: (principal) => String(principal) })
  expect(route).toMatchObject({ path: '/v1/calls/:callId/media', protocol: 'parley.call.v1', requiresPrincipal: false })
  const request = new Request('https://talk.example/v1/calls/call-1/media')
  const ask = (callId: string) => route.authorize(request, 'ada', { address: '192.0.2.1', params: { callId } })
  expect(await ask('call-1')).toBeNull()
  expect(await ask('call-9')).toEqual({ status: 429, headers: { 'retry-after': '5' } })
  expect(await ask('call-1')).toBeNull()
  expect(await ask('call-1')).toEqual({ status: 429, headers: { 'retry-after': '60' } })
})
