import type { SqlDatabase } from '@parley/spec'

/** What a line test measures. */
export interface LineReading {
  attenuationDb: number
  noiseMarginDb: number
  drops24h: number
  verdict: 'good' | 'bad'
}

// Below 6 dB of noise margin, or with more than five drops a day, a line needs a technician.
const leastMarginDb = 6
const mostDrops = 5

export async function readLine(database: SqlDatabase, accountId: string): Promise<LineReading | undefined> {
  const { rows } = await database.query<Omit<LineReading, 'verdict'>>(
    'SELECT attenuation_db AS "attenuationDb", noise_margin_db AS "noiseMarginDb", drops_24h AS "drops24h" FROM harbor.devices WHERE account_id = $1 ORDER BY id LIMIT 1',
    [accountId],
  )
  const [row] = rows
  if (!row) return undefined
  return { ...row, verdict: row.noiseMarginDb < leastMarginDb || row.drops24h > mostDrops ? 'bad' : 'good' }
}

/** Notes that a modem was restarted; false without one. */
export async function rebootModem(
  database: SqlDatabase,
  accountId: string,
  at: string,
): Promise<{ model: string } | undefined> {
  const { rows } = await database.query<{ model: string }>(
    'UPDATE harbor.devices SET rebooted_at = $2 WHERE account_id = $1 RETURNING model',
    [accountId, at],
  )
  return rows[0]
}
