import { expect, test } from 'vitest'
import { createVirtualClock } from '@parley/testing'
import { Step } from '../builder/step.ts'
import { SKIP, type StepAction } from '../step/step-context.ts'
import { bench, flowOf, runWith, step } from './__fixtures__/run-with.ts'

const names = ['apple', 'bad', 'cherry']
/** Of the competitor analysis: one item has no data. */
const analyse: StepAction = ({ item }) => {
  if (item === 'bad') throw new Error('no data')
  return `${item}!`
}
const competitors = (
  foreachPolicy: 'requireAll' | 'allowPartial' | 'collectErrors',
  options = {},
): ReturnType<typeof flowOf> =>
  flowOf([
    step('fetch', () => names),
    step('each', analyse, { foreach: 'fetch', foreachPolicy, dependsOn: ['fetch'], retries: 0, ...options }),
    step('summary', ({ inputs }) => inputs['each'], { dependsOn: ['each'] }),
  ])

test('18.2 requireAll: the first item that fails aborts the rest, the output is null, the step failed', async () => {
  const { result } = await runWith(competitors('requireAll'))
  expect(result.status).toBe('failed')
  expect(result.steps).toMatchObject({ each: { status: 'failed', output: null }, summary: { status: 'skipped' } })
  expect(result.steps['each']?.items?.map(({ status }) => status)).toEqual(['completed', 'failed'])
})

test('18.2 allowPartial: failed items are null in place, the run is partial', async () => {
  const { result } = await runWith(competitors('allowPartial'))
  expect(result).toMatchObject({ status: 'partial', output: ['apple!', null, 'cherry!'] })
})

test('18.2 collectErrors: every item says how it went, the step never fails', async () => {
  const { result } = await runWith(competitors('collectErrors'))
  expect(result.status).toBe('completed')
  expect(result.output).toEqual([
    { ok: true, value: 'apple!' },
    { ok: false, error: { code: 'step_failed', message: expect.stringContaining('no data') } },
    { ok: true, value: 'cherry!' },
  ])
})

test('4.2 requireAll is the default, one at a time, by index', async () => {
  const clock = createVirtualClock()
  const { engine } = bench({ clock })
  const running = engine.run(
    flowOf([
      step(
        'each',
        async ({ itemIndex }) => {
          await clock.sleep(10)
          return itemIndex
        },
        { foreach: 'list' },
      ),
    ]),
    { list: ['a', 'b', 'c'] },
  )
  await clock.runToRest()
  expect([(await running).output, clock.monotonicMs()]).toEqual([[0, 1, 2], 30])
})

test('4.2 allowPartial with all items failed is a failed step', async () => {
  const { result } = await runWith(
    flowOf([
      step(
        'each',
        () => {
          throw new Error('no')
        },
        { foreach: 'list', foreachPolicy: 'allowPartial' },
      ),
    ]),
    { list: [1, 2] },
  )
  expect(result.status).toBe('failed')
})

test.each<[string, unknown, string]>([
  ['text', { list: 'abc' }, 'foreach_not_list'],
  ['an object', { list: { a: 1 } }, 'foreach_not_list'],
  ['zero', { list: 0 }, 'foreach_not_list'],
  ['false', { list: false }, 'foreach_not_list'],
  ['nothing', {}, 'foreach_missing'],
  ['null', { list: null }, 'foreach_missing'],
])('4.2 a source that is %s is refused', async (_, input, code) => {
  const { result } = await runWith(flowOf([step('each', () => 1, { foreach: 'list' })]), input)
  expect(result).toMatchObject({ status: 'failed', error: { code } })
  expect(result.steps['each']?.attempts).toEqual([])
})

test('4.2 an empty list completes with an empty list', async () => {
  expect((await runWith(flowOf([step('each', () => 1, { foreach: 'list' })]), { list: [] })).result).toMatchObject({
    status: 'completed',
    output: [],
  })
})

test('4.2 sources: a key of the state, of the input, a step, a path', async () => {
  const run = async (foreach: string): Promise<unknown> =>
    (
      await runWith(
        flowOf([
          step('made', ({ state }) => {
            state.set('kept', [1])
            return { list: [2] }
          }),
          step('each', ({ item }) => item, { foreach, dependsOn: ['made'] }),
        ]),
        { given: [3] },
      )
    ).result.output
  expect([
    await run('kept'),
    await run('given'),
    await run('steps.made.output.list'),
    await run('made.list'),
    await run('input.given'),
  ]).toEqual([[1], [3], [2], [2], [3]])
})

test('1 falsy items are items', async () => {
  const list = [0, false, '', null]
  const { result } = await runWith(
    flowOf([step('each', ({ item, itemIndex }) => [item, itemIndex], { foreach: 'list' })]),
    { list },
  )
  expect(result.output).toEqual(list.map((item, index) => [item, index]))
})

