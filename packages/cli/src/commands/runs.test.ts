import { createSystemClock } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { cliFixture, type CliFixture, type CliResult } from '../__fixtures__/cli-fixture.ts'

const clock = createSystemClock()
const store = ['--store', 'data']
const nowhere = ['--store', 'postgres://127.0.0.1:1/none']

const ask = `parley: 1
name: ask
steps:
  - { id: review, kind: wait, wait: approval }
  - { id: after, kind: wait, wait: timer, ms: 1, depends_on: [review] }
`
const rest = 'parley: 1\nname: rest\nsteps:\n  - { id: pause, kind: wait, wait: timer, ms: 1 }\n'

/** The one document on standard output. */
function documentOf({ stdout }: CliResult): { [field: string]: unknown } {
  const lines = stdout.trim().split('\n')
  expect(lines).toHaveLength(1)
  return JSON.parse(lines[0] ?? '')
}

async function start(fixture: CliFixture, workflow: string): Promise<string> {
  const { run_id: runId } = documentOf(await fixture.run(['run', workflow, '--json', ...store], { clock }))
  return String(runId)
}

test('apps 4 a waiting run through all that runs does, each as one document', async () => {
  await using fixture = await cliFixture({ 'ask.yaml': ask })
  const runs = (...argv: string[]): Promise<CliResult> => fixture.run(['runs', ...argv, '--json', ...store], { clock })
  const empty = documentOf(await runs('list'))
  expect(empty).toEqual({ v: 1, type: 'result', ok: true, exit: 0, runs: [] })
  const runId = await start(fixture, 'ask.yaml')
  expect(documentOf(await runs())).toMatchObject({ runs: [{ id: runId, status: 'waiting', workflow: 'ask' }] })
  const shown = documentOf(await runs('show', runId))
  expect(shown).toMatchObject({
    ok: true,
    run: { id: runId, definition_hash: expect.any(String) },
    steps: [{ step_key: 'review@1', status: 'waiting' }],
    waits: [{ kind: 'approval', status: 'open' }],
    receipts: [],
  })
  // What would let anybody answer stays in the store.
  expect(JSON.stringify(shown)).not.toContain('token')
  expect(documentOf(await runs('pause', runId))).toMatchObject({ ok: true, run: { status: 'paused' } })
  expect(documentOf(await runs('resume', runId))).toMatchObject({
    ok: true,
    run_id: runId,
    status: 'waiting',
    resume: `parley runs resume ${runId} --store data`,
  })
  const done = documentOf(await runs('answer', runId, '--by', 'ada'))
  expect(done).toMatchObject({ ok: true, exit: 0, status: 'completed', total_cost_nano_usd: 0 })
  const replayed = documentOf(await fixture.run(['replay', runId, '--json', ...store], { clock }))
  expect(replayed).toMatchObject({ ok: true, run_id: runId, same: true, decisions: expect.any(Number) })
  const fork = documentOf(await runs('fork', runId, '--from-step', 'review'))
  expect(fork).toMatchObject({ ok: true, status: 'waiting' })
  expect(fork['run_id']).not.toBe(runId)
  const cancelled = documentOf(await runs('cancel', String(fork['run_id'])))
  expect(cancelled).toMatchObject({ ok: true, run: { id: fork['run_id'], status: 'cancelled' } })
  const rerun = documentOf(await fixture.run(['replay', runId, '--rerun', '--json', ...store], { clock }))
  expect(rerun).toMatchObject({ ok: true, status: 'waiting' })
  expect(documentOf(await runs('list', '--status', 'completed', 'cancelled'))).toMatchObject({
    runs: [{ status: 'cancelled' }, { status: 'completed' }],
  })
}, 120_000)

