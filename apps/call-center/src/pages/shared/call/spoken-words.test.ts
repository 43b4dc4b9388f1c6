import type { CallUpdate } from '@parley/client'
import { expect, test } from 'vitest'
import type { MessageRow } from '../timeline-rows.ts'
import { endSpoken, matchRows, nothingSpoken, reduceSpoken, type SpokenWords } from './spoken-words.ts'

const caption = (text: string, more: Partial<Extract<CallUpdate, { type: 'caption' }>> = {}): CallUpdate => ({
  type: 'caption',
  id: 'u1',
  role: 'agent',
  agentId: 'billing',
  name: 'Morgan',
  text,
  final: false,
  ...more,
})
const heard = (played: number, confirmed: number, cut?: number): CallUpdate => ({
  type: 'heard',
  utteranceId: 'u1',
  played,
  confirmed,
  ...(cut === undefined ? {} : { cut }),
})
const segment: CallUpdate = {
  type: 'segment',
  utteranceId: 'u1',
  segmentId: 's1',
  agentId: 'billing',
  kind: 'reply',
  phase: 'start',
}
const after = (...updates: CallUpdate[]): SpokenWords => updates.reduce(reduceSpoken, nothingSpoken)
const states = (spoken: SpokenWords): string[] => spoken.lines[0]?.words.map((word) => word.heard) ?? []
const row = (key: string, text: string): MessageRow => ({
  kind: 'message',
  key,
  speaker: { kind: 'agent', id: 'billing' },
  text,
  at: '2026-11-02T09:00:00.000Z',
  status: 'committed',
  sources: [],
  isInternal: false,
  isEdited: false,
  utteranceId: 'u1',
})

test('words are queued, then at the ear, then heard, and cut where they never were', () => {
  expect(states(after(caption('I see two payments.')))).toEqual(['queued', 'queued', 'queued', 'queued'])
  expect(states(after(caption('I see two payments.'), segment))).toEqual(['playing', 'queued', 'queued', 'queued'])
  const halfway = after(caption('I see two payments.'), segment, heard(2, 1))
  expect(states(halfway)).toEqual(['heard', 'heard', 'playing', 'queued'])
  expect(halfway.lines[0]?.words.map(({ isConfirmed }) => isConfirmed)).toEqual([true, false, false, false])
  const over = [caption('I see two payments.', { final: true, interrupted: true }), heard(2, 2, 2)]
  expect(states(over.reduce(reduceSpoken, halfway))).toEqual(['heard', 'heard', 'cut', 'cut'])
})

test('what was still to be said when the call ended is cut, and stands in the row of what was heard', () => {
  const spoken = endSpoken(after(caption('I see two payments.'), segment, heard(1, 1)))
  expect(states(spoken)).toEqual(['heard', 'heard', 'cut', 'cut'])
  expect(spoken.lines[0]).toMatchObject({ isFinal: true, isCut: true })
  const { byRow, open } = matchRows(spoken, [row('a', 'I see')])
  expect(byRow.get('a')?.map(({ heard: how }) => how)).toEqual(['heard', 'heard', 'cut', 'cut'])
  expect(open).toEqual([])
  // A line that was heard to its end is not called cut.
  const whole = endSpoken(after(caption('I see.'), segment, heard(2, 2)))
  expect(whole.lines[0]).toMatchObject({ isCut: false, isFinal: true })
})

test('a longer caption keeps what was heard of the shorter one', () => {
  const spoken = after(caption('I see'), segment, heard(1, 1), caption('I see two payments.'))
  expect(states(spoken)).toEqual(['heard', 'playing', 'queued', 'queued'])
  expect(spoken.lines).toHaveLength(1)
})

test('a line that is over has no word at the ear any more', () => {
  const spoken = after(caption('I see'), segment, heard(1, 1), caption('I see', { final: true }), heard(2, 2))
  expect(states(spoken)).toEqual(['heard', 'heard'])
})

test('what the person is understood to say stands until their turn is in the log', () => {
  const interim = after(caption('I was', { id: 'user-0', role: 'user' }))
  expect(interim.interim).toBe('I was')
  expect(reduceSpoken(interim, caption('I was charged', { id: 'user-0', role: 'user', final: true })).interim).toBe('')
})

test('a line is shown once: in the row that the log has of it, with the words nobody heard behind', () => {
  const spoken = after(
    caption('One moment. Two payments were taken.', { final: true, interrupted: true }),
    heard(3, 3, 3),
  )
  expect(matchRows(spoken, []).open).toHaveLength(1)
  const { byRow, open } = matchRows(spoken, [row('a', 'One moment. Two')])
  expect(open).toEqual([])
  expect(byRow.get('a')?.map(({ text }) => text)).toEqual(['One', 'moment.', 'Two', 'payments', 'were', 'taken.'])
})

test('a line in two rows, before and after a tool, gives each its own words', () => {
  const spoken = after(caption('One moment. I see two payments.'), heard(3, 3))
  const first = matchRows(spoken, [row('a', 'One moment.')])
  expect(first.byRow.get('a')?.map(({ text }) => text)).toEqual(['One', 'moment.'])
  expect(first.open[0]?.words.map(({ text }) => text)).toEqual(['I', 'see', 'two', 'payments.'])
  const over = reduceSpoken(spoken, caption('One moment. I see two payments.', { final: true }))
  const both = matchRows(over, [row('a', 'One moment.'), row('b', 'I see two payments.')])
  expect(both.byRow.get('b')?.map(({ text }) => text)).toEqual(['I', 'see', 'two', 'payments.'])
  expect(both.open).toEqual([])
})

test('a line that never comes into the log goes when the next begins', () => {
  const filler = after(caption('One moment, please.', { id: 'f', final: true }))
  expect(matchRows(filler, []).open.map(({ id }) => id)).toEqual(['f'])
  const next = reduceSpoken(filler, caption('I see', { final: true }))
  expect(matchRows(next, []).open.map(({ id }) => id)).toEqual(['u1'])
  // Nor does it come back when the next one stands in the log.
  expect(matchRows(next, [row('a', 'I see')]).open).toEqual([])
})
