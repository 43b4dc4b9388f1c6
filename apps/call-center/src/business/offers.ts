import type { SqlDatabase } from '@parley/spec'
import type { Day } from './calendar.ts'

/** Why people leave. */
export type LeavingReason = 'price' | 'moving' | 'quality' | 'competitor'

/** What may be offered to an account that thinks of leaving. */
export interface Offer {
  offerId: string
  name: string
  description: string
  /** What the account pays now, each month. */
  currentCents: number
  /** What it would pay each month. */
  monthlyCents: number
  months: number
  planId: string | null
}

/** A plan. */
export interface Plan {
  planId: string
  name: string
  downMbps: number
  upMbps: number
  monthlyCents: number
}

/** Offers that fit a reason, or all; best price first. Offers that would not lower the price are left out; who has one gets no second. */
export async function offersFor(database: SqlDatabase, accountId: string, reason?: LeavingReason): Promise<Offer[]> {
  const { rows } = await database.query<Offer>(
    `SELECT o.id AS "offerId", o.name, o.description, p.monthly_cents AS "currentCents",
      coalesce(t.monthly_cents, p.monthly_cents) - o.off_cents AS "monthlyCents", o.months, o.plan_id AS "planId"
     FROM harbor.accounts a JOIN harbor.plans p ON p.id = a.plan_id CROSS JOIN harbor.offers o LEFT JOIN harbor.plans t ON t.id = o.plan_id
     WHERE a.id = $1 AND a.offer_id IS NULL AND ($2::text IS NULL OR o.reasons ? $2) AND coalesce(t.monthly_cents, p.monthly_cents) - o.off_cents < p.monthly_cents
     ORDER BY o.plan_id IS NOT NULL, o.off_cents DESC, o.id`,
    [accountId, reason ?? null],
  )
  return rows
}

/** Puts an offer on an account, for so many months from a day. */
export async function setOffer(
  database: SqlDatabase,
  { accountId, offer, until }: { accountId: string; offer: Offer; until: Day },
): Promise<void> {
  await database.query(
    'UPDATE harbor.accounts SET offer_id = $2, offer_until = $3, plan_id = coalesce($4, plan_id) WHERE id = $1',
    [accountId, offer.offerId, until, offer.planId],
  )
}

export async function listPlans(database: SqlDatabase): Promise<Plan[]> {
  const { rows } = await database.query<Plan>(
    'SELECT id AS "planId", name, down_mbps AS "downMbps", up_mbps AS "upMbps", monthly_cents AS "monthlyCents" FROM harbor.plans ORDER BY monthly_cents',
  )
  return rows
}

/** Moves an account to a plan. */
export async function setPlan(database: SqlDatabase, accountId: string, planId: string): Promise<void> {
  await database.query('UPDATE harbor.accounts SET plan_id = $2 WHERE id = $1', [accountId, planId])
}
