/** A PostgreSQL database, embedded or on a server. */
export interface SqlDatabase {
  readonly kind: 'pglite' | 'postgres'
  /** One round trip; values are bound, never spliced. */
  query<Row>(text: string, values?: readonly unknown[]): Promise<{ rows: Row[]; rowCount: number }>
  /** Serialization failures are retried up to 3 times. */
  transaction<T>(
    run: (tx: SqlDatabase) => Promise<T>,
    options?: { isolation?: 'readCommitted' | 'repeatableRead' | 'serializable' },
  ): Promise<T>
  close(): Promise<void>
}
