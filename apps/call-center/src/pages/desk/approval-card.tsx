import type { Client } from '@parley/client'
import type { Json, PendingRequest } from '@parley/spec'
import { useState } from 'react'
import { formatCents, formatDuration } from '../shared/format.ts'
import { fieldsOf } from '../shared/read-event.ts'
import type { Customer } from './customer.ts'
import { decidedBy, errorText } from './desk-errors.ts'
import { requestedCents } from './desk-lists.ts'

/** One decision: what is asked, why, what speaks for it, and three ways to answer. It can be answered once. */
export function ApprovalCard({
  request,
  client,
  me,
  asker,
  customer,
  nowMs,
  onDecided,
}: {
  request: PendingRequest
  client: Client
  me: string
  asker: string
  customer: Customer | undefined
  nowMs: number
  /** Told in words what became of it. */
  onDecided: (outcome: string) => void
}) {
  const args = fieldsOf(request.arguments)
  const cents = requestedCents(request)
  const [less, setLess] = useState<string>()
  const [reason, setReason] = useState<string>()
  const [isSending, setSending] = useState(false)
  const text = (name: string): string => (typeof args[name] === 'string' ? args[name] : '')
  const decide = async (
    decision: 'approve' | 'reject',
    more: { value?: Json; reason?: string } = {},
  ): Promise<void> => {
    setSending(true)
    try {
      await client.requests.answer(request.id, { participantId: me, decision, ...more })
      onDecided(decision === 'approve' ? 'Approved' : 'Rejected')
    } catch (thrown) {
      const other = decidedBy(thrown)
      onDecided(other === undefined ? errorText(thrown) : `Already decided by ${other}`)
    }
    setSending(false)
  }
  const lessCents = Math.round(Number(less) * 100)
  const isLessValid = less !== undefined && lessCents > 0 && cents !== undefined && lessCents < cents
  return (
    <section aria-label="Approval" data-approval={request.id} className="border-b border-line bg-surface px-4 py-4">
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
        <h3 className="mr-auto text-lg font-semibold">
          {cents === undefined ? (request.tool ?? 'Approval') : `${formatCents(cents)} credit`}
        </h3>
        <span className="text-muted">asked by {asker}</span>
        <span className="font-mono text-muted">{formatDuration(Date.parse(request.expiresAt) - nowMs)} left</span>
      </div>
      <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {text('invoiceId') !== '' && <Fact name="Invoice" value={text('invoiceId')} />}
        {text('reason') !== '' && <Fact name="Reason" value={text('reason')} />}
        <Fact name="Evidence" value={evidence(customer, text('invoiceId'))} />
        <Fact name="Rule" value="More than an agent may credit alone within 30 days: a colleague decides." />
      </dl>
      <div className="mt-3 flex flex-wrap items-center gap-2">
        <button
          type="button"
          className="button button-primary"
          disabled={isSending}
          onClick={() => void decide('approve')}
        >
          Approve
        </button>
        {cents !== undefined && (
          <button
            type="button"
            className="button"
            aria-expanded={less !== undefined}
            onClick={() => setLess(less === undefined ? (cents / 200).toFixed(2) : undefined)}
          >
            Approve less
          </button>
        )}
        <button
          type="button"
          className="button"
          aria-expanded={reason !== undefined}
          onClick={() => setReason(reason === undefined ? '' : undefined)}
        >
          Reject
        </button>
      </div>
      {less !== undefined && cents !== undefined && (
        <form
          className="mt-3 flex flex-wrap items-end gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            if (isLessValid) void decide('approve', { value: { ...args, cents: lessCents } })
          }}
        >
          <label className="block">
            <span className="block text-muted">Amount in dollars, below {formatCents(cents)}</span>
            <input
              autoFocus
              inputMode="decimal"
              className="field mt-1 w-32 font-mono"
              aria-invalid={!isLessValid}
              value={less}
              onChange={({ target }) => setLess(target.value)}
            />
          </label>
          <button type="submit" className="button button-primary" disabled={isSending || !isLessValid}>
            Approve {isLessValid ? formatCents(lessCents) : 'less'}
          </button>
        </form>
      )}
      {reason !== undefined && (
        <form
          className="mt-3 flex flex-wrap items-end gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            if (reason.trim() !== '') void decide('reject', { reason: reason.trim() })
          }}
        >
          <label className="block min-w-60 flex-1">
            <span className="block text-muted">Why not; the agent tells the caller</span>
            <input
              autoFocus
              className="field mt-1"
              maxLength={400}
              value={reason}
              onChange={({ target }) => setReason(target.value)}
            />
          </label>
          <button type="submit" className="button button-primary" disabled={isSending || reason.trim() === ''}>
            Reject it
          </button>
        </form>
      )}
    </section>
  )
}

function evidence(customer: Customer | undefined, invoiceId: string): string {
  if (customer === undefined) return 'Reading the customer’s account…'
  const duplicate = customer.duplicates.find((payment) => payment.invoiceId === invoiceId)
  const credits = customer.credits.length === 0 ? 'No credit so far.' : `${customer.credits.length} credits so far.`
  if (duplicate === undefined) return `No payment on this invoice was taken twice. ${credits}`
  return `${formatCents(duplicate.cents)} for ${duplicate.month} was paid on ${duplicate.firstPaidOn} and again on ${duplicate.secondPaidOn}. ${credits}`
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="wrap-anywhere">{value}</dd>
    </>
  )
}
