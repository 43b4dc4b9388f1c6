import type { RoomUpdate } from '@parley/client'
import type { RoomEvent } from '@parley/spec'
import { expect, test } from 'vitest'
import { emptyTimeline, reduceTimeline, shownRows, type Timeline } from './timeline.ts'

function event(index: number, fields: Partial<RoomEvent> = {}): RoomUpdate {
  return {
    type: 'event',
    event: {
      id: `e${index}`,
      roomId: 'r',
      index,
      type: 'message',
      status: 'committed',
      source: { kind: 'agent', channelId: 'triage', channelType: 'agent', medium: 'text' },
      content: { type: 'text', text: `text ${index}` },
      visibility: 'all',
      addressedTo: null,
      chainDepth: 0,
      createdAt: '2026-01-01T00:00:00.000Z',
      metadata: {},
      ...fields,
    },
  }
}
const mine = {
  kind: 'person',
  participantId: 'ada',
  channelId: 'web',
  channelType: 'websocket',
  medium: 'text',
} as const
const delta = (seq: number, text: string): RoomUpdate => ({
  type: 'delta',
  delta: { from: 'triage', turnId: 't', segmentId: 's', seq, text },
})
const pending = (status: 'pending' | 'sent' | 'failed'): RoomUpdate => ({
  type: 'pending',
  send: {
    idempotencyKey: 'k',
    content: { type: 'text', text: 'hello' },
    status,
    settled: Promise.resolve({ index: 0, duplicate: false }),
  },
})

function after(...updates: RoomUpdate[]): Timeline {
  return updates.reduce(
    (timeline, update, at) => reduceTimeline(timeline, { update, nowMs: at * 1_000, me: 'ada' }),
    emptyTimeline,
  )
}
const texts = (timeline: Timeline): string[] =>
  shownRows(timeline).map((row) => ('text' in row ? `${row.kind}:${row.text}` : row.kind))

test('text grows until the committed event of its segment replaces it', () => {
  expect(texts(after(delta(1, 'Good '), delta(2, 'day')))).toEqual(['message:Good day'])
  const done = after(
    delta(1, 'Good '),
    delta(2, 'day'),
    event(0, { segmentId: 's', content: { type: 'text', text: 'Good day.' } }),
  )
  expect(texts(done)).toEqual(['message:Good day.'])
  expect(done.live).toEqual([])
})

test('a sentence whose beginning was missed is shown whole or not at all', () => {
  expect(after(delta(4, 'end of it')).live).toEqual([])
  const cut = after(delta(1, 'Good '), { type: 'status', status: 'reconnecting', attempt: 0 }, delta(5, 'bye'))
  expect(texts(cut)).toEqual([])
})

test('an event that comes again changes nothing', () => {
  expect(texts(after(event(0), event(1), event(1), event(0)))).toEqual(['message:text 0', 'message:text 1'])
})

test('our own message is shown at once and only once, whichever comes first', () => {
  const logged = event(0, { source: mine, idempotencyKey: 'k', content: { type: 'text', text: 'hello' } })
  for (const order of [
    [pending('pending'), pending('sent'), logged],
    [pending('pending'), logged, pending('sent')],
  ]) {
    const timeline = after(...order)
    expect(texts(timeline)).toEqual(['message:hello'])
    expect(timeline.pending).toEqual([])
  }
  expect(after(pending('pending')).pending[0]).toMatchObject({ status: 'pending', text: 'hello' })
})

test('a refused message keeps its text and may be sent again under its key', () => {
  const failed = after(pending('pending'), pending('failed'))
  expect(failed.pending[0]).toMatchObject({ status: 'failed', text: 'hello', key: 'own:k' })
  const again = reduceTimeline(failed, { update: pending('pending'), nowMs: 9, me: 'ada' })
  expect(again.pending).toHaveLength(1)
  expect(again.pending[0]?.status).toBe('pending')
})

test('a tool runs, ends with its time, and is one row for log and passing events together', () => {
  const passing = (type: 'toolCallStarted' | 'toolCallEnded', status: string): RoomUpdate => ({
    type: 'ephemeral',
    event: { type, from: 'billing', at: '', data: { turnId: 't', callId: 'c', name: 'list_invoices', status } },
  })
  const running = after(passing('toolCallStarted', 'pending'))
  expect(running.rows).toMatchObject([{ kind: 'tool', status: 'running' }])
  const logged = event(0, {
    type: 'toolCallEnded',
    content: {
      type: 'toolCall',
      callId: 'c',
      name: 'list_invoices',
      arguments: {},
      status: 'completed',
      result: { ok: true },
    },
  })
  const done = after(passing('toolCallStarted', 'pending'), passing('toolCallEnded', 'completed'), logged)
  expect(done.rows).toMatchObject([{ kind: 'tool', status: 'done', durationMs: 1_000, result: { ok: true } }])
})

