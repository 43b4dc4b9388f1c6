import { formatCents } from '../shared/format.ts'
import type { Customer } from './customer.ts'

const placeholder = /\{\{\s*([\w.]+)\s*\}\}/g

/** What placeholders stand for. A value that is not known is absent. */
export function replyValues(customer: Customer | undefined, deskName: string): Record<string, string> {
  const values: Record<string, string> = { 'desk.name': deskName }
  if (customer === undefined) return values
  const { account, balanceCents, duplicates, tickets, visits } = customer
  values['customer.firstName'] = account.firstName
  values['customer.plan'] = account.planName
  values['customer.monthly'] = formatCents(account.monthlyCents)
  values['customer.balance'] = formatCents(balanceCents)
  values['customer.area'] = account.area
  const [duplicate] = duplicates
  if (duplicate !== undefined)
    Object.assign(values, { 'duplicate.amount': formatCents(duplicate.cents), 'duplicate.month': duplicate.month })
  const ticket = tickets.find(({ status }) => status === 'open')
  if (ticket !== undefined) values['ticket.id'] = ticket.id
  const [visit] = visits
  if (visit !== undefined)
    Object.assign(values, { 'visit.day': visit.dayName, 'visit.starts': visit.starts, 'visit.ends': visit.ends })
  return values
}

/** Fills what is known; unknown placeholders stay, so that they can be seen. */
export function fillReply(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(placeholder, (whole, name: string) => values[name] ?? whole)
}

/** Placeholders left in a text: with any of them it is not sent. */
export function openPlaceholders(text: string): string[] {
  return [...text.matchAll(placeholder)].map(([whole]) => whole)
}
