import type { OfferRow, PlanRow } from './harbor-rows.ts'

/** The five plans. */
export const plans: readonly PlanRow[] = [
  { id: 'fiber-50', name: 'Fiber 50', down_mbps: 50, up_mbps: 10, monthly_cents: 3_900 },
  { id: 'fiber-100', name: 'Fiber 100', down_mbps: 100, up_mbps: 20, monthly_cents: 5_500 },
  { id: 'fiber-300', name: 'Fiber 300', down_mbps: 300, up_mbps: 60, monthly_cents: 7_900 },
  { id: 'fiber-500', name: 'Fiber 500', down_mbps: 500, up_mbps: 100, monthly_cents: 9_900 },
  { id: 'fiber-1000', name: 'Fiber 1000', down_mbps: 1_000, up_mbps: 500, monthly_cents: 12_900 },
]

/** The four offers for people who think of leaving. */
export const offers: readonly OfferRow[] = [
  {
    id: 'loyal-15',
    name: 'Loyalty discount',
    description: 'your plan stays as it is and costs less each month',
    reasons: ['price', 'competitor'],
    off_cents: 1_500,
    months: 6,
    plan_id: null,
  },
  {
    id: 'smaller-plan',
    name: 'Smaller plan',
    description: 'you move to Fiber 100 and pay less each month',
    reasons: ['price'],
    off_cents: 600,
    months: 12,
    plan_id: 'fiber-100',
  },
  {
    id: 'moving-box',
    name: 'Moving bonus',
    description: 'your line moves with you and costs less each month',
    reasons: ['moving'],
    off_cents: 1_000,
    months: 3,
    plan_id: null,
  },
  {
    id: 'better-line',
    name: 'Line promise',
    description: 'we care for your line and you pay less until it is right',
    reasons: ['quality', 'competitor'],
    off_cents: 2_000,
    months: 3,
    plan_id: null,
  },
]
