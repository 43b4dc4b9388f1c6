import type { QueueEntry } from '@parley/client'
import type { Room, LiveCallInfo } from '@parley/spec'
import { expect, test } from 'vitest'
import { deskTitle, toLive, toWaiting, waitLevel } from './desk-lists.ts'

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

const at = '2026-01-01T00:00:00.000Z'
const room = (id: string, given: Partial<Room>, phase = 'billing', human?: string): Room => ({
  id,
  status: 'active',
  version: 1,
  createdAt: at,
  updatedAt: at,
  lastActivityAt: at,
  timers: {},
  agentResponsePolicy: 'chain',
  metadata: {},
  eventCount: 0,
  latestIndex: -1,
  deliveredIndex: -1,
  conversation: {
    version: 1,
    phase,
    mode: human === undefined ? 'agent' : 'human',
    activeAgentId: phase === 'wrapup' ? null : 'billing',
    previousAgentId: null,
    phaseHistory: [],
    phaseStartedAt: at,
    handoffCount: 0,
    context: {},
    ...(human === undefined
      ? {}
      : {
          human: {
            status: 'active',
            requestedAt: at,
            requestedBy: 'billing',
            claimedBy: human,
            claimedAt: at,
            urgency: 'normal',
            reason: '',
          },
        }),
  },
  ...given,
})
const callIn = (roomId: string, more: Partial<LiveCallInfo> = {}): LiveCallInfo => ({
  callId: `call of ${roomId}`,
  roomId,
  participantId: 'ada',
  user: 'listening',
  agent: 'listening',
  media: 'connected',
  ...more,
})
const begun = { call: { callId: 'c' } }
const over = { call: { callId: 'c', endedAt: '2026-01-01T00:01:00.000Z', reason: 'lost' } }

test('apps 2 a call that is lost says until when it may come back, one that is over says why', () => {
  const rooms = [
    room('typed', {}),
    room('talks', { metadata: begun }),
    room('lost', { metadata: begun }),
    room('gone', { metadata: over }),
    room('cut', { metadata: begun }),
    room('writes', { metadata: over, lastActivityAt: '2026-01-01T00:02:00.000Z' }),
    room('ended', {}, 'wrapup'),
    room('taken', { metadata: over }, 'wrapup', 'desk-dana'),
  ]
  const calls = [callIn('talks'), callIn('lost', { media: 'lost', returnWithinMs: 12_000 })]
  const shown = toLive(rooms, calls, 1_000)
  const facts = shown.map(({ roomId, lostUntilMs, ended, isOver }) => [roomId, { lostUntilMs, ended, isOver }])
  expect(Object.fromEntries(facts)).toEqual({
    typed: { isOver: false },
    talks: { isOver: false },
    lost: { lostUntilMs: 13_000, isOver: false },
    gone: { ended: { reason: 'lost' }, isOver: true },
    // The process that held it is gone; the caller's page may call again at any moment.
    cut: { ended: {}, isOver: false },
    writes: { ended: { reason: 'lost' }, isOver: false },
    ended: { isOver: true },
    taken: { ended: { reason: 'lost' }, isOver: false },
  })
})
