import type { SqlDatabase } from '@parley/spec'

/** Something for people to do. */
export interface Ticket {
  id: string
  accountId: string
  kind: string
  summary: string
  status: 'open' | 'closed'
  createdAt: string
}

const fields =
  'SELECT id, account_id AS "accountId", kind, summary, status, created_at AS "createdAt" FROM harbor.tickets'

/** Opens a ticket; the same key again gives the ticket that is there. */
export async function openTicket(
  database: SqlDatabase,
  ticket: { accountId: string; kind: string; summary: string; createdAt: string; idempotencyKey: string },
): Promise<Ticket> {
  await database.query(
    `INSERT INTO harbor.tickets (id, account_id, kind, summary, status, created_at, idempotency_key)
     SELECT 'T-' || nextval('harbor.ticket_number'), $1, $2, $3, 'open', $4, $5
     WHERE NOT EXISTS (SELECT 1 FROM harbor.tickets WHERE idempotency_key = $5) ON CONFLICT (idempotency_key) DO NOTHING`,
    [ticket.accountId, ticket.kind, ticket.summary, ticket.createdAt, ticket.idempotencyKey],
  )
  const { rows } = await database.query<Ticket>(`${fields} WHERE idempotency_key = $1`, [ticket.idempotencyKey])
  const [row] = rows
  if (!row) throw new Error('A ticket that was just written is gone.')
  return row
}

export async function getTicket(database: SqlDatabase, ticketId: string): Promise<Ticket | undefined> {
  const { rows } = await database.query<Ticket>(`${fields} WHERE id = $1`, [ticketId])
  return rows[0]
}

/** Tickets of an account, newest first. */
export async function ticketsOf(database: SqlDatabase, accountId: string): Promise<Ticket[]> {
  const { rows } = await database.query<Ticket>(`${fields} WHERE account_id = $1 ORDER BY created_at DESC, id DESC`, [
    accountId,
  ])
  return rows
}
