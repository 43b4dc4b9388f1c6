import type { SqlDatabase } from '@parley/spec'
import { monthName, type Day } from './calendar.ts'
import type { InvoiceLine } from './harbor-rows.ts'

/** A monthly invoice with what was paid on it. */
export interface Invoice {
  id: string
  accountId: string
  /** Such as `October`. */
  month: string
  issuedOn: Day
  dueOn: Day
  totalCents: number
  paidCents: number
  creditedCents: number
  status: 'paid' | 'open'
}

/** Two payments of the same amount on one invoice. */
export interface DuplicatePayment {
  invoiceId: string
  month: string
  cents: number
  firstPaidOn: Day
  secondPaidOn: Day
}

interface InvoiceRecord {
  id: string
  accountId: string
  month: Day
  issuedOn: Day
  dueOn: Day
  totalCents: number
  paidCents: number
  creditedCents: number
  lines: InvoiceLine[]
}

const fields = `SELECT i.id, i.account_id AS "accountId", i.month, i.issued_on AS "issuedOn", i.due_on AS "dueOn", i.total_cents AS "totalCents", i.lines,
  (SELECT coalesce(sum(p.cents), 0)::int FROM harbor.payments p WHERE p.invoice_id = i.id) AS "paidCents",
  (SELECT coalesce(sum(c.cents), 0)::int FROM harbor.credits c WHERE c.invoice_id = i.id) AS "creditedCents" FROM harbor.invoices i`

/** Invoices of an account, newest first. */
export async function listInvoices(database: SqlDatabase, accountId: string): Promise<Invoice[]> {
  const { rows } = await database.query<InvoiceRecord>(`${fields} WHERE i.account_id = $1 ORDER BY i.month DESC`, [
    accountId,
  ])
  return rows.map(toInvoice)
}

export async function getInvoice(
  database: SqlDatabase,
  invoiceId: string,
): Promise<(Invoice & { lines: InvoiceLine[] }) | undefined> {
  const { rows } = await database.query<InvoiceRecord>(`${fields} WHERE i.id = $1`, [invoiceId])
  const [row] = rows
  return row ? { ...toInvoice(row), lines: row.lines } : undefined
}

/** Payments that were taken twice, newest first. What was credited since no longer counts. */
export async function findDuplicates(database: SqlDatabase, accountId: string): Promise<DuplicatePayment[]> {
  const { rows } = await database.query<Omit<DuplicatePayment, 'month'> & { month: Day }>(
    `SELECT i.id AS "invoiceId", i.month, p.cents, min(p.paid_on) AS "firstPaidOn", max(p.paid_on) AS "secondPaidOn"
     FROM harbor.payments p JOIN harbor.invoices i ON i.id = p.invoice_id WHERE p.account_id = $1
     GROUP BY i.id, i.month, p.cents HAVING count(*) > 1
       AND p.cents > (SELECT coalesce(sum(c.cents), 0) FROM harbor.credits c WHERE c.invoice_id = i.id) ORDER BY i.month DESC`,
    [accountId],
  )
  return rows.map((row) => ({ ...row, month: monthName(row.month) }))
}

/**
 * What an account owes in cents; negative when money is due back. What was paid beyond an invoice counts once it is
 * credited, so a payment taken twice is given back once.
 */
export async function balanceCents(database: SqlDatabase, accountId: string): Promise<number> {
  const { rows } = await database.query<{ cents: number }>(
    `SELECT (coalesce(sum(i.total_cents - least(i.total_cents, i.paid)), 0)
      - (SELECT coalesce(sum(cents), 0) FROM harbor.credits WHERE account_id = $1))::int AS cents
     FROM (SELECT total_cents, (SELECT coalesce(sum(p.cents), 0) FROM harbor.payments p WHERE p.invoice_id = n.id) AS paid
       FROM harbor.invoices n WHERE n.account_id = $1) i`,
    [accountId],
  )
  return rows[0]?.cents ?? 0
}

function toInvoice({ lines: _lines, month, ...row }: InvoiceRecord): Invoice {
  return {
    ...row,
    month: monthName(month),
    status: row.paidCents + row.creditedCents >= row.totalCents ? 'paid' : 'open',
  }
}
