import type { Clock, SqlDatabase } from '@parley/spec'

/** Brings every area of the schema up to date. What each area keeps there is its own; asking it for anything is enough. */
export async function migrateAll(database: SqlDatabase, clock: Clock): Promise<void> {
  const { createPostgresStore, postgresBackend } = await import('@parley/postgres')
  await createPostgresStore({ database, clock }).getRoom('-')
  await postgresBackend({ database, clock }).get('-')
}
