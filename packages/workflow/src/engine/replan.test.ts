import { expect, test, vi } from 'vitest'
import { createSeededIds, createVirtualClock, scriptedModel } from '@parley/testing'
import { memoryBackend } from '../backend/memory-backend.ts'
import type { StepAction } from '../step/step-context.ts'
import type { Planner, PlanRequest } from './planner.ts'
import { bench, flowOf, runWith, step, typesOf } from './__fixtures__/run-with.ts'

const failing: StepAction = () => {
  throw new Error('no: opaque-value')
}
/** A workflow with a step that fails, a spare function, and a step after them. */
const broken = (options: object = {}, workflow: object = {}): ReturnType<typeof flowOf> => {
  const first = vi.fn<() => number>(() => 1)
  return flowOf(
    [
      step('first', ({ state }) => {
        state.set('n', (state.get('n', 0) as number) + 1)
        return first()
      }),
      step('second', failing, {
        dependsOn: ['first'],
        retries: 0,
        failurePolicy: { onExecutionFail: 'replan' },
        ...options,
      }),
      step('spare', ({ inputs }) => inputs['first'] + 10, { dependsOn: ['first'], condition: 'input.spare == true' }),
      step('last', ({ inputs }) => inputs, { dependsOn: ['second'] }),
    ],
    workflow,
  )
}
const planner = (...plans: unknown[]): Planner & { requests: PlanRequest[] } => {
  const requests: PlanRequest[] = []
  return {
    requests,
    plan: async (request) => {
      requests.push(structuredClone(request))
      return plans[Math.min(requests.length, plans.length) - 1]
    },
  }
}
const call = (id: string, action: string, dependsOn: string[] = [], more: object = {}): object => ({
  id,
  kind: 'fn',
  action,
  depends_on: dependsOn,
  parallel: false,
  ...more,
})
const good = {
  steps: [
    call('first', 'first'),
    call('spare', 'spare', ['first']),
    call('better', 'spare', ['first']),
    call('last', 'last', ['better']),
  ],
}

test('18.13 6.2 a failed step is replaced by a valid plan; completed outputs stay and nothing of them runs again', async () => {
  const plans = planner(good)
  const { result, events } = await runWith(broken(), { goal: 'a report' }, { planner: plans })
  expect(result).toMatchObject({
    status: 'completed',
    output: { last: { better: 11 }, spare: 11 },
    state: { n: 1, better: 11 },
  })
  expect(result.steps).toMatchObject({ first: { status: 'completed', output: 1 }, better: { output: 11 } })
  expect(typesOf(events, 'first').filter((type) => type === 'step_started')).toHaveLength(1)
  const ready = events.find(({ type }) => type === 'plan_ready')
  expect(ready?.data).toMatchObject({ plan_version: 2, steps: ['first', 'spare', 'better', 'last'] })
  expect(result.definitionHash).toBe(ready?.data['definition_hash'])
  expect(plans.requests[0]).toMatchObject({
    goal: 'a report',
    completed: { first: 1 },
    settled: ['first'],
    failed: { step: 'second', context: { errorType: 'execution', errorClass: 'execution' } },
    functions: ['first', 'second', 'spare', 'last'],
    problems: [],
  })
  expect(JSON.stringify(plans.requests)).not.toContain('opaque-value')
})

test('6.2.1 the run is planning meanwhile, and what the failed step had written is not kept', async () => {
  const { engine, clock } = bench({
    planner: {
      plan: async () => {
        await clock.sleep(50)
        return good
      },
    },
  })
  const run = await engine.start(broken({}, {}), {})
  await clock.advance(10)
  expect((await engine.get(run.id))?.status).toBe('planning')
  await clock.runToRest()
  expect(await engine.get(run.id)).toMatchObject({ status: 'completed', planVersion: 2 })
})

