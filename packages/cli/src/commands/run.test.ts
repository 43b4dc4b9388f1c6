import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSystemClock } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { cliFixture } from '../__fixtures__/cli-fixture.ts'

const clock = createSystemClock()

/** A workflow in code, in the shape of `new Workflow`, so that the file needs no package. */
function moduleOf(body: string): string {
  return `import { Step, Workflow, wait } from '@parley/workflow'\nexport const workflow = new Workflow(${body})\n`
}

const hello = moduleOf(`{ name: 'hello', steps: [
  new Step({ name: 'greet', action: (ctx) => \`Hello, \${ctx.inputs.name ?? 'World'}!\` }),
  new Step({ name: 'shout', action: (ctx) => ctx.inputs.greet.toUpperCase(), dependsOn: ['greet'] }) ] }`)

test('workflows 18.1 the quick start prints its output on standard output, progress on standard error', async () => {
  await using fixture = await cliFixture({ 'hello.ts': hello })
  const { exit, stdout, stderr } = await fixture.run(['run', 'hello.ts', '--input', '{"name":"Kairos"}'], { clock })
  expect(stderr).not.toContain('error')
  expect(stdout).toBe('HELLO, KAIROS!\n')
  expect(stderr).toMatch(/^completed +greet/m)
  expect(stderr).toMatch(/^completed {2}[\d.]+ m?s {2}\$0$/m)
  expect(exit).toBe(0)
})

test('workflows 16 run finds names in --workflows-dir and PARLEY_WORKFLOWS_DIR, and nowhere else', async () => {
  await using fixture = await cliFixture({ 'flows/hello.ts': hello, 'work/x.txt': '' })
  const cwd = join(fixture.cwd, 'work')
  expect((await fixture.run(['run', 'hello'], { cwd, clock })).exit).toBe(3)
  expect(
    (await fixture.run(['run', 'hello', '--workflows-dir', join(fixture.cwd, 'flows')], { cwd, clock })).exit,
  ).toBe(0)
  const env = { PARLEY_WORKFLOWS_DIR: `/nowhere:${join(fixture.cwd, 'flows')}` }
  expect((await fixture.run(['run', 'hello'], { cwd, clock, env })).exit).toBe(0)
})

test('apps 4 run --json is one document; with --stream it is one line per event and the result last', async () => {
  await using fixture = await cliFixture({ 'hello.ts': hello })
  const one = await fixture.run(['run', 'hello.ts', '--json'], { clock })
  expect(one.stdout.trim().split('\n')).toHaveLength(1)
  expect(JSON.parse(one.stdout)).toMatchObject({
    v: 1,
    type: 'result',
    ok: true,
    exit: 0,
    status: 'completed',
    output: 'HELLO, WORLD!',
    total_cost_nano_usd: 0,
  })
  const stream = await fixture.run(['run', 'hello.ts', '--json', '--stream'], { clock })
  const lines = stream.stdout
    .trim()
    .split('\n')
    .map((line): { v: number; type: string; seq?: number } => JSON.parse(line))
  expect(lines.every(({ v }) => v === 1)).toBe(true)
  expect(lines.at(-1)).toMatchObject({ type: 'result', ok: true })
  expect(lines.slice(0, -1).map(({ seq }) => seq)).toEqual(lines.slice(0, -1).map((_, index) => index + 1))
})

test('workflows 16 run --dry shows the steps, checks the input, and runs nothing', async () => {
  await using fixture = await cliFixture({
    'w.yaml': `parley: 1
name: w
input: { type: object, properties: { goal: { type: string } }, required: [goal] }
steps: [{ id: a, prompt: "On {{goal}}" }]
`,
  })
  const { exit, stdout, stderr } = await fixture.run(['run', 'w.yaml', '--dry', '--input', '{"goal":"x"}'])
  expect(stdout).toContain('└─ a  llm balanced')
  expect(stderr).toContain('nothing was run')
  expect(exit).toBe(0)
  const wrong = await fixture.run(['run', 'w.yaml', '--dry'])
  expect(wrong.exit).toBe(1)
  expect(wrong.stderr).toContain('input goal')
})

