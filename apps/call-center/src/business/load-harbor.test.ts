import { expect, test } from 'vitest'
import { openDatabase } from '@parley/postgres'
import { createVirtualClock } from '@parley/testing'
import { findByName, findByNumber, findByPhone, getPinHash } from './accounts.ts'
import { buildHarborData } from './build-harbor-data.ts'
import { customerCard } from './customer-card.ts'
import { findDuplicates, listInvoices } from './invoices.ts'
import { readLine } from './line.ts'
import { loadHarbor } from './load-harbor.ts'
import { offersFor } from './offers.ts'
import { openOutage } from './outages.ts'
import { demoPeople } from './people.ts'
import { isPin } from './pin.ts'
import { openTicket } from './tickets.ts'
import { freeSlots } from './visits.ts'

const now = Date.UTC(2026, 10, 21, 9)

test('the same seed gives the same business, another seed other people around the four', () => {
  const data = buildHarborData({ seed: 1, now })
  expect(buildHarborData({ seed: 1, now })).toEqual(data)
  expect(Object.fromEntries(Object.entries(data).map(([table, rows]) => [table, rows.length]))).toEqual({
    plans: 5,
    accounts: 40,
    devices: 40,
    invoices: 240,
    payments: 241,
    outages: 2,
    slots: 12,
    offers: 4,
  })
  const other = buildHarborData({ seed: 2, now })
  expect(other.accounts.slice(4)).not.toEqual(data.accounts.slice(4))
  expect(other.accounts.slice(0, 4).map(({ number, pin_hash }) => [number, pin_hash])).toEqual(
    data.accounts.slice(0, 4).map(({ number, pin_hash }) => [number, pin_hash]),
  )
})

test.each(Array.from({ length: 12 }, (_, month) => month))(
  'the demo data holds on the first and last day of month %i',
  (month) => {
    for (const at of [Date.UTC(2026, month, 1, 1), Date.UTC(2026, month + 1, 0, 23)]) {
      const { invoices, payments } = buildHarborData({ seed: 1, now: at })
      const twice = payments.filter(({ id }) => id.endsWith('-2'))
      expect(twice).toHaveLength(1)
      expect(twice[0]?.paid_on.localeCompare(new Date(at).toISOString().slice(0, 10))).toBe(-1)
      expect(new Set(invoices.map(({ id }) => id)).size).toBe(240)
    }
  },
)

test('each of the four finds their story in the database', async () => {
  const clock = createVirtualClock({ now })
  const database = await openDatabase('memory://')
  expect(await loadHarbor(database, { clock })).toEqual({ accounts: 40, isFresh: true })
  const [ada, ben, carla, dev] = await Promise.all(demoPeople.map(({ number }) => findByNumber(database, number)))
  if (!ada || !ben || !carla || !dev) throw new Error('a demo account is missing')
  for (const [index, account] of [ada, ben, carla, dev].entries()) {
    expect(isPin(account.id, demoPeople[index]?.pin ?? '', (await getPinHash(database, account.id)) ?? '')).toBe(true)
  }
  expect(await findDuplicates(database, ada.id)).toEqual([
    { invoiceId: 'INV-2210', month: 'October', cents: 7_900, firstPaidOn: '2026-10-12', secondPaidOn: '2026-10-14' },
  ])
  expect((await listInvoices(database, ada.id)).map(({ month, status }) => `${month} ${status}`).slice(0, 2)).toEqual([
    'November paid',
    'October paid',
  ])
  expect(await readLine(database, ben.id)).toMatchObject({ verdict: 'bad', drops24h: 14 })
  expect(await openOutage(database, ben.area, new Date(now).toISOString())).toBeUndefined()
  expect(
    (await offersFor(database, carla.id, 'price')).map(({ offerId, monthlyCents }) => [offerId, monthlyCents]),
  ).toEqual([
    ['loyal-15', 8_400],
    ['smaller-plan', 4_900],
  ])
  expect(await openOutage(database, dev.area, new Date(now).toISOString())).toMatchObject({
    cause: 'a cut fiber cable',
  })
  expect((await findByName(database, 'ada moreno')).map(({ id }) => id)).toEqual([ada.id])
  expect(await findByPhone(database, '')).toEqual([])
  expect(await customerCard(database, ada.id)).toMatchObject({ balanceCents: 0, tickets: [] })

  // A later start keeps what was done, and moves free times and outages to today; another seed begins anew.
  await openTicket(database, { accountId: ben.id, kind: 'line', summary: 's', createdAt: 'x', idempotencyKey: 'k' })
  await clock.advance(3 * 86_400_000)
  const later = new Date(clock.now()).toISOString()
  expect(await loadHarbor(database, { clock })).toEqual({ accounts: 40, isFresh: false })
  expect((await customerCard(database, ben.id))?.tickets).toHaveLength(1)
  expect((await freeSlots(database, later.slice(0, 10)))[0]?.day).toBe('2026-11-25')
  expect(await openOutage(database, dev.area, later)).toBeDefined()
  expect(await loadHarbor(database, { clock, seed: 2 })).toEqual({ accounts: 40, isFresh: true })
  expect((await customerCard(database, ben.id))?.tickets).toHaveLength(0)
  await database.close()
}, 30_000)
