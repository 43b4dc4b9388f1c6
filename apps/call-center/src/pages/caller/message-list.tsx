import { DividerItem, handoffText } from '../shared/divider-item.tsx'
import { useFollowScroll } from '../shared/follow-scroll.ts'
import { MessageItem } from '../shared/message-item.tsx'
import type { Names } from '../shared/names.ts'
import { ToolItem } from '../shared/tool-item.tsx'
import type { MessageRow, TimelineRow } from '../shared/timeline-rows.ts'

/** What was said, newest last. It follows its end until the reader scrolls up. */
export function MessageList({
  rows,
  names,
  me,
  typing,
  heardCount,
  onRetry,
  onEdit,
}: {
  rows: readonly TimelineRow[]
  names: Names
  me: string
  typing: readonly string[]
  heardCount: number
  onRetry: (row: MessageRow) => void
  onEdit: (row: MessageRow) => void
}) {
  const scroll = useFollowScroll(heardCount, rows)
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroll.ref}
        tabIndex={0}
        role="region"
        aria-label="Messages"
        data-following={scroll.isFollowing}
        className="h-full overflow-y-auto px-4 pb-6 -outline-offset-2 sm:px-6"
      >
        <ol data-messages className="mx-auto max-w-3xl">
          {rows.map((row, at) => (
            <Row
              key={row.key}
              row={row}
              before={rows[at - 1]}
              names={names}
              me={me}
              onRetry={onRetry}
              onEdit={onEdit}
            />
          ))}
        </ol>
        {typing.length > 0 && (
          <p className="mx-auto mt-4 max-w-3xl text-sm text-muted">
            {typing.map((id) => names.person(id)).join(', ')} is writing…
          </p>
        )}
      </div>
      {!scroll.isFollowing && (
        <button
          type="button"
          className="button absolute bottom-3 left-1/2 -translate-x-1/2 text-sm shadow-lg"
          onClick={scroll.follow}
        >
          {scroll.missed > 0 ? `New messages (${scroll.missed})` : 'To the newest message'}
        </button>
      )}
    </div>
  )
}

function Row({
  row,
  before,
  names,
  me,
  onRetry,
  onEdit,
}: {
  row: TimelineRow
  before: TimelineRow | undefined
  names: Names
  me: string
  onRetry: (row: MessageRow) => void
  onEdit: (row: MessageRow) => void
}) {
  switch (row.kind) {
    case 'message': {
      const isContinued =
        before?.kind === 'message' && before.speaker.id === row.speaker.id && before.speaker.kind === row.speaker.kind
      return (
        <MessageItem
          row={row}
          name={names.speaker(row.speaker)}
          colour={names.colour(row.speaker)}
          isOwn={row.speaker.id === me}
          isContinued={isContinued}
          onRetry={onRetry}
          onEdit={onEdit}
        />
      )
    }
    case 'tool':
      // The handoff has a line of its own.
      return row.name === 'handoff_conversation' ? null : <ToolItem row={row} />
    case 'handoff':
      return <DividerItem kind="handoff" text={handoffText(row, names)} />
    case 'notice':
      return row.isInternal ? null : <DividerItem kind="notice" text={row.text} />
    case 'note':
      return null
  }
}
