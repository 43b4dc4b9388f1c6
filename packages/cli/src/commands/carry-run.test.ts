import { createSystemClock } from '@parley/spec'
import { expect, test } from 'vitest'
import { cliFixture } from '../__fixtures__/cli-fixture.ts'

const clock = createSystemClock()
const store = ['--store', 'data']

const ask = `parley: 1
name: ask
steps:
  - { id: review, kind: wait, wait: approval, schema: { type: object, properties: { cents: { type: integer } }, required: [cents] } }
outputs: { cents: "{{steps.review.output.data.cents}}" }
`

test('12.3 a stored run that waits is answered on the command line: badly, rightly, and not twice', async () => {
  await using fixture = await cliFixture({ 'ask.yaml': ask })
  const kept = await fixture.run(['run', 'ask.yaml', ...store], { clock })
  const runId = /parley runs answer (run_\w+) --store data/.exec(kept.stderr)?.[1] ?? ''
  expect(runId).not.toBe('')
  const answer = (...rest: string[]): ReturnType<typeof fixture.run> =>
    fixture.run(['runs', 'answer', runId, ...rest, ...store], { clock })
  expect(await answer('--data', 'cents=5')).toMatchObject({ exit: 2, stderr: expect.stringContaining('--data') })
  const misfit = await answer('--data', '{"cents":"five"}')
  expect(misfit.exit).toBe(1)
  expect(misfit.stderr).toContain('stays open')
  expect(await answer('--data', '{"cents":5}', '--wait', 'wait_none')).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining('--wait'),
  })
  const done = await answer('--data', '{"cents":5}')
  expect(done).toMatchObject({ exit: 0, stdout: expect.stringContaining('5') })
  const again = await answer('--data', '{"cents":6}')
  expect(again.exit).toBe(1)
  expect(again.stderr).toContain('waits for no answer')
}, 60_000)

test('12.3 an approval that is refused ends the run as failed', async () => {
  await using fixture = await cliFixture({ 'ask.yaml': ask })
  const kept = await fixture.run(['run', 'ask.yaml', '--json', ...store], { clock })
  const { run_id: runId } = JSON.parse(kept.stdout)
  const refused = await fixture.run(['runs', 'answer', runId, '--reject', ...store], { clock })
  expect(refused.exit).toBe(1)
  expect(refused.stderr).toContain('refused')
}, 60_000)

const sum = `import { Step, Workflow } from '@parley/workflow'
export const workflow = new Workflow({ name: 'sum', steps: [
  new Step({ name: 'one', action: ({ input }) => input.n ?? 1 }),
  new Step({ name: 'two', dependsOn: ['one'], action: ({ inputs, input }) => inputs.one + (input.n ?? 1) }) ] })
`

test('12.3 a stored run is replayed, rerun and forked on the command line', async () => {
  await using fixture = await cliFixture({ 'sum.ts': sum })
  const first = await fixture.run(['run', 'sum.ts', '--json', ...store], { clock })
  const { run_id: runId } = JSON.parse(first.stdout)
  const use = ['--use', 'sum.ts', ...store]
  const same = await fixture.run(['replay', runId, ...use], { clock })
  expect(same).toMatchObject({ exit: 0, stdout: expect.stringMatching(/same decisions: [1-9]/) })
  const rerun = await fixture.run(['replay', runId, '--rerun', ...use], { clock })
  expect(rerun).toMatchObject({ exit: 0, stdout: '2\n' })
  expect((await fixture.run(['runs', 'fork', runId, ...use], { clock })).stderr).toContain('--from-step')
  // The first step keeps what it gave; the second one sees the new input.
  const fork = await fixture.run(['runs', 'fork', runId, '--from-step', 'two', '--input', '{"n":10}', ...use], {
    clock,
  })
  expect(fork).toMatchObject({ exit: 0, stdout: '11\n', stderr: expect.stringContaining(`forked ${runId} to run_`) })
  expect((await fixture.run(['replay', 'run_none', ...use], { clock })).exit).toBe(1)
}, 60_000)
