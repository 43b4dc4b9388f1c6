import type { SqlDatabase } from '@parley/spec'

/** A column, and its type as SQL writes it. */
export interface Column {
  name: string
  type: string
}

/** A table of the schema `parley`. */
export interface Table {
  name: string
  /** Without those that the database computes. */
  columns: Column[]
  /** Of the primary key, else all of `columns`: the order of an export. */
  order: string[]
  /** Columns that count by themselves. */
  counting: string[]
}

/** All tables but the list of migrations, each after those it refers to. */
export async function readTables(database: SqlDatabase): Promise<Table[]> {
  const { rows: columns } = await database.query<{ table: string; column: string; type: string; counts: boolean }>(
    `SELECT c.table_name::text AS table, c.column_name::text AS column,
        format_type(a.atttypid, a.atttypmod) AS type,
        (c.is_identity = 'YES' OR c.column_default LIKE 'nextval(%') IS TRUE AS counts
      FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
        JOIN pg_attribute a ON a.attname = c.column_name AND a.attrelid = format('%I.%I', c.table_schema, c.table_name)::regclass
      WHERE c.table_schema = 'parley' AND t.table_type = 'BASE TABLE' AND c.table_name <> 'migrations' AND c.is_generated = 'NEVER'
      ORDER BY c.table_name, c.ordinal_position`,
  )
  const { rows: keys } = await database.query<{ table: string; column: string }>(
    `SELECT k.table_name::text AS table, k.column_name::text AS column
      FROM information_schema.table_constraints c JOIN information_schema.key_column_usage k
        USING (constraint_schema, constraint_name, table_name)
      WHERE c.constraint_schema = 'parley' AND c.constraint_type = 'PRIMARY KEY' ORDER BY k.table_name, k.ordinal_position`,
  )
  const { rows: references } = await database.query<{ table: string; target: string }>(
    `SELECT s.relname::text AS table, t.relname::text AS target
      FROM pg_constraint c JOIN pg_class s ON s.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
      WHERE c.contype = 'f' AND c.connamespace = 'parley'::regnamespace AND s.oid <> t.oid`,
  )
  const names = [...new Set(columns.map(({ table }) => table))]
  return inOrder(names, references).map((name) => {
    const own = columns.filter(({ table }) => table === name)
    const key = keys.filter(({ table }) => table === name).map(({ column }) => column)
    const all = own.map(({ column, type }) => ({ name: column, type }))
    return {
      name,
      columns: all,
      order: key.length > 0 ? key : all.map((column) => column.name),
      counting: own.filter(({ counts }) => counts).map(({ column }) => column),
    }
  })
}

function inOrder(names: readonly string[], references: readonly { table: string; target: string }[]): string[] {
  const placed: string[] = []
  let waiting = [...names]
  while (waiting.length > 0) {
    const free = waiting.filter((name) =>
      references.every(({ table, target }) => table !== name || placed.includes(target)),
    )
    // Tables that refer to each other in a circle keep their order by name.
    placed.push(...(free.length > 0 ? free : waiting))
    waiting = waiting.filter((name) => !placed.includes(name))
  }
  return placed
}

/** A name inside a statement. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Rows of a table. */
export async function countRows(database: SqlDatabase, { name }: Table): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM parley.${quoted(name)}`,
  )
  return rows[0]?.count ?? 0
}