test('6.2.1 steps beside the failed one end first, and their outputs are kept', async () => {
  const clock = createVirtualClock()
  const plans = planner({ steps: [call('slow', 'slow', [], { parallel: true }), call('done', 'done', ['slow'])] })
  const { engine } = bench({ clock, planner: plans })
  let runs = 0
  const workflow = flowOf([
    step(
      'slow',
      async () => {
        runs += 1
        await clock.sleep(100)
        return 's'
      },
      { parallel: true },
    ),
    step('bad', failing, { parallel: true, onFailure: 'replan' }),
    step('queued', () => 1, { dependsOn: ['slow'] }),
    step('done', ({ inputs }) => inputs, { dependsOn: ['bad'] }),
  ])
  const running = engine.run(workflow)
  await clock.runToRest()
  expect(await running).toMatchObject({ status: 'completed', output: { slow: 's' } })
  expect([runs, plans.requests[0]?.completed]).toEqual([1, { slow: 's' }])
})

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'plan_invalid'],
  ['no steps', { name: 'x' }, 'plan_invalid'],
  ['a plan without a step that has ended', { steps: [call('other', 'spare')] }, 'plan_invalid'],
  [
    'a function that is not registered',
    { steps: [call('first', 'first'), call('x', 'evil', ['first'])] },
    'unknown_reference',
  ],
  ['a circle', { steps: [call('first', 'first', ['x']), call('x', 'spare', ['first'])] }, 'workflow_cycle'],
  ['an unknown key', { steps: [call('first', 'first', [], { evil: 1 })] }, 'document_invalid'],
])(
  '6.2.3 6.2.4 %s is refused, tried once more with its problems as codes, and then the fallback holds',
  async (_, plan, code) => {
    const plans = planner(plan)
    const { result, events } = await runWith(broken(), {}, { planner: plans })
    expect(plans.requests).toHaveLength(2)
    expect(plans.requests[1]?.problems.map((problem) => problem.code)).toContain(code)
    expect(result).toMatchObject({
      status: 'failed',
      error: { step: 'second' },
      steps: { second: { status: 'failed', attempts: [{}] }, last: { status: 'skipped' } },
    })
    expect(events.map(({ type }) => type)).not.toContain('plan_ready')
  },
)

test('6.2.4 the second try may be valid', async () => {
  const plans = planner({ steps: [] }, good)
  expect((await runWith(broken(), {}, { planner: plans })).result).toMatchObject({
    status: 'completed',
    output: { last: { better: 11 } },
  })
})

test('6.2 a planner that throws leaves the fallback, here skip', async () => {
  const onError = vi.fn<(error: unknown) => void>()
  const options = { failurePolicy: { onExecutionFail: 'replan', fallbackAction: 'skip' } }
  const { result } = await runWith(
    broken(options),
    {},
    {
      planner: {
        plan: async () => {
          throw new Error('down')
        },
      },
      onError,
    },
  )
  expect(result).toMatchObject({
    status: 'partial',
    steps: { second: { status: 'skipped', skip: { kind: 'policy' } }, last: { output: { second: null } } },
  })
  expect(onError).toHaveBeenCalledTimes(1)
})

test('18.13 6.2.5 two plans per run: a third failure falls back; attempts begin anew and their numbers go on', async () => {
  const again = {
    steps: [
      call('first', 'first'),
      call('second', 'second', ['first'], { failure_policy: { on_execution_fail: 'replan' } }),
      call('spare', 'spare', ['first']),
      call('last', 'last', ['second']),
    ],
  }
  const plans = planner(again)
  const { result, events } = await runWith(broken({ retries: 1 }), {}, { planner: plans })
  expect(plans.requests).toHaveLength(2)
  expect(events.filter(({ type }) => type === 'plan_ready').map(({ data }) => data['plan_version'])).toEqual([2, 3])
  expect(result).toMatchObject({ status: 'failed', error: { step: 'second' } })
  const numbers = result.steps['second']?.attempts.map(({ attempt }) => attempt)
  expect(numbers).toEqual([...new Set(numbers)])
  expect(numbers?.length).toBeGreaterThanOrEqual(3)
})

