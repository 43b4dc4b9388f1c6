import { signTwilioRequest } from '@parley/testing/doubles'
import { expect, test, vi } from 'vitest'
import { isSignedByTwilio } from './verify-signature.ts'

const compared = vi.hoisted(() => ({ count: 0 }))
vi.mock(import('node:crypto'), async (original) => {
  const crypto = await original()
  return {
    ...crypto,
    timingSafeEqual(one, other) {
      compared.count += 1
      return crypto.timingSafeEqual(one, other)
    },
  }
})

const authToken = 'a-secret-of-the-account'
const address = 'https://calls.example.com/v1/twilio/media'

function comparisons(signature: string): { isSigned: boolean; count: number } {
  compared.count = 0
  return { isSigned: isSignedByTwilio({ authToken, address, signature }), count: compared.count }
}

test('TW-1 all forms are compared in constant time, to the end, whichever fits', async () => {
  const first = await signTwilioRequest(authToken, 'wss://calls.example.com/v1/twilio/media')
  const last = await signTwilioRequest(authToken, 'https://calls.example.com:443/v1/twilio/media/')
  const wrong = await signTwilioRequest('another', address)
  expect(comparisons(first)).toEqual({ isSigned: true, count: 8 })
  expect(comparisons(last)).toEqual({ isSigned: true, count: 8 })
  expect(comparisons(wrong)).toEqual({ isSigned: false, count: 8 })
})

test('TW-1 a plain address of a test is signed as such', async () => {
  const local = 'http://127.0.0.1:3000/v1/twilio/media'
  const signature = await signTwilioRequest(authToken, 'ws://127.0.0.1:3000/v1/twilio/media')
  expect(isSignedByTwilio({ authToken, address: local, signature })).toBe(true)
  const secure = await signTwilioRequest(authToken, 'wss://127.0.0.1:3000/v1/twilio/media')
  expect(isSignedByTwilio({ authToken, address: local, signature: secure })).toBe(false)
})
