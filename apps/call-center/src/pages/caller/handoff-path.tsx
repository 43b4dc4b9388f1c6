import type { Names } from '../shared/names.ts'
import type { HandoffRow } from '../shared/timeline-rows.ts'

/** The line from the one who handed over to the one who helps now, with the reason. */
export function HandoffPath({ handoff, names, colleague }: { handoff: HandoffRow | undefined; names: Names; colleague: string | undefined }) {
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
        <svg viewBox="0 0 120 10" preserveAspectRatio="none" className="h-2.5 min-w-8 flex-1 origin-left animate-draw text-muted">
          <circle cx="4" cy="5" r="3" fill="none" stroke="currentColor" vectorEffect="non-scaling-stroke" />
          <path d="M8 5h110M112 1.5l6 3.5-6 3.5" fill="none" stroke="currentColor" vectorEffect="non-scaling-stroke" />
        </svg>
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
