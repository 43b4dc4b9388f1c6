import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cliFixture } from '../__fixtures__/cli-fixture.ts'

function line(second: number, eventType: string, fields: object = {}): string {
  const timestamp = new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString()
  return JSON.stringify({
    v: 1,
    timestamp,
    event_type: eventType,
    run_id: 'run_1',
    workflow_name: 'triage',
    step_id: null,
    level: 'info',
    data: {},
    ...fields,
  })
}

const log = [
  line(0, 'workflow_start'),
  line(1, 'step_start', { step_id: 'plan' }),
  line(2, 'step_fail', { step_id: 'plan', level: 'error', data: { final: false, error: { message: 'busy' } } }),
  line(2, 'step_retry', { step_id: 'plan', level: 'warn' }),
  'not json',
  '{"v":1}',
  line(3, 'step_complete', { step_id: 'plan' }),
  line(3, 'step_skip', { step_id: 'tell', level: 'warn', data: { kind: 'condition' } }),
  line(4, 'step_fail', { step_id: 'save', level: 'error', data: { final: true, error: { message: 'disk full' } } }),
]
const whole = [...log, line(5, 'workflow_complete', { level: 'error', data: { status: 'failed' } })].join('\n')

test('workflows 16 inspect shows the newest log of a directory and warns of lines that it skips', async () => {
  await using fixture = await cliFixture({
    'runs/old.jsonl': line(0, 'workflow_start', { run_id: 'run_0' }),
    'runs/new.jsonl': whole,
    'runs/other.txt': '',
  })
  await utimes(join(fixture.cwd, 'runs/old.jsonl'), 1_000, 1_000)
  const { exit, stdout, stderr } = await fixture.run(['inspect'])
  expect(exit).toBe(0)
  expect(stdout).toContain('triage  run_1  failed  5.0 s\ncompleted 1  failed 1  skipped 1  retries 1  events 8\n')
  expect(stdout).toContain('12:00:04.000  step_fail            save  disk full\n')
  expect(stderr).toContain('line 5 is no event')
  expect(stderr).toContain('line 6 is no event')
  for (const each of stdout.split('\n')) expect(each.length).toBeLessThanOrEqual(80)
  expect((await fixture.run(['inspect', 'runs/old.jsonl'])).stdout).toContain('run_0')
})

test('workflows 16 inspect calls a log without terminal event incomplete', async () => {
  await using fixture = await cliFixture({ 'x.jsonl': log.join('\n') })
  expect((await fixture.run(['inspect', 'x.jsonl'])).stdout).toContain('triage  run_1  incomplete  4.0 s')
})

test('workflows 16 inspect --failures and --step choose events', async () => {
  await using fixture = await cliFixture({ 'x.jsonl': whole })
  const failures = (await fixture.run(['inspect', 'x.jsonl', '--failures'])).stdout
  expect(failures).toContain('disk full')
  expect(failures).not.toContain('step_skip')
  const step = (await fixture.run(['inspect', 'x.jsonl', '--step', 'plan'])).stdout
  expect(step).toContain('step_retry')
  expect(step).not.toContain('disk full')
})

test('apps 4 inspect --json is one document with v, type and the exit code', async () => {
  await using fixture = await cliFixture({ 'x.jsonl': whole })
  const { stdout } = await fixture.run(['inspect', 'x.jsonl', '--json', '--step', 'save'])
  expect(stdout.trim().split('\n')).toHaveLength(1)
  expect(JSON.parse(stdout)).toMatchObject({
    v: 1,
    type: 'result',
    ok: true,
    exit: 0,
    run_id: 'run_1',
    status: 'failed',
    completed: 1,
    malformed_lines: 2,
    events: [{ event_type: 'step_fail', step_id: 'save' }],
  })
})

test('workflows 16 inspect of a log with several runs shows the last, and others by --run', async () => {
  await using fixture = await cliFixture({ 'x.jsonl': `${line(0, 'workflow_start', { run_id: 'run_0' })}\n${whole}` })
  const { stdout, stderr } = await fixture.run(['inspect', 'x.jsonl'])
  expect(stdout).toContain('run_1')
  expect(stderr).toContain('1 more')
  expect((await fixture.run(['inspect', 'x.jsonl', '--run', 'run_0'])).stdout).toContain('run_0  incomplete')
  expect((await fixture.run(['inspect', 'x.jsonl', '--run', 'run_7'])).exit).toBe(3)
})

test('workflows 16 inspect of what is not there ends with 3', async () => {
  await using fixture = await cliFixture()
  expect((await fixture.run(['inspect', 'none.jsonl'])).exit).toBe(3)
  expect((await fixture.run(['inspect', '.'])).exit).toBe(3)
  const { exit, stdout } = await fixture.run(['inspect', 'none.jsonl', '--json'])
  expect(exit).toBe(3)
  expect(JSON.parse(stdout)).toMatchObject({
    v: 1,
    type: 'result',
    ok: false,
    exit: 3,
    error: { code: 'document_unknown' },
  })
})
