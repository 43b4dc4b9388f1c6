import { DividerItem, handoffText } from '../shared/divider-item.tsx'
import { useFollowScroll } from '../shared/follow-scroll.ts'
import type { SpokenLine, SpokenRows, SpokenWord } from '../shared/call/spoken-words.ts'
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
  spoken,
  interim,
  onRetry,
  onEdit,
}: {
  rows: readonly TimelineRow[]
  names: Names
  me: string
  typing: readonly string[]
  heardCount: number
  /** What was spoken in a call of this page. */
  spoken: SpokenRows
  /** What is being understood of the caller. */
  interim: string
  onRetry: (row: MessageRow) => void
  onEdit: (row: MessageRow) => void
}) {
  const scroll = useFollowScroll(
    heardCount,
    `${rows.length} ${spoken.open.map(({ id, words }) => `${id} ${words.length}`).join()} ${interim.length} ${rows.map(({ key }) => key).join()}`,
  )
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
              words={spoken.byRow.get(row.key)}
              onRetry={onRetry}
              onEdit={onEdit}
            />
          ))}
          {interim !== '' && (
            <li data-row="interim" className="mt-5 grid gap-x-4 sm:grid-cols-[5.5rem_minmax(0,1fr)]">
              <span className="font-semibold">You</span>
              <p className="italic sm:col-start-2">{interim}</p>
            </li>
          )}
          {spoken.open.map((line) => (
            <MessageItem
              key={line.id}
              row={openRow(line)}
              name={line.agentId === undefined ? 'Harbor Internet' : names.agent(line.agentId)}
              colour={names.colour({ kind: 'agent', id: line.agentId ?? '' })}
              isOwn={false}
              isContinued={false}
              words={line.words}
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

/** A line that is being spoken, in the form of a row. */
function openRow({ id, agentId, text }: SpokenLine): MessageRow {
  return {
    kind: 'message',
    key: id,
    speaker: { kind: 'agent', id: agentId ?? '' },
    text,
    at: new Date().toISOString(),
    status: 'live',
    sources: [],
    isInternal: false,
    isEdited: false,
    utteranceId: id,
  }
}

function Row({
  row,
  before,
  names,
  me,
  words,
  onRetry,
  onEdit,
}: {
  row: TimelineRow
  before: TimelineRow | undefined
  names: Names
  me: string
  words: readonly SpokenWord[] | undefined
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
          words={words}
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