test('4.2 with more at once items begin in order, and results stand by index', async () => {
  const clock = createVirtualClock()
  const begun: number[] = []
  let now = 0
  let most = 0
  const { engine } = bench({ clock })
  const running = engine.run(
    flowOf([
      step(
        'each',
        async ({ item, itemIndex = -1 }) => {
          begun.push(itemIndex)
          most = Math.max(most, (now += 1))
          await clock.sleep(item)
          now -= 1
          return item
        },
        { foreach: 'list', foreachConcurrency: 3 },
      ),
    ]),
    { list: [50, 10, 40, 5, 30] },
  )
  await clock.runToRest()
  const result = await running
  expect([begun, most, result.output]).toEqual([[0, 1, 2, 3, 4], 3, [50, 10, 40, 5, 30]])
  expect(result.steps['each']?.items?.map(({ output }) => output)).toEqual([50, 10, 40, 5, 30])
})

test('4.2 each item has its own attempts and its own contract', async () => {
  const tries = new Map<number, number>()
  const { result } = await runWith(
    flowOf([
      step(
        'each',
        ({ item, attempt }) => {
          tries.set(item, attempt)
          if (item === 2 && attempt < 3) throw new Error('not yet')
          return item
        },
        { foreach: 'list', retries: 2 },
      ),
    ]),
    { list: [1, 2, 3] },
  )
  expect(result.output).toEqual([1, 2, 3])
  expect([...tries]).toEqual([
    [1, 1],
    [2, 3],
    [3, 1],
  ])
  expect(result.steps['each']?.attempts.map(({ stepKey, attempt }) => `${stepKey}:${attempt}`)).toEqual([
    'each@1#0:1',
    'each@1#1:1',
    'each@1#1:2',
    'each@1#1:3',
    'each@1#2:1',
  ])
})

test('4.2 keys of an author keep the order of the list, and have to differ', async () => {
  const clock = createVirtualClock()
  const { engine } = bench({ clock })
  const workflow = flowOf([
    step(
      'each',
      async ({ item }) => {
        await clock.sleep(item.ms)
        return item.id
      },
      { foreach: 'list', itemKey: 'id', foreachConcurrency: 3 },
    ),
  ])
  const running = engine.run(workflow, {
    list: [
      { id: 'slow', ms: 9 },
      { id: 'mid', ms: 5 },
      { id: 'fast', ms: 1 },
    ],
  })
  await clock.runToRest()
  expect((await running).steps['each']?.items?.map(({ output }) => output)).toEqual(['slow', 'mid', 'fast'])
  const twice = await runWith(flowOf([step('each', () => 1, { foreach: 'list', itemKey: 'id' })]), {
    list: [{ id: 1 }, { id: 1 }],
  })
  expect(twice.result).toMatchObject({ status: 'failed', error: { code: 'invalid_options' } })
})

test('4.2 SKIP in an item is a hole, no failure; with the older meaning it is one', async () => {
  const action: StepAction = ({ item }) => (item === 2 ? SKIP : item)
  const workflow = (compat = {}): ReturnType<typeof flowOf> =>
    flowOf([step('each', action, { foreach: 'list' })], { compat })
  const { result } = await runWith(workflow(), { list: [1, 2, 3] })
  expect(result).toMatchObject({ status: 'completed', output: [1, null, 3] })
  expect(result.steps['each']?.items?.[1]).toMatchObject({ status: 'skipped', skip: { kind: 'sentinel' } })
  expect((await runWith(workflow({ foreachSkipFails: true }), { list: [1, 2, 3] })).result.status).toBe('failed')
})

test('4.2 what items write is kept once, at the end, in their order', async () => {
  const seen: unknown[] = []
  const { result } = await runWith(
    flowOf([
      step(
        'each',
        ({ item, state }) => {
          seen.push(state.get('log'))
          state.set('log', [item])
          state.set('last', item)
          if (item === 9) throw new Error('no')
        },
        { foreach: 'list', foreachPolicy: 'allowPartial', reducers: { log: 'append' }, retries: 0 },
      ),
    ]),
    { list: [1, 9, 2], log: ['before'] },
  )
  expect(seen.every((log) => JSON.stringify(log) === '["before"]')).toBe(true)
  expect(result.state).toMatchObject({ log: ['before', 1, 2], last: 2 })
})

test('4.2 requireAll ends an item that ignores its signal within the second of grace', async () => {
  const clock = createVirtualClock()
  const { engine } = bench({ clock })
  const running = engine.run(
    flowOf([
      step(
        'each',
        async ({ item }) => {
          if (item === 'deaf') return new Promise(() => {})
          await clock.sleep(5)
          throw new Error('no')
        },
        { foreach: 'list', foreachConcurrency: 2, retries: 0 },
      ),
    ]),
    { list: ['deaf', 'bad'] },
  )
  await clock.advance(1_004)
  expect(clock.monotonicMs()).toBe(1_004)
  await clock.advance(1)
  expect(await running).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('no') } })
})

