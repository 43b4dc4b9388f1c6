import { expect, test, vi } from 'vitest'
import { createVirtualClock } from '@parley/testing'
import { ParleyError, type RunEvent } from '@parley/spec'
import { z } from 'zod'
import { Schema } from '../contracts/schema.ts'
import { t } from '../contracts/field-type.ts'
import { v } from '../contracts/validators.ts'
import { SKIP, type StepAction } from '../step/step-context.ts'
import { bench, flowOf, runWith, step, typesOf } from './__fixtures__/run-with.ts'

class Money {
  cents = 1
}

test.each<[string, StepAction]>([
  ['NaN', () => NaN],
  ['a BigInt', () => 1n],
  ['a class instance', () => new Money()],
  [
    'a circle',
    () => {
      const circle: { self?: unknown } = {}
      circle.self = circle
      return circle
    },
  ],
  ['a function', () => () => 1],
  ['a Map', () => new Map()],
  ['a promise of NaN', async () => [NaN]],
])('W-21 a step that gives %s fails with value_not_json', async (_, action) => {
  const { result } = await runWith(flowOf([step('a', action)]))
  expect(result).toMatchObject({ status: 'failed', error: { code: 'value_not_json', step: 'a' } })
})

test.each<[unknown]>([[0], [false], [''], [null], [[]]])('1 %j is an output like any other', async (value) => {
  const { result } = await runWith(
    flowOf([
      step('a', () => value),
      step('b', ({ inputs, state }) => [inputs['a'], state.get('a')], { dependsOn: ['a'] }),
    ]),
  )
  expect(result.steps).toMatchObject({ a: { status: 'completed', output: value }, b: { output: [value, value] } })
})

test.each<[string, StepAction, string]>([
  [
    'text',
    () => {
      throw 'only words'
    },
    'only words',
  ],
  [
    'undefined',
    () => {
      throw undefined
    },
    '',
  ],
  ['a rejection', () => Promise.reject(new TypeError('wrong kind')), 'wrong kind'],
  [
    'an object',
    () => {
      throw { a: 1 }
    },
    '',
  ],
])('6 a step that throws %s fails, and says of it what is safe', async (_, action, text) => {
  const { result } = await runWith(flowOf([step('a', action)]))
  expect(result).toMatchObject({ status: 'failed', error: { code: 'step_failed', class: 'execution' } })
  expect(result.error?.message).toContain(text)
})

test('S5 secrets in thrown text are in no result, event or record', async () => {
  const { result, events } = await runWith(
    flowOf([
      step('a', () => {
        throw new Error('key sk-abcdef123456 at /home/me/secret/file.ts')
      }),
    ]),
  )
  const all = JSON.stringify([result, result.steps, events])
  expect(all).not.toContain('sk-abcdef')
  expect(all).not.toContain('/home/me')
})

test('6 a thenable that settles twice counts once', async () => {
  const twice = {
    then: (resolve: (value: unknown) => void) => {
      resolve(1)
      resolve(2)
    },
  }
  expect((await runWith(flowOf([step('a', () => twice)]))).result.output).toBe(1)
})

test('4.5.8 SKIP: no contract is applied, and the attempt is recorded', async () => {
  const { result, events } = await runWith(flowOf([step('a', () => SKIP, { outputContract: z.string() })]))
  expect(result.steps['a']).toMatchObject({
    status: 'skipped',
    skip: { kind: 'sentinel' },
    attempts: [{ attempt: 1, status: 'success' }],
  })
  expect(typesOf(events, 'a')).toEqual(['step_started', 'step_skipped'])
})

test('C-1 an input that breaks its contract never reaches the action; the error names types, no values', async () => {
  let calls = 0
  const { result, events } = await runWith(
    flowOf([step('a', () => (calls += 1), { inputContract: new Schema({ n: t.int }) })]),
    { n: 'opaque-value' },
  )
  expect(calls).toBe(0)
  expect(result).toMatchObject({ status: 'failed', error: { code: 'contract_input', class: 'validation' } })
  expect(typesOf(events, 'a')).toEqual([
    'step_started',
    'validation_start',
    'validation_fail',
    'step_failed',
    'step_retry',
    'step_started',
    'validation_start',
    'validation_fail',
    'step_failed',
  ])
  expect(JSON.stringify(events.filter(({ step: of }) => of === 'a'))).not.toContain('opaque-value')
})