test('apps 4 runs list takes states, a workflow, times and a limit, and shows lines of 80 columns', async () => {
  await using fixture = await cliFixture({ 'ask.yaml': ask, 'rest.yaml': rest.replace('rest', 'r'.repeat(60)) })
  const days = Date.UTC(2026, 0, 1)
  const day = 86_400_000
  for (const [index, workflow] of ['ask.yaml', 'ask.yaml', 'rest.yaml'].entries()) {
    // Timers of runs compare with it, so it goes on.
    const startedMs = clock.monotonicMs()
    const at = { ...clock, now: () => days + index * day + Math.round(clock.monotonicMs() - startedMs) }
    await fixture.run(['run', workflow, ...store], { clock: at })
  }
  const list = async (...argv: string[]): Promise<string[]> => {
    const { exit, stdout } = await fixture.run(['runs', 'list', ...argv, ...store], { clock: createVirtualClock() })
    expect(exit).toBe(0)
    return stdout.split('\n').filter((line) => line !== '')
  }
  const all = await list()
  expect(all.map((line) => line.slice(32, 64).trim())).toEqual([
    expect.stringContaining('2026-01-03'),
    expect.stringContaining('2026-01-02'),
    expect.stringContaining('2026-01-01'),
  ])
  for (const line of all) expect(line.length).toBeLessThanOrEqual(80)
  expect(await list('--from', '2026-01-02')).toHaveLength(2)
  expect(await list('--from', '2026-01-02', '--to', '2026-01-03T00:00:00Z')).toHaveLength(1)
  expect(await list('--limit', '1')).toEqual([all[0]])
  expect(await list('--workflow', 'ask')).toHaveLength(2)
  const none = await fixture.run(['runs', '--workflow', 'other', ...store], { clock })
  expect([none.exit, none.stdout, none.stderr]).toEqual([0, '', 'no runs\n'])
}, 120_000)

const withId = ['show', 'cancel', 'pause', 'resume', 'fork', 'answer']

test('apps 4 an unknown run ends with 1 and is named, whatever was to be done with it', async () => {
  await using fixture = await cliFixture()
  for (const argv of [...withId.map((action) => ['runs', action]), ['replay']]) {
    const { exit, stdout, stderr } = await fixture.run([...argv, 'run_none', '--json', ...store])
    expect(exit, argv.join(' ')).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, exit: 1, error: { code: 'run_unknown' } })
    expect(stderr).toContain('run_none')
  }
}, 60_000)

test('apps 4 a store that is out of reach ends with 4, whatever was asked of it', async () => {
  await using fixture = await cliFixture({ 'ask.yaml': ask })
  for (const argv of [
    ['run', 'ask.yaml'],
    ['runs', 'list'],
    ...withId.map((action) => ['runs', action, 'run_1']),
    ['replay', 'run_1'],
  ]) {
    const { exit, stdout, stderr } = await fixture.run([...argv, '--json', ...nowhere])
    expect(exit, argv.join(' ')).toBe(4)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, exit: 4, error: { code: 'store_unavailable' } })
    expect(stderr).toMatch(/^error {2}/)
  }
  const env = { PARLEY_DATABASE_URL: 'postgres://ada:s3cret@127.0.0.1:1/none' }
  const { exit, stderr } = await fixture.run(['runs', 'list'], { env })
  expect(exit).toBe(4)
  expect(stderr).not.toContain('s3cret')
}, 60_000)

describe('apps 4 wrong arguments of runs and replay', () => {
  test.each([
    [['runs', 'explode']],
    [['runs', 'replay', 'run_1']],
    [['runs', 'list', '--limit', '0']],
    [['runs', 'list', '--limit', 'many']],
    [['runs', 'list', '--from', 'soon']],
    [['runs', 'list', '--to', 'late']],
    [['runs', 'resume', 'run_1', '--budget', 'much']],
    [['runs', 'list', 'run_1', 'run_2']],
    [['replay']],
    [['replay', 'run_1', '--from-step', 'a']],
    ...withId.map((action) => [['runs', action]]),
  ])('apps 4 %j ends with 2', async (argv) => {
    await using fixture = await cliFixture()
    const { exit, stdout, stderr } = await fixture.run([...argv, '--store', 'memory://'])
    expect([exit, stdout]).toEqual([2, ''])
    expect(stderr).not.toBe('')
  })

  test('apps 4 a budget below nothing, and a fork from nowhere, are wrong usage too', async () => {
    await using fixture = await cliFixture({ 'ask.yaml': ask })
    const runId = await start(fixture, 'ask.yaml')
    const end = async (...argv: string[]): Promise<number> =>
      (await fixture.run(['runs', ...argv, ...store], { clock })).exit
    expect(await end('resume', runId, '--budget', '-1')).toBe(2)
    expect(await end('fork', runId)).toBe(2)
    expect(await end('answer', runId, '--data', '{')).toBe(2)
    // The run is as it was.
    expect((await fixture.run(['runs', 'show', runId, ...store], { clock })).stdout).toContain('waiting')
  }, 60_000)
})