test('F-3 an item that waits for its next attempt stops waiting when another one has failed for good', async () => {
  const clock = createVirtualClock()
  const { engine } = bench({
    clock,
    handlers: { choose: ({ class: failure }) => (failure === 'timeout' ? 'fail' : 'retry') },
  })
  const running = engine.run(
    flowOf([
      step(
        'each',
        async ({ item }) => {
          if (item === 'late') await clock.sleep(10_000)
          throw new Error('no')
        },
        {
          foreach: 'list',
          foreachConcurrency: 2,
          timeout: 1,
          failurePolicy: { onExecutionFail: 'custom', customHandler: 'choose' },
          retry: { maxAttempts: 9, delay: 60, jitter: false },
        },
      ),
    ]),
    { list: ['waits', 'late'] },
  )
  // The late one is fenced after its timeout of 1 s and the grace of 1 s; the other one would have waited for 60 s.
  await clock.advance(2_000)
  expect((await running).status).toBe('failed')
})

test('6 an item whose policy aborts ends the run', async () => {
  let begun = 0
  const { result } = await runWith(
    flowOf([
      step(
        'each',
        () => {
          throw new Error('no')
        },
        { foreach: 'list', onFailure: 'abort' },
      ),
      step('other', () => (begun += 1)),
    ]),
    { list: [1] },
  )
  expect([result.status, begun, result.steps['other']?.status]).toEqual(['failed', 0, 'cancelled'])
})

test('W-2 a region runs for each item, and its steps see the item', async () => {
  const { result } = await runWith(
    flowOf([
      new Step({
        name: 'each',
        foreach: 'list',
        foreachPolicy: 'allowPartial',
        steps: [
          step(
            'double',
            ({ item }) => {
              if (item === 0) throw new Error('zero')
              return item * 2
            },
            { onFailure: 'fail' },
          ),
          step('plus', ({ inputs, item }) => inputs['double'] + item, { dependsOn: ['double'] }),
        ],
      }),
    ]),
    { list: [1, 0, 3] },
  )
  expect(result).toMatchObject({ status: 'partial', output: [3, null, 9] })
  expect(result.steps['each#0/double']?.output).toBe(2)
})

test('12.4 start and end are told for every item, and once for the whole', async () => {
  const told: string[] = []
  const hooks = [
    {
      onStepStart: ({ stepKey = '' }): number => told.push(`start ${stepKey}`),
      onStepComplete: ({ stepKey = '' }): number => told.push(`end ${stepKey}`),
    },
  ]
  await runWith(
    flowOf([step('each', ({ item }) => item, { foreach: 'list' })]),
    { list: [1, 2] },
    { hooks: hooks as never },
  )
  expect(told).toEqual([
    'start each@1',
    'start each@1#0',
    'end each@1#0',
    'start each@1#1',
    'end each@1#1',
    'end each@1',
  ])
})

test('4.2 more than 100,000 items are refused', async () => {
  const { result } = await runWith(flowOf([step('each', () => 1, { foreach: 'list' })]), {
    list: Array.from({ length: 100_001 }, () => 0),
  })
  expect(result.error).toMatchObject({ code: 'limit_exceeded' })
})

test('4.1.3 items of several lists count towards the maxConcurrency of the run', async () => {
  const clock = createVirtualClock()
  const { engine } = bench({ clock })
  let running = 0
  let most = 0
  const work: StepAction = async () => {
    running += 1
    most = Math.max(most, running)
    await clock.sleep(10)
    running -= 1
    return null
  }
  const each = (name: string): Step => step(name, work, { foreach: 'list', foreachConcurrency: 4, parallel: true })
  const done = engine.run(flowOf([each('a'), each('b'), step('c', work, { parallel: true })], { maxConcurrency: 5 }), {
    list: [1, 2, 3, 4, 5, 6],
  })
  await clock.runToRest()
  expect((await done).status).toBe('completed')
  // 13 pieces of work of 10 ms in five places.
  expect([most, clock.monotonicMs()]).toEqual([5, 30])
})

test('4.1.3 a region of fewer steps at once counts items too', async () => {
  const clock = createVirtualClock()
  const { engine } = bench({ clock })
  let running = 0
  let most = 0
  const work: StepAction = async () => {
    most = Math.max(most, (running += 1))
    await clock.sleep(10)
    running -= 1
    return null
  }
  const each = step('each', work, { foreach: 'list', foreachConcurrency: 4, parallel: true })
  const other = step('other', work, { parallel: true })
  const done = engine.run(flowOf([new Step({ name: 'outer', steps: [each, other], maxConcurrency: 2 })]), {
    list: [1, 2, 3, 4],
  })
  await clock.runToRest()
  expect((await done).status).toBe('completed')
  expect([most, clock.monotonicMs()]).toEqual([2, 30])
})
