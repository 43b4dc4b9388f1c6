import type { Day } from './calendar.ts'

/** One line of an invoice. */
export interface InvoiceLine {
  label: string
  cents: number
  kind: 'plan' | 'proRata' | 'discount' | 'lateFee'
}

/** Rows as they are stored; names are those of the columns. */
export interface PlanRow {
  id: string
  name: string
  down_mbps: number
  up_mbps: number
  monthly_cents: number
}

export interface AccountRow {
  id: string
  number: string
  first_name: string
  last_name: string
  city: string
  area: string
  phone: string
  plan_id: string
  pin_hash: string
  since: Day
  card_last4: string
}

export interface DeviceRow {
  id: string
  account_id: string
  model: string
  serial: string
  installed_on: Day
  attenuation_db: number
  noise_margin_db: number
  drops_24h: number
}

export interface InvoiceRow {
  id: string
  account_id: string
  month: Day
  issued_on: Day
  due_on: Day
  total_cents: number
  lines: InvoiceLine[]
}

export interface PaymentRow {
  id: string
  account_id: string
  invoice_id: string
  cents: number
  paid_on: Day
  method: string
}

export interface OutageRow {
  id: string
  area: string
  cause: string
  started_at: string
  expected_end: string
}

export interface SlotRow {
  id: string
  day: Day
  starts: string
  ends: string
  technician: string
}

export interface OfferRow {
  id: string
  name: string
  description: string
  reasons: string[]
  off_cents: number
  months: number
  plan_id: string | null
}

/** Everything a fresh database holds. */
export interface HarborData {
  plans: readonly PlanRow[]
  accounts: AccountRow[]
  devices: DeviceRow[]
  invoices: InvoiceRow[]
  payments: PaymentRow[]
  outages: OutageRow[]
  slots: SlotRow[]
  offers: readonly OfferRow[]
}
