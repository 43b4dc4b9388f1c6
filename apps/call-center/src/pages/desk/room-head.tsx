import { formatDuration, shortId } from '../shared/format.ts'

/** Whose conversation it is, who has it, and for how long it goes on. */
export function RoomHead({
  roomId,
  caller,
  holder,
  note,
  sinceMs,
  nowMs,
}: {
  roomId: string
  caller: string
  /** Who has it, in words. */
  holder: string
  /** How its call stands, where that is worth a word. */
  note: string | undefined
  /** When it began; undefined where it does not go on. */
  sinceMs: number | undefined
  nowMs: number
}) {
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line bg-surface px-4 py-3">
      <h2 className="mr-auto text-base font-semibold">
        {caller} <span className="font-mono text-xs font-normal text-muted">{shortId(roomId)}</span>
      </h2>
      <span data-holder-name className="text-muted">
        {holder}
      </span>
      {note !== undefined && (
        <span data-call-note className="text-warn">
          {note}
        </span>
      )}
      {sinceMs !== undefined && !Number.isNaN(sinceMs) && (
        <span className="font-mono text-muted">{formatDuration(nowMs - sinceMs)}</span>
      )}
    </div>
  )
}
