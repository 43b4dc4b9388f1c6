import { pageLimit, parseCursor } from '@parley/spec'
import type { Family, FamilyFilter, Page, SqlDatabase } from '@parley/spec'

import { codeOf } from '../database/database-errors.ts'
import { toRecords } from './room-changes.ts'
import { guarded } from './store-errors.ts'

/** How a family lies in the table of records. */
export interface FamilyTable<V, F> {
  name: string
  scopeOf: (value: V) => string
  idOf: (value: V) => string
  /** Whether scopes are organizations; else they are rooms. */
  isByOrganization?: boolean
  /** Conditions of filters that are more than equality; `bind` gives the placeholder of a value. */
  conditions?: (filter: F, bind: (value: unknown) => string) => string[]
}

/** Identities free their addresses when they go; other families have none. */
const removeText = `
WITH gone AS (DELETE FROM parley.records WHERE family = $1 AND scope = $2 AND id = ANY($3::text[]) RETURNING family, scope, id),
freed AS (DELETE FROM parley.identity_addresses a USING gone
  WHERE gone.family = 'identities' AND a.scope = gone.scope AND a.identity_id = gone.id)
SELECT count(*)::integer AS removed FROM gone`

/** An address of an identity is another's. */
const addressTaken = 'PY001'

/** Records of one kind in the database. */
export function createPostgresFamily<V extends object, F extends object>(
  database: () => Promise<SqlDatabase>,
  table: FamilyTable<V, F>,
): Family<V, F> {
  const { name, scopeOf, idOf } = table
  return {
    get: (scope, id) =>
      guarded(async () => {
        const { rows } = await (
          await database()
        ).query<{ doc: V }>('SELECT doc FROM parley.records WHERE family = $1 AND scope = $2 AND id = $3', [
          name,
          scope,
          id,
        ])
        return rows[0]?.doc ?? null
      }),
    put: (values, { ifAbsent = false, expected } = {}) =>
      guarded(async () => {
        if (values.length === 0) return { written: true }
        const absent = Object.entries(expected ?? {}).flatMap(([key, value]) => (value === undefined ? [key] : []))
        const parameters = [
          name,
          JSON.stringify(toRecords(values, scopeOf, idOf)),
          ifAbsent,
          expected === undefined ? null : JSON.stringify(expected),
          absent,
        ]
        try {
          const { rows } = await (
            await database()
          ).query<{ written: boolean }>(
            'SELECT parley.put_records($1, $2::jsonb, $3, $4::jsonb, $5::text[]) AS written',
            parameters,
          )
          return { written: rows[0]?.written === true }
        } catch (error) {
          if (codeOf(error) === addressTaken) return { written: false }
          throw error
        }
      }),
    list: (filter) => guarded(async () => readPage(await database(), table, filter)),
    remove: (scope, ids) =>
      guarded(async () => {
        const { rows } = await (await database()).query<{ removed: number }>(removeText, [name, scope, ids])
        return rows[0]?.removed ?? 0
      }),
  }
}

async function readPage<V, F extends object>(
  database: SqlDatabase,
  { name, isByOrganization = false, conditions }: FamilyTable<V, F>,
  filter: F & FamilyFilter,
): Promise<Page<V>> {
  const { roomId, organizationId, after, limit, ...fields } = filter
  const wanted = pageLimit(limit)
  const values: unknown[] = []
  const bind = (value: unknown): string => `$${values.push(value)}`
  const where = [`family = ${bind(name)}`, `seq > ${bind(parseCursor(after))}`]
  if (roomId !== undefined) where.push(`scope = ${bind(roomId)}`)
  if (organizationId !== undefined) {
    where.push(
      isByOrganization
        ? `scope = ${bind(organizationId)}`
        : `scope IN (SELECT id FROM parley.rooms WHERE organization_id = ${bind(organizationId)})`,
    )
  }
  if (conditions !== undefined) where.push(...conditions(filter, bind))
  else {
    for (const [key, value] of Object.entries(fields)) {
      if (value !== undefined) where.push(`doc->${bind(key)} = ${bind(JSON.stringify(value))}::jsonb`)
    }
  }
  const { rows } = await database.query<{ seq: number; doc: V }>(
    `SELECT seq, doc FROM parley.records WHERE ${where.join(' AND ')} ORDER BY seq LIMIT ${bind(wanted + 1)}`,
    values,
  )
  const items = rows.slice(0, wanted).map((row) => row.doc)
  const last = rows[wanted - 1]
  return rows.length > wanted && last !== undefined ? { items, next: String(last.seq) } : { items }
}
