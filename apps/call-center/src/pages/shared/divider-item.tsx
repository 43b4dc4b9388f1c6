import type { Names } from './names.ts'
import type { HandoffRow } from './timeline-rows.ts'

/** A line across the conversation with a sentence in it. */
export function DividerItem({ text, kind }: { text: string; kind: string }) {
  return (
    <li data-row={kind} className="mt-6 flex items-center gap-3 text-sm text-muted">
      <span aria-hidden className="h-px flex-1 bg-line" />
      <span className="text-center">{text}</span>
      <span aria-hidden className="h-px flex-1 bg-line" />
    </li>
  )
}

/** The sentence of a handoff. */
export function handoffText(row: HandoffRow, names: Names): string {
  const from = row.fromName ?? (row.from === null ? 'a colleague' : names.agent(row.from))
  return `handed from ${from} to ${row.toName ?? names.agent(row.to)}`
}
