import { expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { SKIP } from '../step/step-context.ts'
import { bench, flowOf, runWith, step, typesOf } from './__fixtures__/run-with.ts'
import { createVirtualClock, type VirtualClock } from '@parley/testing'

/** Steps that take time. */
function timed(clock: VirtualClock): (name: string, ms: number, options?: object) => Step {
  return (name, ms, options = {}) =>
    step(
      name,
      async () => {
        await clock.sleep(ms)
        return `${name}:${clock.monotonicMs()}`
      },
      { parallel: true, ...options },
    )
}

const fail = (): never => {
  throw new Error('broken')
}

test('4.1.1 there are no batches: a fast branch goes on while a slow one runs', async () => {
  const clock = createVirtualClock()
  const take = timed(clock)
  const steps = [
    take('slow', 100),
    take('fast', 10),
    take('after', 10, { dependsOn: ['fast'] }),
    take('join', 1, { dependsOn: ['slow', 'after'] }),
  ]
  const { result } = await runInTime(flowOf(steps), clock)
  expect(Object.values(result.steps).map(({ output }) => output)).toEqual([
    'fast:10',
    'after:20',
    'slow:100',
    'join:101',
  ])
})

async function runInTime(
  workflow: ReturnType<typeof flowOf>,
  clock: VirtualClock,
  run = {},
): ReturnType<typeof runWith> {
  const { engine } = bench({ clock })
  const running = engine.run(workflow, {}, run)
  await clock.runToRest()
  return { result: await running, events: [], elapsedMs: clock.monotonicMs() }
}

test('4.1.2 a failed dependency skips and cascades, siblings go on, the run fails', async () => {
  const { result } = await runWith(
    flowOf([
      step('a', fail, { onFailure: 'fail' }),
      step('b', () => 1, { dependsOn: ['a'] }),
      step('c', () => 1, { dependsOn: ['b'] }),
      step('d', () => 2),
    ]),
  )
  expect(result.status).toBe('failed')
  expect(result.steps).toMatchObject({
    a: { status: 'failed' },
    b: { status: 'skipped', skip: { kind: 'dependency', because: 'a' } },
    c: { status: 'skipped', skip: { kind: 'dependency', because: 'b' } },
    d: { status: 'completed', output: 2 },
  })
  expect(result.error).toMatchObject({ step: 'a' })
})

test.each([
  ['sentinel', step('a', () => SKIP)],
  ['condition', step('a', () => 1, { condition: 'input.on == true' })],
  ['policy', step('a', fail, { onFailure: 'skip' })],
])('4.1.2 a skip of kind %s does not cascade unless success is required; dependents see null', async (kind, first) => {
  const { result } = await runWith(
    flowOf([
      first,
      step('b', ({ inputs }) => [inputs['a']], { dependsOn: ['a'] }),
      step('c', () => 1, { dependsOn: ['a'], requires: 'success' }),
      step('d', () => 1, { dependsOn: ['c'] }),
    ]),
  )
  expect(result.steps).toMatchObject({
    a: { status: 'skipped', skip: { kind } },
    b: { status: 'completed', output: [null] },
    c: { status: 'skipped', skip: { kind: 'dependency', because: 'a' } },
    d: { status: 'skipped', skip: { kind: 'dependency', because: 'c' } },
  })
  expect(result.status).toBe(kind === 'policy' ? 'partial' : 'completed')
})

test('4.1.3 the run limit is 32 by default, and ready steps begin in order of definition', async () => {
  const clock = createVirtualClock()
  const begun: string[] = []
  let now = 0
  let most = 0
  const steps = Array.from({ length: 80 }, (_, index) =>
    step(
      `s${index}`,
      async ({ stepId }) => {
        begun.push(stepId)
        most = Math.max(most, (now += 1))
        await clock.sleep(((index * 7) % 5) + 1)
        now -= 1
        return 1
      },
      { parallel: true },
    ),
  )
  await runInTime(flowOf(steps), clock)
  expect(most).toBe(32)
  expect(begun).toEqual(steps.map(({ name }) => name))
})

test('4.1.3 a region step has a limit of its own', async () => {
  const clock = createVirtualClock()
  let now = 0
  let most = 0
  const inner = Array.from({ length: 9 }, (_, index) =>
    step(
      `i${index}`,
      async () => {
        most = Math.max(most, (now += 1))
        await clock.sleep(1)
        now -= 1
      },
      { parallel: true },
    ),
  )
  await runInTime(flowOf([new Step({ name: 'outer', steps: inner, maxConcurrency: 2 })]), clock)
  expect(most).toBe(2)
})

test('4.1.4 steps share one serial lane by default; Workflow({ parallel: true }) changes that', async () => {
  const run = async (parallel: boolean | undefined): Promise<number> => {
    const clock = createVirtualClock()
    const steps = ['a', 'b', 'c'].map((name) => step(name, () => clock.sleep(10)))
    const { elapsedMs } = await runInTime(flowOf(steps, parallel === undefined ? {} : { parallel }), clock)
    return elapsedMs
  }
  expect([await run(undefined), await run(true)]).toEqual([30, 10])
})

test('4.1.5 a declared reducer brings two writers of one key together', async () => {
  const writer = (name: string, value: number): Step =>
    step(name, ({ state }) => state.set('log', [value]), {
      parallel: true,
      writeKeys: ['log'],
      reducers: { log: 'append' },
    })
  const { result } = await runWith(flowOf([writer('a', 1), writer('b', 2)]))
  expect(result.status).toBe('completed')
  expect(result.state['log']).toEqual([1, 2])
})

test('4.1.6 an abort starts nothing new, ends what runs, and cancels what has not begun', async () => {
  const clock = createVirtualClock()
  let begun = 0
  let told = false
  const workflow = flowOf([
    step(
      'slow',
      ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve((told = true)))),
      { parallel: true },
    ),
    step(
      'bad',
      async () => {
        await clock.sleep(5)
        return fail()
      },
      { parallel: true, onFailure: 'abort' },
    ),
    step('next', () => (begun += 1), { dependsOn: ['slow'] }),
    step('other', () => (begun += 1), { dependsOn: ['next'] }),
    step('after', () => (begun += 1), { dependsOn: ['bad'] }),
  ])
  const { engine } = bench({ clock })
  const running = engine.run(workflow, {}, { runId: 'run' })
  await clock.runToRest()
  const result = await running
  expect([begun, told, result.status]).toEqual([0, true, 'failed'])
  expect(Object.fromEntries(Object.entries(result.steps).map(([id, { status }]) => [id, status]))).toEqual({
    slow: 'cancelled',
    bad: 'failed',
    next: 'cancelled',
    other: 'cancelled',
    after: 'skipped',
  })
  const types: string[] = []
  for await (const { type } of engine.events('run')) types.push(type)
  expect(types).toContain('late_result')
  expect(types.at(-1)).toBe('run_failed')
})

