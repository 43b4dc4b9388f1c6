import type { ConversationStateJson, Json } from '@parley/spec'
import type { ReactNode } from 'react'
import { formatCents } from '../shared/format.ts'
import { fieldsOf } from '../shared/read-event.ts'
import type { TimelineRow } from '../shared/timeline-rows.ts'
import { doneLabel } from '../shared/tool-labels.ts'
import type { Customer } from './customer.ts'

const shownInvoices = 4

/** Who the customer is, what the agents tried, and what the last handoff carried. */
export function CasePanel({
  customer,
  state,
  rows,
}: {
  customer: Customer | undefined
  state: ConversationStateJson | undefined
  rows: readonly TimelineRow[]
}) {
  const tried = [
    ...new Set(
      rows.flatMap((row) =>
        row.kind === 'tool' && row.status !== 'running' && row.name !== 'handoff_conversation'
          ? [`${doneLabel(row.name)}${row.status === 'failed' ? ' (failed)' : ''}`]
          : [],
      ),
    ),
  ]
  const handoff = rows.findLast(
    (row) => row.kind === 'handoff' && (row.payload !== undefined || row.summary !== undefined),
  )
  return (
    <aside aria-label="Case" className="flex flex-col gap-6 overflow-y-auto border-t border-line p-4 xl:border-t-0">
      <CustomerPart customer={customer} isVerified={state?.context['verified'] === true} />
      <Part title="What the agents tried">
        {tried.length === 0 ? (
          <p className="text-muted">Nothing yet.</p>
        ) : (
          <ul className="flex list-disc flex-col gap-0.5 pl-4">
            {tried.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
      </Part>
      {handoff?.kind === 'handoff' && (
        <Part title={`Contract: ${handoff.to}`}>
          {handoff.summary !== undefined && <p className="mb-2 wrap-anywhere">{handoff.summary}</p>}
          <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5">
            {Object.entries(fieldsOf(handoff.payload))
              .filter(([name]) => name !== 'summary')
              .map(([name, value]) => (
                <Fact key={name} name={name} value={valueText(value)} />
              ))}
          </dl>
        </Part>
      )}
    </aside>
  )
}

function CustomerPart({ customer, isVerified }: { customer: Customer | undefined; isVerified: boolean }) {
  if (customer === undefined) {
    return (
      <Part title="Customer">
        <p className="text-muted">{isVerified ? 'Reading the account…' : 'Not verified yet.'}</p>
      </Part>
    )
  }
  const { account, balanceCents, invoices, line, tickets, visits, credits } = customer
  const openTickets = tickets.filter(({ status }) => status === 'open')
  return (
    <section aria-label="Customer" data-customer={account.number}>
      <div className="flex flex-wrap items-center gap-2">
        <h3 className="text-base font-semibold">
          {account.firstName} {account.lastName}
        </h3>
        {isVerified && <span className="pill text-ok">verified</span>}
      </div>
      <p className="text-muted">
        {account.planName} · {formatCents(account.monthlyCents)} a month
      </p>
      <dl className="mt-3 grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5">
        <Fact name="Account" value={account.number} />
        <Fact name="Where" value={`${account.area}, ${account.city}`} />
        <Fact name="Balance" value={formatCents(balanceCents)} />
        {account.offerName !== null && <Fact name="Offer" value={account.offerName} />}
        {line !== null && (
          <Fact
            name="Line"
            value={`${line.verdict}, ${line.drops24h} ${line.drops24h === 1 ? 'drop' : 'drops'} in 24 h`}
          />
        )}
        <Fact
          name="Tickets"
          value={
            openTickets.length === 0 ? 'none open' : openTickets.map(({ id, kind }) => `${id} (${kind})`).join(', ')
          }
        />
        {visits.map(({ visitId, dayName, starts, technician }) => (
          <Fact key={visitId} name="Visit" value={`${dayName}, ${starts}, ${technician}`} />
        ))}
        {credits.map(({ id, cents, invoiceId }) => (
          <Fact key={id} name="Credit" value={`${formatCents(cents)} on ${invoiceId}`} />
        ))}
      </dl>
      <table className="mt-4 w-full">
        <caption className="label pb-1 text-left">Invoices</caption>
        <thead className="sr-only">
          <tr>
            <th scope="col">Month</th>
            <th scope="col">Total</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {invoices.slice(0, shownInvoices).map(({ id, month, totalCents, paidCents, status }) => (
            <tr key={id} className="border-t border-line">
              <td className="py-1">{month}</td>
              <td className="py-1 text-right font-mono text-xs">{formatCents(totalCents)}</td>
              <td className="py-1 pl-3 text-right text-muted">
                {paidCents > totalCents ? <span className="text-warn">paid twice</span> : status}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h3 className="label mb-2">{title}</h3>
      {children}
    </section>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="wrap-anywhere">{value}</dd>
    </>
  )
}

function valueText(value: Json): string {
  if (Array.isArray(value)) return value.map(valueText).join(', ')
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}
