export { migrate, type Migration } from './database/migrate.ts'
export { openDatabase, type OpenDatabaseOptions } from './database/open-database.ts'
export { createPostgresStore, type PostgresStoreOptions } from './store/postgres-store.ts'
export { postgresBackend, type PostgresBackendOptions } from './workflow/postgres-backend.ts'
