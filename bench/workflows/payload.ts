import { z } from 'zod'

const BYTES = 1_024

/** What goes from step to step in a workflow that people write: an order, ten fields, 1 KiB as JSON. */
export const orderContract = z.object({
  id: z.uuid(),
  customer: z.email(),
  status: z.enum(['placed', 'paid', 'packed', 'sent']),
  currency: z.string().length(3),
  total: z.number().nonnegative(),
  count: z.int().nonnegative(),
  placedAt: z.iso.datetime(),
  tags: z.array(z.string().max(40)).max(20),
  lines: z.array(z.object({ sku: z.string().min(1), quantity: z.int().positive(), price: z.number().nonnegative() })),
  note: z.string().max(2_000),
})

/** Ten fields of which nothing but the type is checked, and nearly all of the 1 KiB is one text. */
export const textContract = z.object({
  id: z.string(),
  title: z.string(),
  body: z.string(),
  count: z.int(),
  score: z.number(),
  active: z.boolean(),
  tags: z.array(z.string()),
  source: z.string(),
  at: z.string(),
  language: z.string(),
})

/** What steps count up. */
export interface Payload {
  count: number
}

/** A contract on outputs by name: one for all steps of a chain. */
export function namedContract(contract: PayloadKind['contract']): z.ZodRecord<z.ZodString, PayloadKind['contract']> {
  return z.record(z.string(), contract)
}

/** A contract with a value of it whose count is 0. */
export interface PayloadKind {
  contract: z.ZodType<Payload>
  sample(): Payload
}

/** An order of 1 KiB. */
export function sampleOrder(): z.infer<typeof orderContract> {
  const order = {
    id: '7f3b1c52-6c1e-4b6e-9a55-0d6f0a3c1e77',
    customer: 'ada@example.com',
    status: 'placed' as const,
    currency: 'EUR',
    total: 412.25,
    count: 0,
    placedAt: '2026-01-31T09:30:00.000Z',
    tags: ['gift', 'second order', 'express'],
    lines: Array.from({ length: 10 }, (_, line) => ({ sku: `part-${1_000 + line}`, quantity: line + 1, price: 7.5 })),
    note: '',
  }
  return { ...order, note: 'x'.repeat(BYTES - JSON.stringify(order).length) }
}

/** A text of 1 KiB with nine fields around it. */
export function sampleText(): z.infer<typeof textContract> {
  const text = {
    id: 'ticket_0001',
    title: 'A parcel that did not come',
    body: '',
    count: 0,
    score: 0.25,
    active: true,
    tags: ['delivery', 'parcel', 'second contact'],
    source: 'mail',
    at: '2026-01-31T09:30:00.000Z',
    language: 'en',
  }
  return { ...text, body: 'x'.repeat(BYTES - JSON.stringify(text).length) }
}

/** Both kinds of what is handed on. */
export const payloads: Readonly<Record<'order' | 'text', PayloadKind>> = {
  order: { contract: orderContract, sample: sampleOrder },
  text: { contract: textContract, sample: sampleText },
}

/** What every step of every side does: so little that what is measured is what is around it. */
export function advance(payload: Payload): Payload {
  return { ...payload, count: payload.count + 1 }
}

/** An item of a list that is worked on one by one. */
export const itemContract = z.object({ id: z.int(), name: z.string(), value: z.number() })

/** A value of that contract. */
export type Item = z.infer<typeof itemContract>

/** So many items whose value is their number. */
export function sampleItems(count: number): Item[] {
  return Array.from({ length: count }, (_, id) => ({ id, name: `item ${id}`, value: id }))
}

/** What every side does with an item. */
export function advanceItem(item: Item): Item {
  return { ...item, value: item.value + 1 }
}
