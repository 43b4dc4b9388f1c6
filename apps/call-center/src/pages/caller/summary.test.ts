import { expect, test } from 'vitest'
import { createNames } from '../shared/names.ts'
import type { MessageRow, TimelineRow } from '../shared/timeline-rows.ts'
import { summarize, transcriptText } from './summary.ts'

const names = createNames([{ id: 'triage', name: 'Riley', role: 'receptionist' }], [], 'ada')
const said = (kind: 'agent' | 'person', id: string, text: string): MessageRow => ({
  kind: 'message',
  key: text,
  speaker: { kind, id },
  text,
  at: '2026-01-01T00:00:00.000Z',
  status: 'committed',
  sources: [],
  isInternal: false,
  isEdited: false,
})

test('a summary says only what the log says', () => {
  const rows: TimelineRow[] = [
    said('agent', 'triage', 'Hello'),
    said('person', 'ada', 'I was charged twice'),
    { kind: 'handoff', key: 'h', at: '', from: 'triage', to: 'human', reason: 'charged twice' },
    said('person', 'desk-dana', 'Done.'),
  ]
  expect(summarize(rows, names, 'ada')).toEqual({
    reasons: ['charged twice'],
    spokeWith: ['Riley', 'Dana'],
    messageCount: 3,
    lastWords: 'Done.',
  })
  expect(transcriptText(rows, names)).toContain('Riley: Hello\n')
})

test('without an answer there is nothing to sum up', () => {
  expect(summarize([said('person', 'ada', 'Hello?')], names, 'ada')).toBeUndefined()
})
