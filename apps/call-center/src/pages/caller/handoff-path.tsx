import type { Names } from '../shared/names.ts'
import type { HandoffRow } from '../shared/timeline-rows.ts'

/** The line from the one who handed over to the one who helps now, with the reason. */
export function HandoffPath({
  handoff,
  names,
  colleague,
}: {
  handoff: HandoffRow | undefined
  names: Names
  colleague: string | undefined
}) {
  if (handoff === undefined) return null
  const from = handoff.fromName ?? (handoff.from === null ? 'A colleague' : names.agent(handoff.from))
  const to = colleague ?? handoff.toName ?? names.agent(handoff.to)
  return (
    <div key={handoff.key} data-handoff={handoff.to} className="text-sm">
      <p className="sr-only">
        {from} handed you to {to}: {handoff.reason}
      </p>
      <div aria-hidden className="flex items-center gap-2">
        <span className="animate-leave text-muted">{from}</span>
        <span className="flex min-w-8 flex-1 origin-left animate-draw items-center">
          <span className="size-2 rounded-full border border-control" />
          <span className="h-px flex-1 bg-control" />
          <svg width="7" height="9" viewBox="0 0 7 9" className="-ml-1 text-control">
            <path d="M1 1l5 3.5L1 8" fill="none" stroke="currentColor" />
          </svg>
        </span>
        <span className="animate-enter font-medium">{to}</span>
      </div>
      {handoff.reason !== '' && (
        <p aria-hidden className="mt-1 text-muted">
          “{handoff.reason}”
        </p>
      )}
    </div>
  )
}
