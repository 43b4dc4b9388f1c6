import type { QueueEntry } from '@parley/client'
import { expect, test } from 'vitest'
import { deskTitle, toWaiting, waitLevel } from './desk-lists.ts'

const entry = (roomId: string, urgency: 'normal' | 'high', requestedAt: string): QueueEntry => ({
  roomId,
  human: { status: 'waiting', requestedAt, requestedBy: 'billing', urgency, reason: 'asked' },
})

test('urgent rooms come first, then the longest wait', () => {
  const waiting = toWaiting([
    entry('late', 'normal', '2026-01-01T00:02:00Z'),
    entry('early', 'normal', '2026-01-01T00:01:00Z'),
    entry('urgent', 'high', '2026-01-01T00:03:00Z'),
  ])
  expect(waiting.map(({ roomId }) => roomId)).toEqual(['urgent', 'early', 'late'])
  expect(deskTitle(waiting, [])).toBe('(3) Desk')
  expect(deskTitle([], [])).toBe('Desk')
})

test('a wait turns amber at 60 s and red at 120 s', () => {
  expect([59_999, 60_000, 119_999, 120_000].map(waitLevel)).toEqual(['calm', 'amber', 'amber', 'red'])
})