describe('workflows 16 exit codes of run', () => {
  test('workflows 16 a failed run ends with 1, and its error is shown without secrets', async () => {
    const failing = moduleOf(
      `{ name: 'w', steps: [new Step({ name: 'a', action: () => { throw new Error('no sk-abcdef1234') } })] }`,
    )
    await using fixture = await cliFixture({ 'w.ts': failing })
    const { exit, stdout, stderr } = await fixture.run(['run', 'w.ts'], { clock })
    expect(exit).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^failed at a/m)
    expect(stderr).not.toContain('sk-abcdef1234')
  })

  test('apps 4 what a step failed of is said once in full, and the last line names the step and the outcome', async () => {
    const failing = moduleOf(`{ name: 'w', steps: [
      new Step({ name: 'a', retry: { maxAttempts: 1 }, action: () => { throw new Error('The printer is on fire.') } }),
      new Step({ name: 'b', dependsOn: ['a'], action: () => 1 }) ] }`)
    await using fixture = await cliFixture({ 'w.ts': failing })
    const { stdout, stderr } = await fixture.run(['run', 'w.ts'], { clock })
    expect([stdout, ...stderr.split('printer is on fire')]).toHaveLength(3)
    expect(stderr).toMatch(/^failed {4}a {2}Error: The printer is on fire\.$/m)
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^failed at a {2}[\d.]+ m?s {2}\$0$/)

    const streamed = await fixture.run(['run', 'w.ts', '--stream'], { clock })
    expect(`${streamed.stdout}${streamed.stderr}`.split('printer is on fire')).toHaveLength(2)
    // Nothing was said of the step, so the end says it.
    for (const flags of [['--quiet'], ['--stream', '--json']]) {
      const { stderr: said } = await fixture.run(['run', 'w.ts', ...flags], { clock })
      expect(said).toMatch(/^error {2}Error: The printer is on fire\.$/m)
      expect(said.split('printer is on fire')).toHaveLength(2)
    }
  })

  test('apps 4 what ends a run beside its steps is said at the end', async () => {
    await using fixture = await cliFixture({
      'w.yaml':
        'parley: 1\nname: w\ninput: { type: object, required: [goal] }\nsteps: [{ id: a, kind: wait, wait: timer, ms: 1 }]\n',
    })
    const { exit, stderr } = await fixture.run(['run', 'w.yaml'], { clock })
    expect(exit).toBe(1)
    expect(stderr).toMatch(/^error {2}.*goal/m)
  })

  test('workflows 16 an invalid document ends with 1 and all of its problems', async () => {
    await using fixture = await cliFixture({
      'w.yaml': 'parley: 1\nname: w\nsteps: [{ id: a, prompt: "{{steps.x.output}}" }]\n',
    })
    const { exit, stderr } = await fixture.run(['run', 'w.yaml'])
    expect(exit).toBe(1)
    expect(stderr).toContain('w.yaml:3:')
  })

  test('workflows 16 a module without a workflow, or one that cannot be loaded, ends with 3', async () => {
    await using fixture = await cliFixture({
      'none.ts': 'export const x = 1',
      'broken.ts': 'throw new Error("/home/ada/secret.ts broke")',
    })
    expect((await fixture.run(['run', 'none.ts'])).exit).toBe(3)
    const { exit, stderr } = await fixture.run(['run', 'broken.ts'])
    expect(exit).toBe(3)
    expect(stderr).not.toContain('/home/ada')
  })

  test('workflows 16 an unknown template ends with 3, a template that the local model cannot do with 1', async () => {
    await using fixture = await cliFixture()
    expect((await fixture.run(['run', 'reserch'])).exit).toBe(3)
    const { exit, stdout } = await fixture.run(['run', 'research', '--input', '{"goal":"x"}', '--json'], { clock })
    expect(exit).toBe(1)
    expect(JSON.parse(stdout).error.code).toBe('no_models_available')
  })

  test('workflows 16 an interrupted run is cancelled and ends with 130', async () => {
    const slow = moduleOf(
      `{ name: 'w', steps: [new Step({ name: 'a', action: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))) })] }`,
    )
    await using fixture = await cliFixture({ 'w.ts': slow })
    const interrupt = new AbortController()
    const stderr = {
      write: (text: string) => void (text.includes('started') && interrupt.abort(new Error('Interrupted.'))),
    }
    const { exit, stdout } = await fixture.run(['run', 'w.ts', '--json'], { clock, signal: interrupt.signal, stderr })
    expect(exit).toBe(130)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, exit: 130, status: 'cancelled' })
  })
})

