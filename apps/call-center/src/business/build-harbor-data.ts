import { addDays, dayOf, firstOfMonth, type Day } from './calendar.ts'
import { offers, plans } from './catalogue.ts'
import type { AccountRow, DeviceRow, HarborData, InvoiceLine, InvoiceRow, PaymentRow } from './harbor-rows.ts'
import { hashPin } from './pin.ts'
import { demoPeople } from './people.ts'
import { createSeededRandom, type SeededRandom } from './seeded-random.ts'
import { upcomingOutages, upcomingSlots } from './upcoming.ts'

const accountCount = 40
const monthsOfInvoices = 6
const firstInvoiceNumber = 2_206

const firstNames = [
  'Alma',
  'Bruno',
  'Celia',
  'Dario',
  'Elena',
  'Farid',
  'Greta',
  'Hugo',
  'Ines',
  'Jonas',
  'Kira',
  'Luis',
  'Mara',
  'Nils',
  'Olga',
  'Pavel',
]
const lastNames = [
  'Adler',
  'Brandt',
  'Castro',
  'Duarte',
  'Ekman',
  'Ferrari',
  'Garcia',
  'Holm',
  'Ibrahim',
  'Jensen',
  'Kowalski',
  'Lindgren',
  'Meyer',
  'Novak',
  'Osei',
]
// Nobody but Dev lives in an area with an outage by story; Northside has one too, for those who look around.
const areas = [
  { area: 'Harbor West', city: 'Port Ellery' },
  { area: 'Old Town', city: 'Port Ellery' },
  { area: 'Northside', city: 'Port Ellery' },
  { area: 'Harbor East', city: 'Lowbridge' },
  { area: 'Riverside', city: 'Lowbridge' },
]

/**
 * The demo business as it is at an instant: the same for the same seed and day (outages to ten minutes). Ada, Ben, Carla and Dev are in it whatever the
 * seed.
 */
export function buildHarborData({ seed, now }: { seed: number; now: number }): HarborData {
  const today = dayOf(now)
  const random = createSeededRandom(seed)
  const accounts = buildAccounts(random, today)
  const invoices: InvoiceRow[] = []
  const payments: PaymentRow[] = []
  for (const [index, account] of accounts.entries()) {
    for (let back = monthsOfInvoices - 1; back >= 0; back -= 1) {
      const number = firstInvoiceNumber + index * monthsOfInvoices + (monthsOfInvoices - 1 - back)
      const invoice = buildInvoice(`INV-${number}`, account, { month: firstOfMonth(today, -back), random })
      invoices.push(invoice)
      payments.push(...buildPayments(invoice, account, { today, isTwice: account.number === '204417' && back === 1 }))
    }
  }
  return {
    plans,
    accounts,
    devices: accounts.map((account) => buildDevice(account, random)),
    invoices,
    payments,
    outages: upcomingOutages(now),
    slots: upcomingSlots(today),
    offers,
  }
}

function buildAccounts(random: SeededRandom, today: Day): AccountRow[] {
  const known = demoPeople.map((person, index) =>
    toAccount(index, {
      ...person,
      phone: `555-01${String(random.between(10, 99))}`,
      since: addDays(today, -random.between(400, 1_600)),
      last4: String(random.between(1_000, 9_999)),
    }),
  )
  const numbers = new Set(known.map(({ number }) => number))
  const others = Array.from({ length: accountCount - known.length }, (_, index) => {
    let number = String(random.between(100_000, 999_999))
    while (numbers.has(number)) number = String(random.between(100_000, 999_999))
    numbers.add(number)
    return toAccount(known.length + index, {
      number,
      firstName: random.pick(firstNames),
      lastName: random.pick(lastNames),
      ...random.pick(areas),
      pin: String(random.between(1_000, 9_999)),
      planId: random.pick(plans).id,
      phone: `555-0${String(random.between(200, 999))}`,
      since: addDays(today, -random.between(200, 2_000)),
      last4: String(random.between(1_000, 9_999)),
    })
  })
  return [...known, ...others]
}

interface AccountFacts {
  number: string
  firstName: string
  lastName: string
  city: string
  area: string
  pin: string
  planId: string
  phone: string
  since: Day
  last4: string
}

function toAccount(index: number, facts: AccountFacts): AccountRow {
  const id = `acc-${String(index + 1).padStart(2, '0')}`
  return {
    id,
    number: facts.number,
    first_name: facts.firstName,
    last_name: facts.lastName,
    city: facts.city,
    area: facts.area,
    phone: facts.phone,
    plan_id: facts.planId,
    pin_hash: hashPin(id, facts.pin),
    since: facts.since,
    card_last4: facts.last4,
  }
}

function buildDevice(account: AccountRow, random: SeededRandom): DeviceRow {
  const isBen = account.number === '318652'
  return {
    id: `dev-${account.id.slice(4)}`,
    account_id: account.id,
    model: random.pick(['Harbor Hub 2', 'Harbor Hub 3']),
    serial: `HH${String(random.between(100_000, 999_999))}`,
    installed_on: account.since,
    attenuation_db: isBen ? 48.2 : random.between(180, 320) / 10,
    noise_margin_db: isBen ? 4.1 : random.between(80, 140) / 10,
    drops_24h: isBen ? 14 : random.between(0, 2),
  }
}

function buildInvoice(
  id: string,
  account: AccountRow,
  { month, random }: { month: Day; random: SeededRandom },
): InvoiceRow {
  const plan = plans.find((candidate) => candidate.id === account.plan_id) ?? {
    name: account.plan_id,
    monthly_cents: 0,
  }
  const lines: InvoiceLine[] = [{ label: `${plan.name}, one month`, cents: plan.monthly_cents, kind: 'plan' }]
  const isDemo = demoPeople.some(({ number }) => number === account.number)
  const chance = random.between(0, 19)
  if (!isDemo && chance === 0) lines.push({ label: 'Late fee', cents: 500, kind: 'lateFee' })
  if (!isDemo && chance === 1)
    lines.push({ label: 'Plan change within the month', cents: random.between(300, 1_200), kind: 'proRata' })
  return {
    id,
    account_id: account.id,
    month,
    issued_on: month,
    due_on: addDays(month, 14),
    total_cents: lines.reduce((sum, { cents }) => sum + cents, 0),
    lines,
  }
}

function buildPayments(
  invoice: InvoiceRow,
  account: AccountRow,
  { today, isTwice }: { today: Day; isTwice: boolean },
): PaymentRow[] {
  const days = isTwice ? [11, 13] : [11]
  return days
    .map((day) => addDays(invoice.month, day))
    .filter((paidOn) => paidOn <= today)
    .map((paidOn, index) => ({
      id: `PAY-${invoice.id.slice(4)}-${index + 1}`,
      account_id: account.id,
      invoice_id: invoice.id,
      cents: invoice.total_cents,
      paid_on: paidOn,
      method: `card ending in ${account.card_last4}`,
    }))
}