test('a tool that waited for a yes stands after it', () => {
  const passing = (type: 'toolCallStarted' | 'toolCallEnded'): RoomUpdate => ({
    type: 'ephemeral',
    event: { type, from: 'retention', at: '', data: { callId: 'c', name: 'apply_offer', status: 'completed' } },
  })
  const yes = event(0, { source: mine, content: { type: 'text', text: 'yes' } })
  expect(texts(after(passing('toolCallStarted'), yes))).toEqual(['tool', 'message:yes'])
  expect(texts(after(passing('toolCallStarted'), yes, passing('toolCallEnded')))).toEqual(['message:yes', 'tool'])
})

test('losing the connection ends what was under way, and keeps what was said', () => {
  const running: RoomUpdate = {
    type: 'ephemeral',
    event: {
      type: 'toolCallStarted',
      from: 'billing',
      at: '',
      data: { callId: 'c', name: 'run_line_test', status: 'pending' },
    },
  }
  const typing: RoomUpdate = { type: 'ephemeral', event: { type: 'typingStarted', from: 'dana', at: '', data: null } }
  const lost = after(event(0), running, typing, { type: 'status', status: 'reconnecting', attempt: 0 })
  expect(texts(lost)).toEqual(['message:text 0'])
  expect(lost.typing).toEqual([])
})

test('a handoff is one row, for the line of people and the record of colleagues together', () => {
  const record = event(0, {
    type: 'handoff',
    visibility: 'internal',
    content: {
      type: 'system',
      code: 'handoff',
      text: '',
      data: { handoffId: 'h', from: 'triage', to: 'billing', reason: 'duplicate charge', payload: { cents: 7900 } },
    },
  })
  const line = event(1, {
    content: {
      type: 'system',
      code: 'handoff_announced',
      text: '',
      data: { handoffId: 'h', from: 'triage', to: 'billing', toName: 'Morgan', reason: 'duplicate charge' },
    },
  })
  expect(after(record, line).rows).toMatchObject([
    { kind: 'handoff', to: 'billing', reason: 'duplicate charge', payload: { cents: 7900 }, toName: 'Morgan' },
  ])
})

test('questions are open until they are closed, and a room until it is', () => {
  const request = {
    id: 'q',
    roomId: 'r',
    kind: 'confirm',
    agentId: 'retention',
    turnId: 't',
    sensitive: false,
    mode: 'suspend',
    createdAt: '',
    expiresAt: '',
    status: 'open',
  } as const
  const asked = after({ type: 'request', request }, { type: 'request', request })
  expect(asked.requests).toHaveLength(1)
  expect(
    reduceTimeline(asked, {
      update: { type: 'requestClosed', requestId: 'q', status: 'approved' },
      nowMs: 0,
      me: 'ada',
    }).requests,
  ).toEqual([])
  expect(
    after(event(0, { type: 'roomClosed', content: { type: 'system', code: 'room_closed', text: '' } })).isClosed,
  ).toBe(true)
})

test('an edit changes the text in its place', () => {
  const timeline = after(
    event(0),
    event(1, {
      type: 'edit',
      content: { type: 'edit', targetEventId: 'e0', content: { type: 'text', text: 'better' } },
    }),
  )
  expect(texts(timeline)).toEqual(['message:better'])
})

test('a line that was cut short says so where its words are not known', () => {
  const text = (interrupted?: true) =>
    event(0, { content: { type: 'text', text: 'A credit of', ...(interrupted === undefined ? {} : { interrupted }) } })
  const rowOf = (update: RoomUpdate) => reduceTimeline(emptyTimeline, { update, nowMs: 0, me: undefined }).rows[0]
  expect(rowOf(text(true))).toMatchObject({ text: 'A credit of', isCut: true })
  expect(rowOf(text())).not.toHaveProperty('isCut')
})

test.each([
  ['monitor', 'Dana listens in'],
  ['whisperAgent', 'Dana talks to the agent, unheard by the caller'],
  ['barge', 'Dana speaks to everybody'],
  ['off', 'Dana has left the line'],
])('what a colleague does on the line is said in words: %s', (to, text) => {
  const content = { type: 'system' as const, code: 'coach_changed', text: `desk-dana: ${to}` }
  const changed = event(0, {
    type: 'system',
    visibility: 'internal',
    content: { ...content, data: { participantId: 'desk-dana', from: 'off', to } },
  })
  const { rows } = reduceTimeline(emptyTimeline, { update: changed, nowMs: 0, me: undefined })
  expect(rows).toMatchObject([{ kind: 'notice', text, isInternal: true }])
})