test('C-1 the stored value is what the contract makes of it; dependents never see another', async () => {
  const { result } = await runWith(
    flowOf([
      step('a', () => ({ n: '7' }), {
        outputContract: z.object({ n: z.coerce.number(), on: z.boolean().default(true) }),
      }),
      step('b', ({ inputs }) => inputs['a'], { dependsOn: ['a'] }),
    ]),
  )
  expect(result.output).toEqual({ n: 7, on: true })
})

const person = new Schema(
  { name: t.str, email: t.str, score: t.int, home: new Schema({ city: t.str }) },
  { validators: { name: [v.notEmpty()], email: [v.pattern('[^@]+@[^@]+')], score: [v.range({ min: 0, max: 10 })] } },
)
const good = { name: 'Ada', email: 'a@b', score: 9, home: { city: 'x' } }

test.each<[string, unknown, string | undefined]>([
  ['good data', good, undefined],
  ['a bad email', { ...good, email: 'nobody' }, 'email'],
  ['a score of 95', { ...good, score: 95 }, 'score'],
  ['an empty name', { ...good, name: ' ' }, 'name'],
  ['a wrong nested field', { ...good, home: { city: 3 } }, 'home.city'],
])('18.3 %s: what breaks the contract stops there, and the aggregate never runs', async (_, data, field) => {
  let aggregated = 0
  const { result, events } = await runWith(
    flowOf([
      step('check', () => data, { outputContract: person }),
      step('aggregate', () => (aggregated += 1), { dependsOn: ['check'] }),
    ]),
  )
  expect([result.status, aggregated]).toEqual(field === undefined ? ['completed', 1] : ['failed', 0])
  if (field === undefined) return
  expect(result.error?.message).toContain(`${field}:`)
  const [failed] = events.filter(({ type }) => type === 'validation_fail')
  expect(failed?.data).toMatchObject({ phase: 'output', errors: [{ path: field }] })
})

test('F-4 a timeout aborts the signal, leaves a second of grace, and then the attempt is fenced', async () => {
  const clock = createVirtualClock()
  const { engine } = bench({ clock })
  let abortedMs: number | undefined
  const late = vi.fn<(code: unknown) => void>()
  const run = await engine.start(
    flowOf([
      step(
        'deaf',
        async ({ signal, state, emit, model }) => {
          signal.addEventListener('abort', () => (abortedMs = clock.monotonicMs()))
          await clock.sleep(10_000)
          state.set('leak', 1)
          emit('too late')
          try {
            model()
          } catch (error) {
            late(ParleyError.isInstance(error) ? error.code : error)
          }
          return 'late'
        },
        { timeout: 2, retries: 0 },
      ),
      step('long', () => clock.sleep(20_000), { parallel: true }),
    ]),
    {},
  )
  const events: RunEvent[] = []
  const following = (async () => {
    for await (const event of engine.events(run.id)) events.push(event)
  })()
  await clock.advance(2_999)
  expect([abortedMs, typesOf(events, 'deaf')]).toEqual([2_000, ['step_started']])
  await clock.advance(1)
  await clock.runToRest()
  const result = await engine.result(run.id)
  expect(result).toMatchObject({ status: 'failed', error: { code: 'step_timeout', class: 'timeout' } })
  expect(result.steps['deaf']).toMatchObject({ status: 'failed', output: null })
  expect(Object.keys(result.state)).not.toContain('leak')
  expect(late).toHaveBeenCalledWith('late_result')
  await following
  expect(events.filter(({ type }) => type === 'late_result')).toHaveLength(1)
  expect(events.filter(({ type }) => type === 'step_delta')).toEqual([])
})

test('F-4 a step that ends in the second of grace has still timed out', async () => {
  const clock = createVirtualClock()
  const { engine } = bench({ clock })
  const running = engine.run(
    flowOf([
      step(
        'slow',
        async () => {
          await clock.sleep(1_500)
          return 'done'
        },
        { timeout: 1, retries: 0 },
      ),
    ]),
  )
  await clock.advance(1_500)
  expect((await running).error).toMatchObject({ code: 'step_timeout' })
})

