import type { Clock, IdSource, SqlDatabase } from '@parley/spec'
import { addCredit, creditedSince, creditLimitCents, creditOfKey, creditWindowDays, type Credit } from './credits.ts'
import { getInvoice } from './invoices.ts'

const dayMs = 86_400_000

/** An amount that is to be credited. */
export interface CreditOrder {
  accountId: string
  invoiceId: string
  cents: number
  reason: string
  /** The colleague who allowed it; absent, the limit holds. */
  approvedBy?: string
  /** The same key again gives the credit that is there. */
  idempotencyKey: string
}

/** What became of an order: given, or how much may be given and why not more. */
export type GivenCredit =
  | { outcome: 'credited'; credit: Credit }
  | { outcome: 'refused'; mostCents: number; message: string }

/** What may be credited to an invoice now. */
export interface CreditRoom {
  /** What is left of the invoice. */
  mostCents: number
  /** What is left of it that needs no colleague: the account's limit of the window less what it was given there. */
  freeCents: number
}

/** What may be credited to an invoice of an account; undefined when the account has no such invoice. */
export async function creditRoom(
  database: SqlDatabase,
  { accountId, invoiceId }: Pick<CreditOrder, 'accountId' | 'invoiceId'>,
  clock: Clock,
): Promise<CreditRoom | undefined> {
  const invoice = await getInvoice(database, invoiceId)
  if (invoice?.accountId !== accountId) return undefined
  const since = new Date(clock.now() - creditWindowDays * dayMs).toISOString()
  const given = await creditedSince(database, accountId, since)
  return {
    mostCents: Math.max(0, invoice.totalCents - invoice.creditedCents),
    freeCents: Math.max(0, creditLimitCents - given),
  }
}

/**
 * Credits an invoice, once per key. What may be given is looked at again under a lock of the account: much may have
 * happened since it was asked for, and two conversations may ask at once.
 */
export async function giveCredit(
  database: SqlDatabase,
  order: CreditOrder,
  { clock, ids }: { clock: Clock; ids: IdSource },
): Promise<GivenCredit> {
  return database.transaction(async (tx) => {
    await tx.query('SELECT id FROM harbor.accounts WHERE id = $1 FOR UPDATE', [order.accountId])
    const known = await creditOfKey(tx, order.idempotencyKey)
    if (known !== undefined) return { outcome: 'credited', credit: known }
    const room = await creditRoom(tx, order, clock)
    if (room === undefined)
      return { outcome: 'refused', mostCents: 0, message: 'invoiceId is no invoice of this account.' }
    const { mostCents, freeCents } = room
    if (order.cents > mostCents)
      return { outcome: 'refused', mostCents, message: 'cents is more than what is left of the invoice.' }
    if (order.approvedBy === undefined && order.cents > freeCents)
      return { outcome: 'refused', mostCents: freeCents, message: 'cents is more than a colleague need not decide on.' }
    const createdAt = new Date(clock.now()).toISOString()
    return { outcome: 'credited', credit: await addCredit(tx, { ...order, createdAt }, ids) }
  })
}