test('apps 4 a run that is over is not paused, resumed or answered, and cancelling it changes nothing', async () => {
  await using fixture = await cliFixture({ 'rest.yaml': rest })
  const runId = await start(fixture, 'rest.yaml')
  for (const action of ['pause', 'resume', 'answer']) {
    const { exit, stderr } = await fixture.run(['runs', action, runId, ...store], { clock })
    expect(exit, action).toBe(1)
    expect(stderr).toMatch(/^error {2}/m)
  }
  const { exit, stdout } = await fixture.run(['runs', 'cancel', runId, ...store], { clock })
  expect([exit, stdout]).toEqual([0, `${runId}  completed\n`])
}, 60_000)

test('apps 4 workflows 9 a run that its budget has put aside ends with 5, and goes on with a larger one', async () => {
  await using fixture = await cliFixture({
    'w.yaml': 'parley: 1\nname: w\nsteps: [{ id: a, prompt: "x" }]\n',
    'models.ts': `import { scriptedModel } from '@parley/testing'
const model = scriptedModel(['said'])
const price = { from: '2026-01-01T00:00:00.000Z', input: 1000, output: 1000 }
export default { models: [{ ...model, card: { ...model.card, maxOutputTokens: 10, price } }] }
`,
  })
  const config = ['--config', 'models.ts', ...store]
  const first = await fixture.run(
    ['run', 'w.yaml', '--budget', '0.000001', '--on-exceed', 'pause', '--json', ...config],
    { clock },
  )
  const { run_id: runId, status, resume } = documentOf(first)
  expect([first.exit, status]).toEqual([5, 'paused'])
  expect(resume).toBe(`parley runs resume ${String(runId)} --store data`)
  const still = await fixture.run(['runs', 'resume', String(runId), ...config], { clock })
  expect(still.exit).toBe(5)
  const gone = await fixture.run(['runs', 'resume', String(runId), '--budget', '1', ...config], { clock })
  expect([gone.exit, gone.stdout]).toEqual([0, 'said\n'])
}, 60_000)

test('workflows 16 a run is taken up with the version it was started with, and no other', async () => {
  const sum = (by: number): string => `import { Step, wait, Workflow } from '@parley/workflow'
export const workflow = new Workflow({ name: 'sum', version: '${by}', steps: [
  new Step({ name: 'wait', action: wait.approval() }),
  new Step({ name: 'add', dependsOn: ['wait'], action: ({ input }) => (input.n ?? 0) + ${by} }) ] })
`
  await using fixture = await cliFixture({ 'one.ts': sum(1), 'two.ts': sum(2) })
  const runId = await start(fixture, 'one.ts')
  const answer = (...argv: string[]): Promise<CliResult> =>
    fixture.run(['runs', 'answer', runId, '--json', ...argv, ...store], { clock })
  for (const argv of [[], ['--use', 'two.ts']]) {
    const { exit, stdout } = await answer(...argv)
    expect(exit).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'definition_mismatch' } })
  }
  const { exit, stdout } = await answer('--use', 'one.ts')
  expect([exit, JSON.parse(stdout).output]).toEqual([0, 1])
}, 60_000)

test.each([['run', 'ask.yaml'], ['runs', 'list'], ['replay', 'run_1'], ['db', 'status'], ['prices'], ['version']])(
  'apps 4 %s %s --url is refused plainly, since no server has runs yet, and touches no store',
  async (...argv) => {
    await using fixture = await cliFixture({ 'ask.yaml': ask })
    const refused = await fixture.run([...argv, '--url', 'http://127.0.0.1:4310', '--json', ...nowhereFor(argv[0])])
    expect(refused.exit).toBe(2)
    expect(JSON.parse(refused.stdout)).toMatchObject({
      ok: false,
      error: { code: 'invalid_options', details: { path: 'url' } },
    })
    expect(refused.stderr).toContain('--url is not built yet')
    expect(refused.stderr).toContain('--store')
  },
)

/** Commands that know a store would say that it is out of reach. */
function nowhereFor(command: string | undefined): string[] {
  return command === 'version' ? [] : nowhere
}
