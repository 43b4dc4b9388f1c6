import type { EventDraft, SqlDatabase } from '@parley/spec'

/** The same rows as the store's, written by plain SQL: the floor of a log in PostgreSQL. */
export interface RawLog {
  /** One insert statement; the caller counts, and nobody else may write. */
  append(drafts: readonly EventDraft[]): Promise<void>
  /** Counter and insert in one transaction, so that several writers get indexes without gap. */
  appendCounted(drafts: readonly EventDraft[], roomId?: string): Promise<void>
  /** The newest events written by `append`, oldest first. */
  tail(count: number): Promise<unknown[]>
}

/** Makes tables of a room's log in a schema of their own; what was there before is dropped. */
export async function openRawLog(database: SqlDatabase, roomIds: readonly string[]): Promise<RawLog> {
  await database.query('DROP SCHEMA IF EXISTS bench_raw CASCADE')
  await database.query('CREATE SCHEMA bench_raw')
  await database.query('CREATE TABLE bench_raw.rooms (id text PRIMARY KEY, latest_index int NOT NULL)')
  await database.query(
    'CREATE TABLE bench_raw.events (room_id text NOT NULL, index int NOT NULL, id text NOT NULL, type text NOT NULL, idempotency_key text, doc jsonb NOT NULL, PRIMARY KEY (room_id, index))',
  )
  // The store finds events by id and by idempotency key: so must the floor.
  await database.query('CREATE UNIQUE INDEX ON bench_raw.events (room_id, id)')
  await database.query(
    'CREATE UNIQUE INDEX ON bench_raw.events (room_id, idempotency_key) WHERE idempotency_key IS NOT NULL',
  )
  const [first = 'room'] = roomIds
  for (const id of roomIds) await database.query('INSERT INTO bench_raw.rooms VALUES ($1, -1)', [id])
  // Counted by the caller: a room that the counter knows nothing of.
  const uncounted = `${first}-uncounted`
  let next = 0
  return {
    async append(drafts) {
      const { text, values } = toInsert(uncounted, next, drafts)
      next += drafts.length
      await database.query(text, values)
    },
    async appendCounted(drafts, roomId = first) {
      await database.transaction(async (transaction) => {
        const { rows } = await transaction.query<{ latest_index: number }>(
          'UPDATE bench_raw.rooms SET latest_index = latest_index + $1 WHERE id = $2 RETURNING latest_index',
          [drafts.length, roomId],
        )
        const latest = rows[0]?.latest_index ?? 0
        const { text, values } = toInsert(roomId, latest - drafts.length + 1, drafts)
        await transaction.query(text, values)
      })
    },
    async tail(count) {
      const { rows } = await database.query(
        'SELECT index, doc FROM bench_raw.events WHERE room_id = $1 ORDER BY index DESC LIMIT $2',
        [uncounted, count],
      )
      return rows.toReversed()
    },
  }
}

function toInsert(
  roomId: string,
  first: number,
  drafts: readonly EventDraft[],
): { text: string; values: (string | number | null)[] } {
  const values: (string | number | null)[] = []
  const rows = drafts.map((draft, position) => {
    const at = values.length
    values.push(
      roomId,
      first + position,
      draft.id,
      draft.type,
      draft.idempotencyKey ?? null,
      JSON.stringify({ ...draft, index: first + position }),
    )
    return `($${at + 1}, $${at + 2}, $${at + 3}, $${at + 4}, $${at + 5}, $${at + 6})`
  })
  return { text: `INSERT INTO bench_raw.events VALUES ${rows.join(', ')}`, values }
}
