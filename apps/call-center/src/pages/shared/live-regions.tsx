import type { MessageRow, TimelineRow } from './timeline-rows.ts'

const keptSentences = 30

/** What readers of the screen are told: each finished sentence once, states politely, failures at once. */
export function LiveRegions({
  rows,
  nameOf,
  status,
  alert,
}: {
  rows: readonly TimelineRow[]
  nameOf: (row: MessageRow) => string
  status: string
  alert: string
}) {
  const said = rows
    .filter((row): row is MessageRow => row.kind === 'message' && row.status === 'committed')
    .slice(-keptSentences)
  return (
    <div className="sr-only">
      <div role="log" aria-label="What was said" aria-live="polite">
        {said.map((row) => (
          <p key={row.key}>
            {nameOf(row)}: {row.text}
          </p>
        ))}
      </div>
      <p role="status">{status}</p>
      <p role="alert">{alert}</p>
    </div>
  )
}
