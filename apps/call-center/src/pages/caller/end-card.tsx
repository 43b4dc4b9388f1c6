import { useEffect, useRef } from 'react'
import { formatDuration } from '../shared/format.ts'
import type { Names } from '../shared/names.ts'
import type { TimelineRow } from '../shared/timeline-rows.ts'
import { summarize, transcriptText } from './summary.ts'

/** What is left when a conversation is over: a summary if there is something to sum up, and the transcript. */
export function EndCard({
  rows,
  names,
  me,
  startedMs,
  reason,
  onLeave,
}: {
  rows: readonly TimelineRow[]
  names: Names
  me: string
  startedMs: number
  reason: string | undefined
  onLeave: () => void
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const summary = summarize(rows, names, me)
  const last = rows.findLast((row) => row.kind === 'message')
  const lengthMs = last?.kind === 'message' ? Date.parse(last.at) - startedMs : 0
  const download = (): void => {
    const url = URL.createObjectURL(new Blob([transcriptText(rows, names)], { type: 'text/plain' }))
    const link = Object.assign(document.createElement('a'), { href: url, download: 'harbor-internet.txt' })
    link.click()
    URL.revokeObjectURL(url)
  }
  return (
    <section aria-label="Summary" className="border-t border-line bg-surface px-4 py-5 sm:px-6">
      <div className="mx-auto max-w-3xl">
        <div className="flex flex-wrap items-baseline gap-3">
          <h2 ref={heading} tabIndex={-1} className="text-lg font-semibold outline-none">
            The conversation has ended
          </h2>
          {summary !== undefined && <span className="pill text-muted">rules</span>}
        </div>
        {reason !== undefined && <p className="mt-2 text-sm text-bad">{reason}</p>}
        {summary !== undefined && (
          <dl className="mt-3 grid gap-x-6 gap-y-1 text-sm sm:grid-cols-[auto_1fr]">
            {summary.reasons.length > 0 && <Fact name="About" value={summary.reasons.join('; ')} />}
            <Fact name="You spoke with" value={summary.spokeWith.join(', ')} />
            <Fact name="Last answer" value={summary.lastWords} />
            <Fact name="Length" value={`${formatDuration(lengthMs)}, ${summary.messageCount} messages`} />
          </dl>
        )}
        <div className="mt-4 flex flex-wrap gap-3">
          <button type="button" className="button button-primary button-tall" onClick={onLeave}>
            New conversation
          </button>
          {summary !== undefined && (
            <button type="button" className="button button-tall" onClick={download}>
              Download transcript
            </button>
          )}
        </div>
      </div>
    </section>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="max-w-[68ch] wrap-anywhere">{value}</dd>
    </>
  )
}