test('workflows 12.4 run --log-dir writes a log that inspect reads', async () => {
  await using fixture = await cliFixture({ 'hello.ts': hello })
  await fixture.run(['run', 'hello.ts', '--log-dir', 'runs', '--input', '{"name":"Ada"}'], { clock })
  const [name = ''] = await readdir(join(fixture.cwd, 'runs'))
  expect(name).toMatch(/^hello_run_\w+\.jsonl$/)
  expect(await readFile(join(fixture.cwd, 'runs', name), 'utf8')).not.toContain('HELLO')
  const { stdout } = await fixture.run(['inspect'])
  expect(stdout).toMatch(/^hello {2}run_\w+ {2}completed/)
  expect(stdout).toContain('completed 2  failed 0  skipped 0')
  await fixture.run(['run', 'hello.ts', '--log-dir', 'loud', '--verbosity', 'verbose'], { clock })
  const [loud = ''] = await readdir(join(fixture.cwd, 'loud'))
  expect(await readFile(join(fixture.cwd, 'loud', loud), 'utf8')).toContain('HELLO')
})

test('workflows 16 a stored run is listed, shown, put aside by an interrupt and gone on with by resume', async () => {
  await using fixture = await cliFixture({
    'w.ts': moduleOf(`{ name: 'w', steps: [
      new Step({ name: 'first', action: () => 1 }),
      new Step({ name: 'second', dependsOn: ['first'], action: async ({ input }) => { if (globalThis.parleyGate) await globalThis.parleyGate; return 'done' } }),
      new Step({ name: 'third', dependsOn: ['second'], action: () => 'through' }) ] }`),
  })
  const database = ['--store', 'file:./data']
  const gate = Promise.withResolvers<void>()
  Reflect.set(globalThis, 'parleyGate', gate.promise)
  const interrupt = new AbortController()
  let noted = ''
  const stderr = {
    write: (text: string) => {
      noted += text
      if (!text.includes('started') || !text.includes('second')) return
      interrupt.abort(new Error('Interrupted.'))
      gate.resolve()
    },
  }
  const first = await fixture.run(['run', 'w.ts', ...database], { clock, signal: interrupt.signal, stderr })
  Reflect.deleteProperty(globalThis, 'parleyGate')
  expect(first.exit).toBe(130)
  const runId = /parley runs resume (run_\w+)/.exec(noted)?.[1] ?? ''
  expect(runId).not.toBe('')
  expect(noted).toContain(`go on with: parley runs resume ${runId} --store file:./data\n`)

  const list = await fixture.run(['runs', 'list', '--status', 'paused', ...database], { clock })
  expect(list.stdout).toContain(runId)
  expect((await fixture.run(['runs', '--status', 'failed', ...database], { clock })).stdout).toBe('')
  expect((await fixture.run(['runs', 'resume', runId, ...database], { clock })).stderr).toContain('--use')
  const resumed = await fixture.run(['runs', 'resume', runId, '--use', 'w.ts', ...database], { clock })
  expect(resumed.stdout).toBe('through\n')
  expect(resumed.exit).toBe(0)
  const shown = await fixture.run(['runs', 'show', runId, ...database], { clock })
  expect(shown.stdout).toContain(`${runId}  completed  w`)
  expect(shown.stdout).toMatch(/^completed +first@1 {2}attempts 1/m)
  expect((await fixture.run(['runs', 'show', 'run_none', ...database], { clock })).exit).toBe(1)
  expect((await fixture.run(['runs', 'show', ...database], { clock })).exit).toBe(2)
  expect((await fixture.run(['runs', 'cancel', runId, ...database], { clock })).stdout).toContain('completed')
}, 60_000)

