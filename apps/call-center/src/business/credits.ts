import type { IdSource, SqlDatabase } from '@parley/spec'

/** Credits above this, summed over an account's last 30 days, are decided by a colleague. Cents. */
export const creditLimitCents = 2_500
/** How far back credits count, in days. */
export const creditWindowDays = 30

/** A credit on an invoice. */
export interface Credit {
  id: string
  accountId: string
  invoiceId: string
  cents: number
  createdAt: string
}

const fields =
  'SELECT id, account_id AS "accountId", invoice_id AS "invoiceId", cents, created_at AS "createdAt" FROM harbor.credits'

/** Cents that an account was credited since an instant. */
export async function creditedSince(database: SqlDatabase, accountId: string, since: string): Promise<number> {
  const { rows } = await database.query<{ cents: number }>(
    'SELECT coalesce(sum(cents), 0)::int AS cents FROM harbor.credits WHERE account_id = $1 AND created_at >= $2',
    [accountId, since],
  )
  return rows[0]?.cents ?? 0
}

export async function creditsOf(database: SqlDatabase, accountId: string): Promise<Credit[]> {
  const { rows } = await database.query<Credit>(`${fields} WHERE account_id = $1 ORDER BY created_at DESC`, [accountId])
  return rows
}

/** Writes a credit; the same key again gives the credit that is there. */
export async function addCredit(
  database: SqlDatabase,
  credit: {
    accountId: string
    invoiceId: string
    cents: number
    reason: string
    createdAt: string
    idempotencyKey: string
  },
  ids: IdSource,
): Promise<Credit> {
  await database.query(
    `INSERT INTO harbor.credits (id, account_id, invoice_id, cents, reason, created_at, idempotency_key) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (idempotency_key) DO NOTHING`,
    [
      ids.next('credit'),
      credit.accountId,
      credit.invoiceId,
      credit.cents,
      credit.reason,
      credit.createdAt,
      credit.idempotencyKey,
    ],
  )
  const written = await creditOfKey(database, credit.idempotencyKey)
  if (!written) throw new Error('A credit that was just written is gone.')
  return written
}

/** The credit that was written under a key. */
export async function creditOfKey(database: SqlDatabase, idempotencyKey: string): Promise<Credit | undefined> {
  const { rows } = await database.query<Credit>(`${fields} WHERE idempotency_key = $1`, [idempotencyKey])
  return rows[0]
}