test('12.3 a cancel ends a run with a step that ignores its signal within the second of grace', async () => {
  const { engine, clock } = bench()
  const run = await engine.start(
    flowOf([step('deaf', () => new Promise(() => {})), step('b', () => 1, { dependsOn: ['deaf'] })]),
  )
  await clock.advance(1)
  const cancelling = engine.cancel(run.id)
  await clock.advance(999)
  expect((await engine.get(run.id))?.status).toBe('running')
  await clock.advance(1)
  expect((await cancelling).status).toBe('cancelled')
  expect((await engine.result(run.id)).steps).toMatchObject({
    deaf: { status: 'cancelled', attempts: [{ status: 'cancelled' }] },
    b: { status: 'cancelled' },
  })
})

test('12.3 a cancel while one step waits for an answer and another works ends the run', async () => {
  const { engine, clock } = bench()
  const run = await engine.start(
    flowOf([
      new Step({ name: 'ask', wait: { type: 'approval', onTimeout: 'reject' } }),
      step('work', ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)), {
        parallel: true,
      }),
      step('after', () => 1, { dependsOn: ['ask'] }),
    ]),
  )
  await clock.advance(1)
  const cancelling = engine.cancel(run.id)
  await clock.runToRest()
  expect((await cancelling).status).toBe('cancelled')
})

test('4.4 all skipped is completed; a failed step makes the run failed', async () => {
  expect((await runWith(flowOf([step('a', () => SKIP)]))).result).toMatchObject({ status: 'completed', output: null })
  expect((await runWith(flowOf([step('a', fail)]))).result.status).toBe('failed')
})

test('W-4 keys are region-qualified, with visit and item, and do not depend on who is first', async () => {
  const { events } = await runWith(
    flowOf([
      new Step({
        name: 'outer',
        steps: [step('inner', ({ item }) => item, { foreach: 'list', itemKey: 'id' }), step('plain', () => 1)],
      }),
    ]),
    { list: [{ id: 'x' }, { id: 'y' }] },
  )
  expect([...new Set(events.flatMap(({ stepKey }) => stepKey ?? []))].sort()).toEqual([
    'outer@1',
    'outer@1/inner@1',
    'outer@1/inner@1#x',
    'outer@1/inner@1#y',
    'outer@1/plain@1',
  ])
})

