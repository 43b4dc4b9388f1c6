import type { Names } from '../shared/names.ts'
import type { TimelineRow } from '../shared/timeline-rows.ts'

/** What can be told of a conversation from its log, without a model. */
export interface Summary {
  /** Why it was handed over, in order. */
  reasons: readonly string[]
  /** Who answered, each once, in order. */
  spokeWith: readonly string[]
  messageCount: number
  /** The last thing that was said to the caller. */
  lastWords: string
}

/** Reads a summary from the log; undefined when nobody answered. Pure. */
export function summarize(rows: readonly TimelineRow[], names: Names, me: string): Summary | undefined {
  const reasons: string[] = []
  const spokeWith = new Set<string>()
  let messageCount = 0
  let lastWords = ''
  for (const row of rows) {
    if (row.kind === 'handoff' && row.reason !== '' && !reasons.includes(row.reason)) reasons.push(row.reason)
    if (row.kind !== 'message') continue
    messageCount += 1
    if (row.speaker.id === me || row.speaker.kind === 'system') continue
    spokeWith.add(names.speaker(row.speaker))
    lastWords = row.text
  }
  return spokeWith.size === 0 ? undefined : { reasons, spokeWith: [...spokeWith], messageCount, lastWords }
}

/** The conversation as plain text, to be kept. */
export function transcriptText(rows: readonly TimelineRow[], names: Names): string {
  return rows
    .flatMap((row) => (row.kind === 'message' ? [`${row.at} ${names.speaker(row.speaker)}: ${row.text}`] : []))
    .join('\n')
}