test('F-2 the default is two attempts; retries and maxRetries are other words for it', async () => {
  const attempts = async (options: object, workflow: object = {}): Promise<number> =>
    (
      await runWith(
        flowOf(
          [
            step(
              'a',
              () => {
                throw new Error('no')
              },
              options,
            ),
          ],
          workflow,
        ),
      )
    ).result.steps['a']?.attempts.length ?? 0
  expect(await attempts({})).toBe(2)
  expect(await attempts({ retries: 0 })).toBe(1)
  expect(await attempts({ retries: 3 })).toBe(4)
  expect(await attempts({ failurePolicy: { maxRetries: 0 } })).toBe(1)
  expect(await attempts({}, { failurePolicy: { maxAttempts: 3 } })).toBe(3)
})

test('F-1 the policy of the engine holds where neither step nor workflow say', async () => {
  const { FailurePolicy } = await import('../builder/failure-policy.ts')
  const failurePolicy = new FailurePolicy({ maxAttempts: 4 }).toSpec()
  const failing = (): never => {
    throw new Error('no')
  }
  const { result } = await runWith(flowOf([step('a', failing)]), {}, { failurePolicy })
  expect(result.steps['a']?.attempts).toHaveLength(4)
  const own = await runWith(flowOf([step('a', failing)], { failurePolicy: { maxAttempts: 1 } }), {}, { failurePolicy })
  expect(own.result.steps['a']?.attempts).toHaveLength(1)
})

test('F-3 the waits of a step, in virtual time, and a provider that says when to come back', async () => {
  const begun: number[] = []
  const clock = createVirtualClock()
  const { engine } = bench({ clock })
  const running = engine.run(
    flowOf([
      step(
        'a',
        ({ attempt }) => {
          begun.push(clock.monotonicMs())
          throw new ParleyError({
            code: 'model_rate_limited',
            message: 'slow down',
            details: attempt === 3 ? { retryAfterMs: 90_000 } : {},
          })
        },
        { retry: { maxAttempts: 4, delay: 2, backoff: 3, jitter: false } },
      ),
    ]),
  )
  await clock.runToRest()
  await running
  expect(begun).toEqual([0, 2_000, 8_000, 68_000])
})

test('F-3 the wait ends at once on a cancel, and a pause puts the run aside in it', async () => {
  const workflow = flowOf([
    step(
      'a',
      ({ attempt }) => {
        if (attempt === 1) throw new Error('no')
        return attempt
      },
      { retry: { maxAttempts: 2, delay: 50, jitter: false } },
    ),
  ])
  const one = bench()
  const cancelled = await one.engine.start(workflow)
  await one.clock.advance(10)
  expect((await one.engine.cancel(cancelled.id)).status).toBe('cancelled')
  expect(one.clock.monotonicMs()).toBe(10)
  const two = bench()
  const paused = await two.engine.start(workflow)
  await two.clock.advance(10)
  expect((await two.engine.pause(paused.id)).status).toBe('paused')
  await two.engine.resume(paused.id)
  await two.clock.advance(49_989)
  expect((await two.engine.get(paused.id))?.status).toBe('running')
  await two.clock.advance(1)
  expect(await two.engine.result(paused.id)).toMatchObject({ status: 'completed', output: 2 })
})

test('F-5 every attempt is recorded whatever the action, with times, class and a safe error', async () => {
  const { result } = await runWith(
    flowOf([
      step(
        'a',
        ({ attempt }) => {
          if (attempt < 3) throw new Error('token sk-abc123456')
          return 1
        },
        { retries: 2 },
      ),
      step('b', () => 'x', { outputContract: z.number(), onFailure: 'skip' }),
    ]),
  )
  expect(result.steps['a']?.attempts).toMatchObject([
    {
      attempt: 1,
      status: 'failure',
      class: 'execution',
      error: { code: 'step_failed', message: expect.not.stringContaining('sk-abc') },
      startedAt: expect.any(String),
      endedAt: expect.any(String),
      durationMs: 0,
      receiptIds: [],
    },
    { attempt: 2, status: 'failure' },
    { attempt: 3, status: 'success' },
  ])
  expect(result.steps['b']?.attempts).toMatchObject([{ status: 'failure', class: 'validation' }])
})