test('W-7 inputs are the outputs of dependencies as copies, the run input without dependencies; input is always the run input', async () => {
  const { result } = await runWith(
    flowOf([
      step('a', ({ inputs }) => {
        inputs['list'].push(9)
        return inputs['list']
      }),
      step(
        'b',
        ({ inputs, input }) => {
          inputs['a'].push(8)
          return [inputs['a'], input['list']]
        },
        { dependsOn: ['a'] },
      ),
      step('c', ({ inputs }) => inputs['a'], { dependsOn: ['a', 'b'] }),
    ]),
    { list: [1] },
  )
  expect(result.steps).toMatchObject({ a: { output: [1, 9] }, b: { output: [[1, 9, 8], [1]] }, c: { output: [1, 9] } })
})

test('W-8 the output is that of the only last step, else an object of the last steps, else the declared outputs', async () => {
  const one = flowOf([step('a', () => 1), step('b', () => 0, { dependsOn: ['a'] })])
  const several = flowOf([step('a', () => ''), step('b', () => SKIP)])
  const declared = flowOf([step('a', () => false)], {
    outputs: { x: '{{steps.a.output}}', y: 'is {{steps.a.output}}' },
  })
  expect((await runWith(one)).result).toMatchObject({ output: 0, outputs: { b: 0 } })
  expect((await runWith(several)).result.output).toEqual({ a: '', b: null })
  expect((await runWith(declared)).result.output).toEqual({ x: false, y: 'is false' })
})

test('2.2 the input seeds the state; an output takes the key of its step, and the input stays at input', async () => {
  const { result } = await runWith(
    flowOf([
      step('seen', ({ state }) => state.get('n')),
      step('n', () => 2, { dependsOn: ['seen'] }),
      step('last', ({ state, input }) => [state.get('n'), input['n']], { dependsOn: ['n'] }),
    ]),
    { n: 1 },
  )
  expect(result.output).toEqual([2, 1])
  expect(result.steps['seen']?.output).toBe(1)
})

test('W-2 a region is a step: its output is that of its last step, and its failure is that of the step', async () => {
  const region = (action: () => unknown, options = {}): Step =>
    new Step({
      name: 'outer',
      steps: [
        step('a', action, { onFailure: 'fail' }),
        step('b', ({ inputs }) => inputs['a'] + 1, { dependsOn: ['a'] }),
      ],
      ...options,
    })
  expect((await runWith(flowOf([region(() => 1)]))).result).toMatchObject({
    output: 2,
    steps: { 'outer/a': { output: 1 } },
  })
  const failed = await runWith(flowOf([region(fail), step('after', () => 1, { dependsOn: ['outer'] })]))
  expect(failed.result).toMatchObject({
    status: 'failed',
    steps: { after: { status: 'skipped', skip: { because: 'outer' } } },
  })
  const skipped = await runWith(
    flowOf([region(fail, { onFailure: 'skip' }), step('after', () => 1, { dependsOn: ['outer'] })]),
  )
  expect(skipped.result.steps).toMatchObject({
    outer: { status: 'skipped', skip: { kind: 'policy' } },
    after: { output: 1 },
  })
})

test('4.5 the life of a step, in order', async () => {
  const { events } = await runWith(
    flowOf([
      step(
        'a',
        () => {
          throw 'once'
        },
        { retries: 1, retryDelay: 1 },
      ),
    ]),
  )
  expect(typesOf(events, 'a')).toEqual(['step_started', 'step_failed', 'step_retry', 'step_started', 'step_failed'])
  expect(events.filter(({ type }) => type === 'step_failed').map(({ data }) => data['final'])).toEqual([false, true])
})

test('4.5.2 a condition comes before the start, and is answered without a start', async () => {
  const { events, result } = await runWith(flowOf([step('a', () => 1, { condition: 'input.n > 1' })]), { n: 0 })
  expect(typesOf(events, 'a')).toEqual(['step_skipped'])
  expect(result.steps['a']?.skip).toEqual({ kind: 'condition' })
})

test('2.5 a condition that cannot be evaluated fails the step, as its policy says', async () => {
  const condition = 'input.n / input.zero > 1'
  const run = (options: object): ReturnType<typeof runWith> =>
    runWith(flowOf([step('a', () => 1, { condition, ...options })]), { n: 1, zero: 0 })
  expect((await run({})).result).toMatchObject({
    status: 'failed',
    error: { code: 'condition_error', class: 'condition' },
  })
  expect((await run({ onFailure: 'skip' })).result).toMatchObject({
    status: 'partial',
    steps: { a: { status: 'skipped', skip: { kind: 'policy' } } },
  })
})

test('4.1.3 what a step makes ready goes before a later step that has waited for the same place', async () => {
  const order: string[] = []
  const take = (name: string, dependsOn: string[] = []): Step =>
    step(name, ({ stepId }) => order.push(stepId), { dependsOn })
  await runWith(flowOf([take('a'), take('b', ['a']), take('c')]))
  expect(order).toEqual(['a', 'b', 'c'])
})
