import { expect, test } from 'vitest'
import { cannedReplies } from './canned-replies.ts'
import type { Customer } from './customer.ts'
import { fillReply, openPlaceholders, replyValues } from './fill-reply.ts'

const customer: Customer = {
  account: {
    id: 'a',
    number: '204417',
    firstName: 'Ada',
    lastName: 'Moreno',
    city: 'Port Ellery',
    area: 'Harbor West',
    planName: 'Fiber 300',
    monthlyCents: 7_900,
    offerName: null,
  },
  balanceCents: 0,
  invoices: [],
  duplicates: [{ invoiceId: 'INV-2210', month: 'October', cents: 7_900, firstPaidOn: '', secondPaidOn: '' }],
  credits: [],
  line: null,
  tickets: [],
  visits: [],
}

test('placeholders are filled from the customer card', () => {
  expect(fillReply('Hi {{customer.firstName}}, {{ duplicate.amount }}', replyValues(customer, 'Dana'))).toBe(
    'Hi Ada, $79.00',
  )
})

test('a placeholder without a value stays and blocks', () => {
  const filled = fillReply('Your ticket is {{ticket.id}}', replyValues(customer, 'Dana'))
  expect(openPlaceholders(filled)).toEqual(['{{ticket.id}}'])
  expect(openPlaceholders('Hello')).toEqual([])
})

test('twelve replies ship, with placeholders that can have a value', () => {
  const full: Customer = {
    ...customer,
    tickets: [{ id: 'T-1', kind: 'line', summary: '', status: 'open' }],
    visits: [{ visitId: 'v', dayName: 'Monday', starts: '8', ends: '12', technician: 'Theo' }],
  }
  expect(cannedReplies).toHaveLength(12)
  for (const { text } of cannedReplies) expect(openPlaceholders(fillReply(text, replyValues(full, 'Dana')))).toEqual([])
})