test('F-6 calls that a step counts itself end the run at 50 by default, as a status and not as a throw', async () => {
  const count =
    (calls: number): StepAction =>
    ({ incrementLlmCalls }) => {
      incrementLlmCalls(calls)
      return 1
    }
  expect((await runWith(flowOf([step('a', count(50))]))).result.status).toBe('completed')
  const { result } = await runWith(flowOf([step('a', count(50)), step('b', count(1)), step('c', () => 1)]))
  expect(result).toMatchObject({
    status: 'budget_exceeded',
    error: { code: 'budget_exceeded', class: 'budget', exceeded: 'max_calls' },
  })
  expect(result.steps).toMatchObject({
    a: { status: 'completed' },
    b: { status: 'cancelled' },
    c: { status: 'cancelled' },
  })
})

test('6 a handler of its own chooses the action; one that throws or thinks for more than 30 s is passed over', async () => {
  const failing = (): never => {
    throw new Error('no')
  }
  const workflow = flowOf([
    step('a', failing, {
      failurePolicy: { onExecutionFail: 'custom', customHandler: 'choose', fallbackAction: 'skip' },
    }),
  ])
  const asked = vi.fn<() => 'abort'>(() => 'abort')
  expect((await runWith(workflow, {}, { handlers: { choose: asked } })).result.status).toBe('failed')
  expect(asked).toHaveBeenCalledWith({
    step: 'a',
    attempt: 1,
    errorCode: 'step_failed',
    class: 'execution',
    signal: expect.any(AbortSignal),
  })
  const errors: string[] = []
  const onError = (error: ParleyError): void => void errors.push(error.code)
  expect((await runWith(workflow, {}, { handlers: { choose: failing }, onError })).result.status).toBe('partial')
  expect((await runWith(workflow, {}, { onError })).result.status).toBe('partial')
  expect(errors).toEqual(['hook_failed', 'unknown_reference'])
  const hanging = await runWith(workflow, {}, { handlers: { choose: () => new Promise<never>(() => {}) } })
  expect([hanging.result.status, hanging.elapsedMs]).toEqual(['partial', 30_000])
})

test('6 skip gives dependents null in inputs and state, and makes the run partial', async () => {
  const { result } = await runWith(
    flowOf([
      step(
        'a',
        () => {
          throw new Error('no')
        },
        { onFailure: 'skip' },
      ),
      step('b', ({ inputs, state }) => [inputs['a'], state.get('a')], { dependsOn: ['a'] }),
    ]),
  )
  expect(result).toMatchObject({ status: 'partial', output: [null, null] })
})

test('6 abort with the older meaning reaches as far as fail', async () => {
  const { result } = await runWith(
    flowOf(
      [
        step(
          'a',
          () => {
            throw new Error('no')
          },
          { onFailure: 'abort' },
        ),
        step('b', () => 2),
      ],
      { compat: { abortIsFail: true } },
    ),
  )
  expect(result).toMatchObject({ status: 'failed', steps: { b: { status: 'completed' } } })
})

test('W-26 a failed attempt leaves no trace in the state, and does not see its own', async () => {
  const seen: unknown[] = []
  const { result } = await runWith(
    flowOf([
      step(
        'a',
        ({ state, attempt }) => {
          seen.push(state.get('mark', 'none'))
          state.set('mark', attempt)
          if (attempt === 1) throw new Error('no')
        },
        { retries: 1 },
      ),
    ]),
  )
  expect([seen, result.state['mark']]).toEqual([['none', 'none'], 2])
})

test('W-22 a write that does not fit fails the attempt, and is not kept', async () => {
  const big = 'x'.repeat(60 * 1024 * 1024)
  const { result, events } = await runWith(
    flowOf([step('a', () => big), step('b', () => big, { dependsOn: ['a'], retries: 0 })]),
  )
  expect(result).toMatchObject({
    status: 'failed',
    error: { code: 'state_too_large', step: 'b' },
    steps: { b: { attempts: [{ status: 'failure' }] } },
  })
  expect(result.steps['b']).toMatchObject({ status: 'failed', output: null })
  expect(typesOf(events, 'b')).toContain('step_failed')
})

test('2.2 the context of an attempt', async () => {
  const { result } = await runWith(
    flowOf([
      step('a', (context) => {
        const { emit, incrementLlmCalls, stepId, attempt, idempotencyKey, itemIndex, retryContext, runId } = context
        emit('piece')
        incrementLlmCalls()
        return { stepId, attempt, idempotencyKey, runId, isNew: retryContext === undefined && itemIndex === undefined }
      }),
    ]),
  )
  expect(result.output).toEqual({ stepId: 'a', attempt: 1, idempotencyKey: 'run:a@1:1', runId: 'run', isNew: true })
})
