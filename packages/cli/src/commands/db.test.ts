import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDatabase } from '@parley/postgres'
import { expect, test } from 'vitest'
import { cliFixture } from '../__fixtures__/cli-fixture.ts'

test('platform 13 a database is migrated, written out, read in with the same checksums, and refused when it is not whole', async () => {
  await using fixture = await cliFixture()
  const from = ['--store', 'file:./one']
  const to = ['--store', 'file:./two']
  expect((await fixture.run(['db', 'status', ...from])).stdout).toContain('no schema yet')
  const migrated = await fixture.run(['db', 'migrate', ...from])
  expect(migrated.exit).toBe(0)
  expect(migrated.stdout).toMatch(/schema conversations \d+\n/)
  expect(migrated.stdout).toMatch(/schema workflows \d+\n/)

  const one = await openDatabase(`file:${join(fixture.cwd, 'one')}`)
  const text = '{"z": 1,\n "a": "line\\nbreak \\u0000 nul", "n": 12345678901234567890}'
  for (const name of ['b', 'a']) {
    await one.query(
      'INSERT INTO parley.definitions (hash, tenant_id, name, version, doc) VALUES ($1, $2, $1, $3, $4::json)',
      [name, 't', '1', text],
    )
  }
  await one.query(
    "INSERT INTO parley.runs (id, seq, tenant_id, task_id, status, workflow, definition_hash, doc) OVERRIDING SYSTEM VALUE VALUES ('run_1', 41, 't', 'task_1', 'completed', 'w', 'a', '{}')",
  )
  await one.close()

  const out = await fixture.run(['db', 'export', '--file', 'all.ndjson', '--json', ...from])
  expect(out.exit).toBe(0)
  const exported = JSON.parse(out.stdout)
  expect(exported.tables.definitions.rows).toBe(2)
  const written = await readFile(join(fixture.cwd, 'all.ndjson'), 'utf8')

  const bad = {
    'cut.ndjson': written.split('\n').slice(0, -2).join('\n'),
    'odd.ndjson': written.replace(/"version" : "1"/, '"version" : null'),
    'changed.ndjson': written.replace('12345678901234567890', '12345678901234567891'),
  }
  await fixture.write(bad)
  for (const file of Object.keys(bad)) {
    const refused = await fixture.run(['db', 'import', '--file', file, ...to])
    expect(refused.exit, file).toBe(1)
    expect(refused.stderr).toContain('Nothing was changed')
  }
  const read = await fixture.run(['db', 'import', '--file', 'all.ndjson', '--json', ...to])
  expect(read.stderr).not.toContain('error')
  expect(JSON.parse(read.stdout).tables).toEqual(exported.tables)
  const two = await openDatabase(`file:${join(fixture.cwd, 'two')}`)
  // Text that was kept as it is stays so: keys in their order, numbers beyond those of JavaScript.
  const { rows } = await two.query<{ doc: string }>('SELECT doc::text AS doc FROM parley.definitions')
  expect(rows.map(({ doc }) => doc)).toEqual([text, text])
  // Numbers that the database gives go on after those that came in.
  const next = await two.query<{ next: number }>(
    "SELECT nextval(pg_get_serial_sequence('parley.runs', 'seq'))::integer AS next",
  )
  expect(next.rows[0]?.next).toBe(42)
  await two.close()
  // A second time the tables are not empty.
  expect((await fixture.run(['db', 'import', '--file', 'all.ndjson', ...to])).exit).toBe(3)
  // Over standard output and input it goes without a file.
  const piped = await fixture.run(['db', 'export', ...to])
  expect(piped.stdout).toBe(written)
}, 60_000)

test('apps 4 a database that cannot be opened ends with 4, an address of no kind with 3', async () => {
  await using fixture = await cliFixture()
  expect((await fixture.run(['db', 'status', '--store', 'postgres://localhost:1/none'])).exit).toBe(4)
  expect((await fixture.run(['db', 'status', '--store', 'mysql://x'])).exit).toBe(3)
})
