import { expect, test } from 'vitest'
import { z } from 'zod'
import { wait } from './wait.ts'

test('12.3 waits with what holds where nothing is said', () => {
  expect(wait.approval()).toEqual({ type: 'approval', onTimeout: 'reject' })
  expect(wait.event('paid')).toEqual({ type: 'event', name: 'paid', onTimeout: 'reject' })
  expect(wait.timer(500)).toEqual({ type: 'timer', ms: 500, onTimeout: 'reject' })
})

test('12.3 a schema may be a contract, and null is a default', () => {
  expect(wait.approval({ schema: z.object({ ok: z.boolean() }), onTimeout: 'default', default: null })).toEqual({
    type: 'approval',
    onTimeout: 'default',
    default: null,
    schema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
  })
  expect(wait.event('paid', { match: { id: 0 }, schema: { type: 'object' } })).toMatchObject({
    match: { id: 0 },
    schema: { type: 'object' },
  })
})

test('12.3 a timer until an instant is kept in UTC', () => {
  const at = '2026-01-31T09:30:00.000Z'
  expect(wait.timer('2026-01-31T10:30:00+01:00')).toMatchObject({ at })
  expect(wait.timer(new Date(at))).toMatchObject({ at })
  expect(() => wait.timer('tomorrow')).toThrow(expect.objectContaining({ code: 'invalid_options' }))
})

test('1 an unknown option of a wait is refused', () => {
  expect(() => wait.approval({ aprovers: [] } as object)).toThrow(/Did you mean "approvers"\?/)
  expect(() => wait.event('')).toThrow(/needs the name of an event/)
})
