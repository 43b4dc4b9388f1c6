import type { SqlDatabase } from '@parley/spec'

/** Steps of the schema `harbor`. New steps go to the end; none is changed or taken away. */
const steps: readonly { name: string; statements: readonly string[] }[] = [
  {
    name: '0001_harbor',
    statements: [
      'CREATE TABLE harbor.settings (name text PRIMARY KEY, value text NOT NULL)',
      `CREATE TABLE harbor.plans (id text PRIMARY KEY, name text NOT NULL, down_mbps integer NOT NULL, up_mbps integer NOT NULL,
        monthly_cents integer NOT NULL CHECK (monthly_cents > 0))`,
      `CREATE TABLE harbor.accounts (id text PRIMARY KEY, number text NOT NULL UNIQUE, first_name text NOT NULL, last_name text NOT NULL,
        city text NOT NULL, area text NOT NULL, phone text NOT NULL, plan_id text NOT NULL REFERENCES harbor.plans, pin_hash text NOT NULL,
        since text NOT NULL, card_last4 text NOT NULL, offer_id text, offer_until text)`,
      'CREATE INDEX accounts_last_name ON harbor.accounts (lower(last_name))',
      `CREATE TABLE harbor.devices (id text PRIMARY KEY, account_id text NOT NULL REFERENCES harbor.accounts, model text NOT NULL, serial text NOT NULL,
        installed_on text NOT NULL, attenuation_db double precision NOT NULL, noise_margin_db double precision NOT NULL,
        drops_24h integer NOT NULL, rebooted_at text)`,
      'CREATE INDEX devices_account ON harbor.devices (account_id)',
      `CREATE TABLE harbor.invoices (id text PRIMARY KEY, account_id text NOT NULL REFERENCES harbor.accounts, month text NOT NULL, issued_on text NOT NULL,
        due_on text NOT NULL, total_cents integer NOT NULL, lines jsonb NOT NULL, UNIQUE (account_id, month))`,
      `CREATE TABLE harbor.payments (id text PRIMARY KEY, account_id text NOT NULL REFERENCES harbor.accounts,
        invoice_id text NOT NULL REFERENCES harbor.invoices, cents integer NOT NULL CHECK (cents > 0), paid_on text NOT NULL, method text NOT NULL)`,
      'CREATE INDEX payments_invoice ON harbor.payments (invoice_id)',
      `CREATE TABLE harbor.credits (id text PRIMARY KEY, account_id text NOT NULL REFERENCES harbor.accounts,
        invoice_id text NOT NULL REFERENCES harbor.invoices, cents integer NOT NULL CHECK (cents > 0), reason text NOT NULL, created_at text NOT NULL,
        idempotency_key text NOT NULL UNIQUE)`,
      'CREATE INDEX credits_account ON harbor.credits (account_id, created_at)',
      `CREATE TABLE harbor.outages (id text PRIMARY KEY, area text NOT NULL, cause text NOT NULL, started_at text NOT NULL, expected_end text NOT NULL)`,
      `CREATE TABLE harbor.tickets (id text PRIMARY KEY, account_id text NOT NULL REFERENCES harbor.accounts, kind text NOT NULL, summary text NOT NULL,
        status text NOT NULL, created_at text NOT NULL, idempotency_key text NOT NULL UNIQUE)`,
      'CREATE INDEX tickets_account ON harbor.tickets (account_id)',
      'CREATE SEQUENCE harbor.ticket_number START 1001',
      `CREATE TABLE harbor.slots (id text PRIMARY KEY, day text NOT NULL, starts text NOT NULL, ends text NOT NULL, technician text NOT NULL,
        ticket_id text REFERENCES harbor.tickets)`,
      'CREATE INDEX slots_free ON harbor.slots (day, starts) WHERE ticket_id IS NULL',
      `CREATE TABLE harbor.visits (id text PRIMARY KEY, ticket_id text NOT NULL REFERENCES harbor.tickets,
        slot_id text NOT NULL UNIQUE REFERENCES harbor.slots, account_id text NOT NULL REFERENCES harbor.accounts, created_at text NOT NULL)`,
      `CREATE TABLE harbor.offers (id text PRIMARY KEY, name text NOT NULL, description text NOT NULL, reasons jsonb NOT NULL,
        off_cents integer NOT NULL, months integer NOT NULL, plan_id text REFERENCES harbor.plans)`,
    ],
  },
]

const lockKey = 7_270_315_902

/** Brings the schema `harbor` up to date in one transaction; what was applied before is left alone. */
export async function migrateHarbor(database: SqlDatabase): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1::bigint)', [lockKey])
    await tx.query('CREATE SCHEMA IF NOT EXISTS harbor')
    await tx.query('CREATE TABLE IF NOT EXISTS harbor.migrations (name text PRIMARY KEY)')
    const { rows } = await tx.query<{ name: string }>('SELECT name FROM harbor.migrations')
    const applied = new Set(rows.map(({ name }) => name))
    for (const { name, statements } of steps) {
      if (applied.has(name)) continue
      for (const statement of statements) await tx.query(statement)
      await tx.query('INSERT INTO harbor.migrations (name) VALUES ($1)', [name])
    }
  })
}
