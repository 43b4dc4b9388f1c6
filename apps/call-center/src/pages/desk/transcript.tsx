import type { PendingRequest } from '@parley/spec'
import { DividerItem, handoffText } from '../shared/divider-item.tsx'
import { useFollowScroll } from '../shared/follow-scroll.ts'
import { formatHour, formatSeconds } from '../shared/format.ts'
import { MessageItem } from '../shared/message-item.tsx'
import type { Names } from '../shared/names.ts'
import type { TimelineRow, ToolRow } from '../shared/timeline-rows.ts'
import { runningLabel } from '../shared/tool-labels.ts'
import { useNow } from '../shared/use-now.ts'

/** The whole log as colleagues read it: what was said, notes and tools in the margin. */
export function Transcript({
  rows,
  names,
  requests,
  typing,
  count,
}: {
  rows: readonly TimelineRow[]
  names: Names
  requests: readonly PendingRequest[]
  typing: readonly string[]
  count: number
}) {
  const scroll = useFollowScroll(count, rows)
  const asked = requests.filter(({ kind }) => kind !== 'approval')
  return (
    <div className="relative min-h-80 flex-1 lg:min-h-0">
      <div
        ref={scroll.ref}
        tabIndex={0}
        role="region"
        aria-label="Transcript"
        data-following={scroll.isFollowing}
        className="h-full overflow-y-auto px-4 pb-4 -outline-offset-2 max-lg:max-h-[60vh]"
      >
        <ol data-messages>
          {rows.map((row, at) => (
            <Row key={row.key} row={row} before={rows[at - 1]} names={names} />
          ))}
        </ol>
        {asked.map(({ id, agentId, sensitive, prompt }) => (
          <p key={id} data-open-request className="mt-4 text-muted">
            {names.agent(agentId)}{' '}
            {sensitive ? 'is collecting a PIN.' : `waits for an answer: ${prompt ?? 'a yes or no'}`}
          </p>
        ))}
        {typing.length > 0 && (
          <p className="mt-4 text-muted">{typing.map((id) => names.person(id)).join(', ')} is writing…</p>
        )}
      </div>
      {!scroll.isFollowing && (
        <button
          type="button"
          className="button absolute bottom-3 left-1/2 -translate-x-1/2 shadow-lg"
          onClick={scroll.follow}
        >
          {scroll.missed > 0 ? `New messages (${scroll.missed})` : 'To the newest message'}
        </button>
      )}
    </div>
  )
}

function Row({ row, before, names }: { row: TimelineRow; before: TimelineRow | undefined; names: Names }) {
  switch (row.kind) {
    case 'message': {
      const isContinued = before?.kind === 'message' && before.speaker.id === row.speaker.id
      return (
        <MessageItem
          row={row}
          name={names.speaker(row.speaker)}
          colour={names.colour(row.speaker)}
          isOwn={row.speaker.kind === 'person'}
          isContinued={isContinued}
        />
      )
    }
    case 'tool':
      return <ToolEntry row={row} />
    case 'handoff':
      return (
        <DividerItem kind="handoff" text={`${handoffText(row, names)}${row.reason === '' ? '' : `: ${row.reason}`}`} />
      )
    case 'notice':
      return (
        <li data-row="notice" className="mt-3 grid gap-x-4 sm:grid-cols-[5.5rem_minmax(0,1fr)]">
          <span className="font-mono text-xs leading-5 text-muted">{formatHour(row.at)}</span>
          <span className="text-muted">{row.text}</span>
        </li>
      )
    case 'note':
      return (
        <li data-row="note" className="mt-4 rounded-md bg-note px-3 py-2">
          <p className="label">Note · {names.speaker(row.speaker)} · only your team sees this</p>
          <p className="mt-1 whitespace-pre-wrap wrap-anywhere">{row.text}</p>
        </li>
      )
  }
}

function ToolEntry({ row }: { row: ToolRow }) {
  const isRunning = row.status === 'running'
  const nowMs = useNow(200, isRunning)
  const colour = row.status === 'failed' ? 'text-bad' : 'text-muted'
  const details = { arguments: row.arguments ?? null, ...(row.result === undefined ? {} : { result: row.result }) }
  return (
    <li
      data-row="tool"
      data-tool={row.name}
      data-status={row.status}
      className="mt-2 grid gap-x-4 sm:grid-cols-[5.5rem_minmax(0,1fr)]"
    >
      <span className="font-mono text-xs leading-5 text-muted">
        {formatSeconds(row.durationMs ?? nowMs - row.startedMs)}
      </span>
      <details className={`min-w-0 ${colour}`}>
        <summary className="cursor-pointer font-mono text-xs leading-6">
          {row.name} {row.status === 'failed' ? 'failed' : isRunning ? runningLabel(row.name) : ''}
        </summary>
        <pre className="mt-1 max-h-60 overflow-auto rounded-md bg-sunken p-3 font-mono text-xs text-ink" tabIndex={0}>
          {JSON.stringify(details, null, 2)}
        </pre>
      </details>
    </li>
  )
}
