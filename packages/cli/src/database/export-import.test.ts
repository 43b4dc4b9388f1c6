import { createSystemClock } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { cliFixture } from '../__fixtures__/cli-fixture.ts'

const clock = createSystemClock()
const rest = 'parley: 1\nname: rest\nsteps:\n  - { id: pause, kind: wait, wait: timer, ms: 1 }\n'

test('apps 4 db answers with one document: status, migrate, export and import', async () => {
  await using fixture = await cliFixture({ 'rest.yaml': rest })
  const db = async (...argv: string[]): Promise<{ [field: string]: unknown }> => {
    const { exit, stdout } = await fixture.run(['db', ...argv, '--json'], { clock })
    expect(exit, argv.join(' ')).toBe(0)
    return JSON.parse(stdout)
  }
  expect(await db('status', '--store', 'one')).toEqual({
    v: 1,
    type: 'result',
    ok: true,
    exit: 0,
    kind: expect.any(String),
    migrations: {},
    tables: {},
  })
  const migrated = await db('migrate', '--store', 'one')
  expect(migrated).toMatchObject({ tables: { runs: 0 } })
  expect(Object.keys(migrated['migrations'] ?? {})).toEqual(['conversations', 'workflows'])
  // Migrating again changes nothing.
  expect(await db('migrate', '--store', 'one')).toEqual(migrated)
  await fixture.run(['run', 'rest.yaml', '--store', 'one'], { clock })
  expect(await db('--store', 'one')).toMatchObject({ tables: { runs: 1, definitions: 1 } })
  const out = await db('export', '--file', 'all.ndjson', '--store', 'one')
  expect(out).toMatchObject({ rows: expect.any(Number), tables: { runs: { rows: 1, sha256: expect.any(String) } } })
  const read = await db('import', '--file', 'all.ndjson', '--store', 'two')
  expect(read).toEqual(out)
  const listed = await fixture.run(['runs', '--store', 'two'], { clock })
  expect(listed.stdout).toContain('completed')
}, 120_000)

describe('apps 4 db', () => {
  test('apps 4 a database that is out of reach ends with 4, whatever was asked of it', async () => {
    await using fixture = await cliFixture({ 'all.ndjson': '' })
    for (const action of ['status', 'migrate', 'export', 'import']) {
      const argv = ['db', action, '--file', 'all.ndjson', '--json', '--store', 'postgres://127.0.0.1:1/none']
      const { exit, stdout } = await fixture.run(argv)
      expect(exit, action).toBe(4)
      expect(JSON.parse(stdout)).toMatchObject({ ok: false, exit: 4, error: { code: 'store_unavailable' } })
    }
  })

  test.each([[['db', 'drop']], [['db', 'status', 'now']], [['db', 'status', '--fiel', 'x']]])(
    'apps 4 %j ends with 2',
    async (argv) => {
      await using fixture = await cliFixture()
      expect((await fixture.run([...argv, '--store', 'memory://'])).exit).toBe(2)
    },
  )

  test('apps 4 an export cannot share standard output with the answer of --json', async () => {
    await using fixture = await cliFixture()
    const { exit, stdout } = await fixture.run(['db', 'export', '--json', '--store', 'memory://'])
    expect(exit).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'invalid_options', details: { path: 'file' } } })
  })

  test('apps 4 a file that is not there ends with 3, one that is no export with 1, and nothing is changed', async () => {
    await using fixture = await cliFixture({ 'odd.ndjson': 'hello\n', 'empty.ndjson': '', 'list.ndjson': '[1]\n' })
    const load = (file: string): ReturnType<typeof fixture.run> =>
      fixture.run(['db', 'import', '--file', file, '--json', '--store', 'data'])
    const missing = await load('none.ndjson')
    expect(missing.exit).toBe(3)
    expect(JSON.parse(missing.stdout)).toMatchObject({ error: { code: 'document_unknown' } })
    for (const file of ['odd.ndjson', 'empty.ndjson', 'list.ndjson']) {
      const { exit, stdout, stderr } = await load(file)
      expect(exit, file).toBe(1)
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'body_invalid' } })
      expect(stderr).toContain('Nothing was changed')
    }
    const { stdout } = await fixture.run(['db', 'status', '--json', '--store', 'data'])
    expect(Object.values(JSON.parse(stdout).tables).every((rows) => rows === 0)).toBe(true)
  }, 60_000)

  test('apps 4 an export that cannot be written leaves no half of itself', async () => {
    await using fixture = await cliFixture({ 'folder/x.txt': '' })
    const { exit } = await fixture.run(['db', 'export', '--file', 'none/all.ndjson', '--store', 'memory://'])
    expect(exit).not.toBe(0)
    const onFolder = await fixture.run(['db', 'export', '--file', 'folder', '--store', 'memory://'])
    expect(onFolder.exit).not.toBe(0)
  }, 60_000)
})

describe('apps 4 prices', () => {
  const table = {
    version: '2026-09',
    entries: [{ model: 'test/scripted', from: '2026-01-01T00:00:00.000Z', input: 50, output: 200 }],
  }

  test('apps 4 prices list and recompute answer with one document each', async () => {
    await using fixture = await cliFixture({
      'p.json': JSON.stringify(table),
      'w.yaml': 'parley: 1\nname: w\nsteps: [{ id: a, prompt: "x" }]\n',
      'models.ts': `import { scriptedModel } from '@parley/testing'
const model = scriptedModel([{ text: 'said', usage: { inputTokens: 10, outputTokens: 2 } }])
const price = { from: '2026-01-01T00:00:00.000Z', input: 1000, output: 1000 }
export default { models: [{ ...model, card: { ...model.card, price } }] }
`,
    })
    const list = await fixture.run(['prices', '--file', 'p.json', '--json'])
    expect(JSON.parse(list.stdout)).toMatchObject({
      ok: true,
      version: '2026-09',
      entries: [{ model: 'test/scripted' }],
    })
    const ran = await fixture.run(['run', 'w.yaml', '--config', 'models.ts', '--store', 'data', '--json'], { clock })
    const { task_id: taskId } = JSON.parse(ran.stdout)
    const recompute = (...argv: string[]): ReturnType<typeof fixture.run> =>
      fixture.run(['prices', 'recompute', '--file', 'p.json', '--store', 'data', ...argv], { clock })
    const { stdout } = await recompute('--json')
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      models: {
        'test/scripted': { calls: 1, stored_nano_usd: 12_000, recomputed_nano_usd: 900, unpriced_calls: 0 },
      },
    })
    expect((await recompute('--task', taskId)).stdout).toMatch(/test\/scripted +1 /)
    expect((await recompute('--task', 'task_none')).stdout).not.toContain('test/scripted')
    expect((await recompute('--tenant', 'nobody')).stdout).not.toContain('test/scripted')
  }, 60_000)

  test('apps 4 no table is 2, one that cannot be read 3, a store out of reach 4', async () => {
    await using fixture = await cliFixture({ 'p.json': JSON.stringify(table) })
    const exit = async (...argv: string[]): Promise<number> => (await fixture.run(['prices', ...argv])).exit
    expect(await exit()).toBe(2)
    expect(await exit('melt', '--file', 'p.json')).toBe(2)
    expect(await exit('list', '--file', 'none.json')).toBe(3)
    expect(await exit('list', '--file', 'p.json', '--version', '1999')).toBe(3)
    expect(await exit('recompute', '--file', 'p.json', '--store', 'postgres://127.0.0.1:1/none')).toBe(4)
    expect(await exit('recompute', '--file', 'p.json', '--store', 'mysql://x')).toBe(3)
  })
})