test('6.2.3 a plan changes neither the contracts, nor the limits, nor the name of the run', async () => {
  const plans = planner({
    ...good,
    name: 'other',
    output: { type: 'string' },
    limits: { max_model_calls: 9_999 },
    defaults: {},
  })
  const { engine, clock } = bench({ planner: plans })
  const running = engine.run(broken({}, { maxLlmCalls: 7 }), {}, { runId: 'run' })
  await clock.runToRest()
  expect((await running).status).toBe('completed')
  expect((await engine.get('run'))?.workflow).toBe('test')
})

test('6.2.5 W-6 a policy that may plan anew needs a planner or a model before the run begins', async () => {
  await expect(broken().run()).rejects.toMatchObject({ code: 'planner_missing' })
  await expect(
    flowOf([step('a', failing)], { failurePolicy: { onValidationFail: 'replan' } }).run(),
  ).rejects.toMatchObject({ code: 'planner_missing' })
  await expect(flowOf([step('a', () => 1)]).run()).resolves.toMatchObject({ status: 'completed' })
})

test('6.2.2 6.2.5 without a planner a model makes the plan, under the budget of the run', async () => {
  const clock = createVirtualClock()
  const model = scriptedModel([`Here it is: ${JSON.stringify(good)}`], { clock, card: { tiers: ['high'] } })
  const { engine } = bench({ clock, models: [model] })
  const running = engine.run(broken(), {})
  await clock.runToRest()
  const result = await running
  expect(result).toMatchObject({ status: 'completed', output: { last: { better: 11 } } })
  expect(result.receipts).toHaveLength(1)
  expect(JSON.stringify(model.requests)).not.toContain('opaque-value')
  const poor = bench({ clock, models: [scriptedModel([], { clock, card: { tiers: ['high'] } })] })
  const stopped = poor.engine.run(broken(), {}, { budget: { maxCalls: 0 } })
  await clock.runToRest()
  expect((await stopped).status).toBe('budget_exceeded')
})

test('6.2 a cancel while the plan is made ends the run', async () => {
  const { engine, clock } = bench({ planner: { plan: () => new Promise(() => {}) } })
  const run = await engine.start(broken())
  await clock.advance(1)
  const cancelling = engine.cancel(run.id)
  await clock.runToRest()
  expect((await cancelling).status).toBe('cancelled')
})

test('13.3 a run with a new plan is taken up by another engine', async () => {
  const clock = createVirtualClock()
  const backend = memoryBackend({ clock, ids: createSeededIds(2) })
  const plan = {
    steps: [
      call('first', 'first'),
      { id: 'ask', kind: 'wait', wait: 'approval', depends_on: ['first'] },
      call('last', 'last', ['ask']),
    ],
  }
  const one = bench({ clock, backend, planner: planner(plan) })
  const run = await one.engine.start(broken(), {})
  await clock.advance(1)
  expect((await backend.get(run.id))?.status).toBe('waiting')
  const two = bench({ clock, backend, planner: planner(plan), ids: createSeededIds(3), workflows: [broken()] })
  const [wait] = (await backend.read(run.id)).waits
  await two.engine.resolveWait({ waitId: wait?.id ?? '' }, { data: 0 })
  await clock.runToRest()
  expect(await two.engine.result(run.id)).toMatchObject({
    status: 'completed',
    output: { ask: { decision: 'approved', data: 0 } },
  })
})

test('6.2 an item whose policy asks for a plan asks for the whole step', async () => {
  const plans = planner({ steps: [call('each', 'each', [], { foreach: 'fixed' })] })
  let round = 0
  const workflow = flowOf([
    step(
      'each',
      ({ item }) => {
        round += 1
        if (item === 'bad') throw new Error('no')
        return item
      },
      { foreach: 'list', onFailure: 'replan' },
    ),
  ])
  const { result } = await runWith(workflow, { list: ['a', 'bad'], fixed: ['x', 'y'] }, { planner: plans })
  expect(result).toMatchObject({ status: 'completed', output: ['x', 'y'] })
  expect([plans.requests[0]?.failed.step, round]).toEqual(['each', 4])
})
