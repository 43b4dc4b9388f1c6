import { formatHour, formatInstant } from './format.ts'
import { SpokenText } from './call/spoken-text.tsx'
import type { SpokenWord } from './call/spoken-words.ts'
import { MessageText } from './message-text.tsx'
import type { MessageRow } from './timeline-rows.ts'

/** What a row needs beside itself. */
export interface MessageItemProps {
  row: MessageRow
  name: string
  colour: string
  isOwn: boolean
  /** Whether the one before is of the same speaker, so that the name is not said again. */
  isContinued: boolean
  /** The words of it, where it was spoken in a call of this page. */
  words?: readonly SpokenWord[] | undefined
  onRetry?: (row: MessageRow) => void
  onEdit?: (row: MessageRow) => void
}

/** One thing that was said. */
export function MessageItem({ row, name, colour, isOwn, isContinued, words, onRetry, onEdit }: MessageItemProps) {
  return (
    <li
      data-row="message"
      data-status={row.status}
      data-speaker={row.speaker.kind}
      {...(row.utteranceId === undefined ? {} : { 'data-utterance': row.utteranceId })}
      className={`grid gap-x-4 sm:grid-cols-[5.5rem_minmax(0,1fr)] ${isContinued ? 'mt-1' : 'mt-5'}`}
    >
      <div className={isContinued ? 'sr-only' : 'flex items-baseline gap-2 sm:block sm:pt-2'}>
        <span className={`font-semibold ${colour}`}>{name}</span>
        <time dateTime={row.at} title={formatInstant(row.at)} className="text-xs text-muted sm:block">
          {formatHour(row.at)}
        </time>
      </div>
      <div className="max-w-[68ch] min-w-0 sm:col-start-2">
        <div
          className={`${isOwn ? 'w-fit max-w-full rounded-md bg-sunken px-3 py-2' : 'py-2'} ${row.isInternal ? 'border-l-2 border-human pl-3' : ''}`}
        >
          {row.isInternal && <span className="label block">Only the team sees this</span>}
          {words === undefined || row.isEdited ? <MessageText text={row.text} /> : <SpokenText words={words} />}
        </div>
        {row.isCut === true && words === undefined && <p className="text-xs text-muted">cut off here</p>}
        {row.sources.length > 0 && (
          <p className="mt-1 flex flex-wrap gap-x-3 text-sm text-muted">
            <span>From</span>
            {row.sources
              .filter(({ sourceId }) => /^[\w-]+(#\d+)?$/.test(sourceId))
              .map(({ sourceId, title }) => (
                <a
                  key={sourceId}
                  href={`/help/${sourceId}`}
                  target="_blank"
                  rel="noreferrer"
                  className="text-accent underline underline-offset-2"
                >
                  {title}
                </a>
              ))}
          </p>
        )}
        {row.isEdited && <p className="text-xs text-muted">edited</p>}
        {row.status === 'pending' && <p className="mt-1 text-xs text-muted">Sending…</p>}
        {row.status === 'failed' && (
          <div className="mt-1 flex flex-wrap items-center gap-2 text-sm text-bad">
            <span>Not sent. {row.error}</span>
            <button type="button" className="button text-sm text-ink" onClick={() => onRetry?.(row)}>
              Retry
            </button>
            <button type="button" className="button text-sm text-ink" onClick={() => onEdit?.(row)}>
              Edit
            </button>
          </div>
        )}
      </div>
    </li>
  )
}
