import { ConversationState } from '@parley/spec'
import { expect, test } from 'vitest'
import { noteText, notesOf, withNote, withoutNotes } from './delegation-notes.ts'

const about = { id: 'dlg_1', workerName: 'Researcher', task: 'Find the invoice.' }

test('DG-4 a note has at most 4 000 characters and says how the full text is read', () => {
  const long = noteText({ status: 'completed', text: 'x'.repeat(10_000), costNanoUsd: null }, about)
  expect(long.text.length).toBeLessThanOrEqual(4_000)
  expect(long.isCut).toBe(true)
  expect(long.text).toContain('read_delegation_result { "id": "dlg_1"')
  const offset = Number(/"offset": (\d+)/.exec(long.text)?.[1])
  expect(long.text.match(/x{2,}/)?.[0].length).toBe(offset)
})

test('DG-4 a short result is a note as it is', () => {
  const { text, isCut } = noteText(
    { status: 'completed', text: 'It is paid.', value: { paid: true }, costNanoUsd: 0 },
    about,
  )
  expect(isCut).toBe(false)
  expect(text).toBe(
    '[Result of the task given to Researcher ("Find the invoice."): completed]\nIt is paid.\n{"paid":true}',
  )
})

test('DG-4 notes are used up one by one, whoever else has some keeps them', () => {
  const one = { delegationId: 'dlg_1', agentId: 'lead', text: 'a' }
  const other = { delegationId: 'dlg_2', agentId: 'aide', text: 'b' }
  const state = withNote(withNote(new ConversationState(), one), other)
  expect(notesOf(state)).toEqual([one, other])
  expect(notesOf(withoutNotes(state, [one]))).toEqual([other])
  expect(withoutNotes(state, []).toJSON()).toEqual(state.toJSON())
})
