import type { Approval, Clock, SqlDatabase } from '@parley/spec'
import { creditLimitCents, creditsSince, creditWindowDays, type Credit } from '../business/credits.ts'

const dayMs = 86_400_000

/** The amount an agent wants to credit. */
export interface CreditWish {
  invoiceId: string
  cents: number
}

/** Decides which credits a colleague must allow, and asks for it. The way it is asked may be replaced. */
export interface CreditApproval {
  /** How the tool asks. */
  readonly approval: Approval<CreditWish>
  /** Whether the account's credits of the window and this one together are above the limit. */
  isAboveLimit(wish: CreditWish): boolean
  /** Counts a credit that was given. */
  given(credit: Credit): void
}

interface KnownInvoice {
  id: string
  accountId: string
  totalCents: number
}

/**
 * Approval at the desk. Whether anyone is asked must be known at once, so invoices and recent credits are read once and
 * kept up to date here; the tool checks again when it writes.
 */
export async function createDeskApproval(database: SqlDatabase, clock: Clock): Promise<CreditApproval> {
  const { rows } = await database.query<KnownInvoice>(
    'SELECT id, account_id AS "accountId", total_cents AS "totalCents" FROM harbor.invoices',
  )
  const invoices = new Map(rows.map((invoice) => [invoice.id, invoice]))
  const windowStart = (): string => new Date(clock.now() - creditWindowDays * dayMs).toISOString()
  const credits = new Map((await creditsSince(database, windowStart())).map((credit) => [credit.id, credit]))

  function isAboveLimit({ invoiceId, cents }: CreditWish): boolean {
    const accountId = invoices.get(invoiceId)?.accountId
    const since = windowStart()
    let sum = cents
    for (const credit of credits.values())
      if (credit.accountId === accountId && credit.createdAt >= since) sum += credit.cents
    return sum > creditLimitCents
  }
  // A credit that will be refused anyway (no such invoice, more than its total) is nobody's decision.
  const isPossible = ({ invoiceId, cents }: CreditWish): boolean => cents <= (invoices.get(invoiceId)?.totalCents ?? 0)
  return {
    approval: { when: (wish) => isPossible(wish) && isAboveLimit(wish), mode: 'detach' },
    isAboveLimit,
    given: (credit) => void credits.set(credit.id, credit),
  }
}
