import type { Names } from '../shared/names.ts'
import type { MessageRow, TimelineRow } from '../shared/timeline-rows.ts'

/** A file the caller may keep. */
export interface TranscriptFile {
  name: string
  type: string
  text: string
}

/** How long a word takes where only the end of a sentence is known, in ms. */
const wordMs = 380

/** The conversation as plain text, as subtitles of the call, and as data. */
export function transcriptFiles(rows: readonly TimelineRow[], names: Names, startedMs: number): TranscriptFile[] {
  const said = rows.filter(
    (row): row is MessageRow => row.kind === 'message' && row.status === 'committed' && !row.isInternal,
  )
  const lines = said.map((row) => `${row.at} ${names.speaker(row.speaker)}: ${row.text}`)
  const data = said.map(({ at, speaker, text }) => ({
    at,
    speaker: names.speaker(speaker),
    role: speaker.kind,
    text,
  }))
  return [
    { name: 'harbor-internet.txt', type: 'text/plain', text: `${lines.join('\n')}\n` },
    { name: 'harbor-internet.vtt', type: 'text/vtt', text: subtitles(said, names, startedMs) },
    { name: 'harbor-internet.json', type: 'application/json', text: `${JSON.stringify(data, null, 2)}\n` },
  ]
}

/** Rows are in the log when they were said, so each ends there and begins as long before as its words take. */
function subtitles(said: readonly MessageRow[], names: Names, startedMs: number): string {
  let lastMs = 0
  const cues = said.map((row) => {
    const endMs = Math.max(lastMs + wordMs, Date.parse(row.at) - startedMs)
    const beginMs = Math.max(lastMs, endMs - row.text.split(/\s+/u).length * wordMs)
    lastMs = endMs
    const text = row.text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(/\n+/gu, ' ')
    return `${stamp(beginMs)} --> ${stamp(endMs)}\n<v ${names.speaker(row.speaker)}>${text}\n`
  })
  return ['WEBVTT\n', ...cues].join('\n')
}

function stamp(ms: number): string {
  const pad = (value: number, length = 2): string => String(Math.floor(value)).padStart(length, '0')
  return `${pad(ms / 3_600_000)}:${pad((ms / 60_000) % 60)}:${pad((ms / 1_000) % 60)}.${pad(ms % 1_000, 3)}`
}
