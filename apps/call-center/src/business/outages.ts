import type { SqlDatabase } from '@parley/spec'

/** An outage that is going on. */
export interface Outage {
  id: string
  area: string
  cause: string
  startedAt: string
  expectedEnd: string
}

export async function openOutage(database: SqlDatabase, area: string, now: string): Promise<Outage | undefined> {
  const { rows } = await database.query<Outage>(
    `SELECT id, area, cause, started_at AS "startedAt", expected_end AS "expectedEnd" FROM harbor.outages
     WHERE area = $1 AND started_at <= $2 AND expected_end > $2 ORDER BY started_at LIMIT 1`,
    [area, now],
  )
  return rows[0]
}
