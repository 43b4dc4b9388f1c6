import type { SqlDatabase } from '@parley/spec'
import { getAccount, type Account } from './accounts.ts'
import { creditsOf, type Credit } from './credits.ts'
import { balanceCents, findDuplicates, listInvoices, type DuplicatePayment, type Invoice } from './invoices.ts'
import { readLine, type LineReading } from './line.ts'
import { ticketsOf, type Ticket } from './tickets.ts'
import { visitsOf, type Visit } from './visits.ts'

/** What the desk shows of a customer. */
export interface CustomerCard {
  account: Account
  balanceCents: number
  invoices: Invoice[]
  duplicates: DuplicatePayment[]
  credits: Credit[]
  line: LineReading | null
  tickets: Ticket[]
  visits: Visit[]
}

export async function customerCard(database: SqlDatabase, accountId: string): Promise<CustomerCard | undefined> {
  const account = await getAccount(database, accountId)
  if (!account) return undefined
  const [balance, invoices, duplicates, credits, line, tickets, visits] = await Promise.all([
    balanceCents(database, accountId),
    listInvoices(database, accountId),
    findDuplicates(database, accountId),
    creditsOf(database, accountId),
    readLine(database, accountId),
    ticketsOf(database, accountId),
    visitsOf(database, accountId),
  ])
  return { account, balanceCents: balance, invoices, duplicates, credits, line: line ?? null, tickets, visits }
}
