import { formatSeconds } from './format.ts'
import type { ToolRow } from './timeline-rows.ts'
import { doneLabel, runningLabel } from './tool-labels.ts'
import { useNow } from './use-now.ts'

/** What takes less is not worth a number. */
const shortMs = 100

/** A tool at work, with its seconds. */
export function ToolItem({ row }: { row: ToolRow }) {
  const isRunning = row.status === 'running'
  const nowMs = useNow(100, isRunning)
  const ms = row.durationMs ?? Math.max(0, nowMs - row.startedMs)
  const label = isRunning
    ? runningLabel(row.name)
    : row.status === 'failed'
      ? `${runningLabel(row.name)}: did not work`
      : doneLabel(row.name)
  return (
    <li
      data-row="tool"
      data-tool={row.name}
      data-status={row.status}
      className="mt-3 grid gap-x-4 sm:grid-cols-[5.5rem_minmax(0,1fr)]"
    >
      <span aria-hidden className="hidden sm:block" />
      <span className="inline-flex items-center gap-2 text-sm text-muted">
        <ToolMark status={row.status} />
        <span>{label}</span>
        {(isRunning || ms >= shortMs) && <span className="font-mono text-xs">{formatSeconds(ms)}</span>}
      </span>
    </li>
  )
}

/** Hollow while it runs, solid when done, broken when it failed. */
function ToolMark({ status }: { status: ToolRow['status'] }) {
  return (
    <svg
      aria-hidden
      width="28"
      height="8"
      viewBox="0 0 28 8"
      className={status === 'failed' ? 'text-bad' : 'text-muted'}
    >
      {status === 'running' && <rect x="1" y="2" width="26" height="4" rx="2" fill="none" stroke="currentColor" />}
      {status === 'done' && <rect x="1" y="2" width="26" height="4" rx="2" fill="currentColor" />}
      {status === 'failed' && <path d="M1 4h9M18 4h9M12 1l4 6" stroke="currentColor" strokeWidth="2" fill="none" />}
    </svg>
  )
}
