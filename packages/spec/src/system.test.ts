import { describe, expect, test } from 'vitest'
import { createSystemClock, createSystemIds } from './system.ts'
import { noLogger, noTelemetry } from './world.ts'

describe('createSystemIds', () => {
  test('PO-1 names are a prefix and 26 characters, unique and ordered by time of creation', () => {
    const ids = createSystemIds()
    const made = Array.from({ length: 5_000 }, () => ids.next('evt'))
    expect(made.every((id) => /^evt_[0-9A-HJKMNP-TV-Z]{26}$/.test(id))).toBe(true)
    expect(new Set(made).size).toBe(made.length)
    expect(made).toEqual(made.toSorted())
  })

  test('PO-1 uuids are UUIDv7s, ordered alike, also within one millisecond', () => {
    const ids = createSystemIds()
    const made = Array.from({ length: 20_000 }, () => ids.uuid())
    expect(made.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(
      true,
    )
    expect(made).toEqual(made.toSorted())
    expect(new Set(made).size).toBe(made.length)
  })

  test('PO-1 tokens are URL-safe and as long as asked for', () => {
    const ids = createSystemIds()
    expect(ids.token()).toMatch(/^[\w-]{43}$/)
    expect(ids.token(16)).toMatch(/^[\w-]{22}$/)
    expect(ids.token()).not.toBe(ids.token())
  })
})

test('an aborted sleep rejects with the reason of the signal', async () => {
  const clock = createSystemClock()
  const stopper = new AbortController()
  const sleeping = clock.sleep(60_000, { signal: stopper.signal })
  stopper.abort('enough')
  await expect(sleeping).rejects.toBe('enough')
})

test('PO-14 the telemetry and the logger that do nothing run the work and make no objects', async () => {
  await expect(noTelemetry.span('parley.turn', {}, async () => 7)).resolves.toBe(7)
  expect(noLogger.child({ room: 'a' })).toBe(noLogger)
  expect(noLogger.info('static', {})).toBeUndefined()
  // One shared function for all of them: nothing is built per call.
  expect(
    new Set([noLogger.debug, noLogger.info, noLogger.warn, noLogger.error, noTelemetry.count, noTelemetry.record]).size,
  ).toBe(1)
})
