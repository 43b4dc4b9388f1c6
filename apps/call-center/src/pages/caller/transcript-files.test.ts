import { expect, test } from 'vitest'
import { createNames } from '../shared/names.ts'
import type { MessageRow } from '../shared/timeline-rows.ts'
import { transcriptFiles } from './transcript-files.ts'

const startedMs = Date.parse('2026-11-02T09:00:00.000Z')
const names = createNames([{ id: 'triage', name: 'Riley', role: 'reception' }], [], 'ada')
const row = (
  kind: 'agent' | 'person',
  id: string,
  text: string,
  at: string,
  more: Partial<MessageRow> = {},
): MessageRow => ({
  kind: 'message',
  key: text,
  speaker: { kind, id },
  text,
  at,
  status: 'committed',
  sources: [],
  isInternal: false,
  isEdited: false,
  ...more,
})
const rows = [
  row('agent', 'triage', 'What can I do for you?', '2026-11-02T09:00:04.000Z'),
  row('person', 'ada', 'I was <charged> twice & more', '2026-11-02T09:00:05.000Z'),
  row('agent', 'triage', 'only for the team', '2026-11-02T09:00:06.000Z', { isInternal: true }),
  row('person', 'ada', 'not sent', '2026-11-02T09:00:07.000Z', { status: 'failed' }),
]

test('a transcript is kept as text, as subtitles and as data, without what was not said to the caller', () => {
  const [text, subtitles, data] = transcriptFiles(rows, names, startedMs)
  expect(text).toMatchObject({ name: 'harbor-internet.txt', type: 'text/plain' })
  expect(text?.text).toBe(
    '2026-11-02T09:00:04.000Z Riley: What can I do for you?\n2026-11-02T09:00:05.000Z You: I was <charged> twice & more\n',
  )
  expect(subtitles?.text).toBe(
    [
      'WEBVTT',
      '',
      '00:00:01.720 --> 00:00:04.000',
      '<v Riley>What can I do for you?',
      '',
      '00:00:04.000 --> 00:00:05.000',
      '<v You>I was &lt;charged> twice &amp; more',
      '',
    ].join('\n'),
  )
  expect(JSON.parse(data?.text ?? '')).toEqual([
    { at: '2026-11-02T09:00:04.000Z', speaker: 'Riley', role: 'agent', text: 'What can I do for you?' },
    { at: '2026-11-02T09:00:05.000Z', speaker: 'You', role: 'person', text: 'I was <charged> twice & more' },
  ])
})
