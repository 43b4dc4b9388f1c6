import type { SqlDatabase } from '@parley/spec'

/** A customer. */
export interface Account {
  id: string
  number: string
  firstName: string
  lastName: string
  city: string
  area: string
  planId: string
  planName: string
  monthlyCents: number
  offerName: string | null
  offerUntil: string | null
}

const fields = `SELECT a.id, a.number, a.first_name AS "firstName", a.last_name AS "lastName", a.city, a.area, a.plan_id AS "planId",
  p.name AS "planName", p.monthly_cents AS "monthlyCents", o.name AS "offerName", a.offer_until AS "offerUntil"
  FROM harbor.accounts a JOIN harbor.plans p ON p.id = a.plan_id LEFT JOIN harbor.offers o ON o.id = a.offer_id`

export async function getAccount(database: SqlDatabase, accountId: string): Promise<Account | undefined> {
  const { rows } = await database.query<Account>(`${fields} WHERE a.id = $1`, [accountId])
  return rows[0]
}

export async function findByNumber(database: SqlDatabase, number: string): Promise<Account | undefined> {
  const { rows } = await database.query<Account>(`${fields} WHERE a.number = $1`, [number])
  return rows[0]
}

/** Accounts whose full, first or last name is the one given; at most 10. */
export async function findByName(database: SqlDatabase, name: string): Promise<Account[]> {
  const { rows } = await database.query<Account>(
    `${fields} WHERE lower($1) IN (lower(a.first_name || ' ' || a.last_name), lower(a.first_name), lower(a.last_name)) ORDER BY a.id LIMIT 10`,
    [name.trim()],
  )
  return rows
}

/** Accounts with this phone number; punctuation does not matter. */
export async function findByPhone(database: SqlDatabase, phone: string): Promise<Account[]> {
  const digits = phone.replaceAll(/\D/g, '')
  if (digits === '') return []
  const { rows } = await database.query<Account>(
    `${fields} WHERE regexp_replace(a.phone, '\\D', '', 'g') = $1 ORDER BY a.id LIMIT 10`,
    [digits],
  )
  return rows
}

export async function getPinHash(database: SqlDatabase, accountId: string): Promise<string | undefined> {
  const { rows } = await database.query<{ hash: string }>(
    'SELECT pin_hash AS hash FROM harbor.accounts WHERE id = $1',
    [accountId],
  )
  return rows[0]?.hash
}

/** Names of all customers, for recognizing them in a sentence. */
export async function accountNames(
  database: SqlDatabase,
): Promise<{ id: string; firstName: string; lastName: string }[]> {
  const { rows } = await database.query<{ id: string; firstName: string; lastName: string }>(
    'SELECT id, first_name AS "firstName", last_name AS "lastName" FROM harbor.accounts ORDER BY id',
  )
  return rows
}