test('workflows 16 --config gives models and ports, and must lie inside too', async () => {
  await using fixture = await cliFixture({
    'w.yaml': 'parley: 1\nname: w\nsteps: [{ id: a, prompt: "Say {{word}}" }]\n',
    'parley.config.ts': `import { scriptedModel } from '@parley/testing'\nexport default { models: [scriptedModel([{ text: 'from the model' }])] }\n`,
    'odd.ts': 'export default { modles: [] }',
    'none.ts': 'export const x = 1',
  })
  const run = (config: string): ReturnType<typeof fixture.run> =>
    fixture.run(['run', 'w.yaml', '--config', config, '--input', '{"word":"yes"}'], { clock })
  expect((await run('../parley.config.ts')).exit).toBe(3)
  expect((await run('none.ts')).exit).toBe(3)
  expect((await run('odd.ts')).stderr).toContain('models')
  const { stdout, stderr } = await run('parley.config.ts')
  expect(stderr).not.toContain('error')
  expect(stdout).toBe('from the model\n')
})

const approval = `parley: 1
name: ask
steps:
  - { id: review, kind: wait, wait: approval }
`

test('workflows 16 a run that waits for a person is kept where it can be, and told where it cannot', async () => {
  await using fixture = await cliFixture({ 'ask.yaml': approval })
  const gone = await fixture.run(['run', 'ask.yaml'], { clock })
  expect(gone.exit).toBe(1)
  expect(gone.stderr).toContain('--store')
  const kept = await fixture.run(['run', 'ask.yaml', '--store', 'data', '--json'], { clock })
  expect(kept.exit).toBe(0)
  const { run_id: runId, status, resume } = JSON.parse(kept.stdout)
  expect({ status, resume }).toEqual({ status: 'waiting', resume: `parley runs resume ${runId} --store data` })
  const shown = await fixture.run(['runs', 'show', runId, '--store', 'data'], { clock })
  expect(shown.stdout).toMatch(/^waits {6}approval {2}wait_/m)
  // Its definition names no code, so it is taken up from what is stored.
  const resumed = await fixture.run(['runs', 'resume', runId, '--store', 'data'], { clock })
  expect(resumed.exit).toBe(0)
  expect(resumed.stderr).toContain('waiting')
  expect((await fixture.run(['runs', 'cancel', runId, '--store', 'data'], { clock })).stdout).toContain('cancelled')
}, 60_000)

test('workflows 16 run --budget of nothing stops before the first call and ends with 5', async () => {
  await using fixture = await cliFixture({
    'w.yaml': 'parley: 1\nname: w\nsteps: [{ id: a, prompt: "x" }]\n',
    'models.ts': `import { scriptedModel } from '@parley/testing'
const model = scriptedModel([{ text: 'never' }])
export default { models: [{ ...model, card: { ...model.card, price: { from: '2026-01-01T00:00:00.000Z', input: 1000, output: 1000 } } }] }
`,
  })
  const { exit, stdout } = await fixture.run(
    ['run', 'w.yaml', '--config', 'models.ts', '--budget', '0.000001', '--json'],
    { clock },
  )
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, exit: 5, status: 'budget_exceeded' })
  expect(exit).toBe(5)
})

test('workflows 16 run stays with a run that waits for nothing but the time', async () => {
  await using fixture = await cliFixture({
    'w.yaml': 'parley: 1\nname: w\nsteps:\n  - { id: rest, kind: wait, wait: timer, ms: 5 }\n',
  })
  const { exit, stderr } = await fixture.run(['run', 'w.yaml'], { clock })
  expect(stderr).toContain('completed')
  expect(exit).toBe(0)
})
