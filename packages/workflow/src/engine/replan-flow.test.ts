import { describe, expect, test } from 'vitest'
import { loadDocument } from '../documents/load-document.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import type { RegisteredFunction, StepAction } from '../step/step-context.ts'
import { setupEngine } from './__fixtures__/engine-setup.ts'
import type { Planner, PlanRequest } from './planner.ts'

/** Functions by name, how often each was called, and a workflow of nodes that name them. */
function world(actions: { [name: string]: StepAction }): {
  functions: Map<string, RegisteredFunction>
  calls: string[]
  load: (body: object) => CompiledWorkflow
} {
  const calls: string[] = []
  const functions = new Map<string, RegisteredFunction>(
    Object.entries(actions).map(([name, run]) => [
      name,
      { name, version: '1', run: (context) => (calls.push(name), run(context)) },
    ]),
  )
  const load = (body: object): CompiledWorkflow => {
    const compiled = loadDocument({ parley: 1, name: 'walk', ...body }, { functions })
    expect(compiled.problems).toEqual([])
    return compiled
  }
  return { functions, calls, load }
}

function planner(...plans: unknown[]): Planner & { requests: PlanRequest[] } {
  const requests: PlanRequest[] = []
  return {
    requests,
    plan: async (request) => {
      requests.push(structuredClone(request))
      return plans[Math.min(requests.length, plans.length) - 1]
    },
  }
}

const call = (id: string, next?: string, more: object = {}): object => ({
  id,
  kind: 'fn',
  action: id,
  ...(next === undefined ? {} : { next }),
  ...more,
})
const replans = { failure_policy: { on_execution_fail: 'replan' } }
const fails: StepAction = () => {
  throw new Error('no')
}

describe('6.2 a plan for a root that is a flow', () => {
  test('18.13 6.2 the failed node is replaced; nodes that have ended are not walked twice', async () => {
    const { load, calls } = world({ a: () => 1, b: fails, better: () => 2, c: ({ state }) => state.get('better') })
    const plans = planner({ start: 'a', steps: [call('a', 'better'), call('better', 'c'), call('c')] })
    const { engine, eventsOf } = setupEngine({ planner: plans })
    const result = await engine.run(load({ start: 'a', steps: [call('a', 'b'), call('b', 'c', replans), call('c')] }))
    expect(result).toMatchObject({ status: 'completed', steps: { c: { output: 2 } } })
    expect(calls).toEqual(['a', 'b', 'better', 'c'])
    expect(plans.requests[0]).toMatchObject({
      completed: { a: 1 },
      settled: ['a'],
      failed: { step: 'b' },
      definition: { start: 'a' },
    })
    const events = await eventsOf(result.runId)
    expect(events.find(({ type }) => type === 'plan_ready')?.data).toMatchObject({ plan_version: 2 })
  })

  test('6.2.3 a plan that drops a node which has ended, or leads nowhere, is invalid: in a flow the fallback aborts', async () => {
    const { load, calls } = world({ a: () => 1, b: fails, c: () => 3 })
    const plans = planner({ start: 'c', steps: [call('c')] }, { start: 'a', steps: [call('a', 'nowhere'), call('c')] })
    const { engine } = setupEngine({ planner: plans })
    const result = await engine.run(load({ start: 'a', steps: [call('a', 'b'), call('b', 'c', replans), call('c')] }))
    expect([result.status, result.error?.step]).toEqual(['failed', 'b'])
    expect(calls).toEqual(['a', 'b'])
    expect(plans.requests).toHaveLength(2)
    expect(plans.requests[1]?.problems).toContainEqual({ code: 'plan_invalid', path: 'a' })
  })

  test('6.2 a branch chooses again when the plan does not have the way that it had chosen', async () => {
    const { load, calls } = world({ a: () => 5, big: fails, small: () => 's', huge: () => 'h' })
    const fork = (then: string, more: object = {}): object => ({
      id: 'fork',
      kind: 'if',
      condition: 'state.a > 3',
      then,
      else: 'small',
      ...more,
    })
    const plans = planner({ start: 'a', steps: [call('a', 'fork'), fork('huge'), call('huge'), call('small')] })
    const { engine } = setupEngine({ planner: plans })
    const work = load({
      start: 'a',
      steps: [call('a', 'fork'), fork('big'), call('big', undefined, replans), call('small')],
    })
    const result = await engine.run(work)
    expect(result).toMatchObject({ status: 'completed', steps: { huge: { output: 'h' } } })
    expect(calls).toEqual(['a', 'big', 'huge'])
  })

  test('6.2 a switch does so too', async () => {
    const { load } = world({ a: () => 'x', x: fails, y: () => 'y', z: () => 'z' })
    const fork = (x: string): object => ({
      id: 'fork',
      kind: 'switch',
      switch: { expr: 'state.a', cases: { x }, default: 'z' },
    })
    const plans = planner({ start: 'a', steps: [call('a', 'fork'), fork('y'), call('y'), call('z')] })
    const { engine } = setupEngine({ planner: plans })
    const work = load({ start: 'a', steps: [call('a', 'fork'), fork('x'), call('x', undefined, replans), call('z')] })
    expect(await engine.run(work)).toMatchObject({ status: 'completed', steps: { y: { output: 'y' } } })
  })

  test('4.3 6.2 in a loop the passes that have ended stay, and visits are not counted twice', async () => {
    let passes = 0
    const { load, calls } = world({
      a: () => (passes += 1),
      b: () => {
        if (passes === 3) throw new Error('third')
        return passes
      },
      mend: () => 'mended',
      done: () => 'done',
    })
    const check = { id: 'check', kind: 'if', condition: 'state.a < 4', then: 'a', else: 'done' }
    const nodes = (b: object[], next: string): object => ({
      start: 'a',
      steps: [call('a', next), ...b, check, call('done')],
    })
    // `b` has ended twice, so it stays; on the third pass it is tried again under the new plan, and now comes through.
    const plans: Planner = {
      plan: async () => {
        passes = 30
        return nodes([call('b', 'check', replans)], 'b')
      },
    }
    const { engine } = setupEngine({ planner: plans })
    const work = load({ ...nodes([call('b', 'check', replans)], 'b'), limits: { max_visits: 13 } })
    const result = await engine.run(work)
    expect(result.status).toBe('completed')
    expect(calls).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'b', 'a', 'b', 'done'])
    expect(result.steps['b']?.attempts.map(({ stepKey }) => stepKey)).toEqual(['b@4'])
  })

  test('13.3 6.2 a run with a new plan is taken up by another engine, where it stands', async () => {
    const make = (): ReturnType<typeof world> =>
      world({ a: () => 1, b: fails, better: () => 2, c: ({ inputs }) => inputs })
    const { load, calls } = make()
    const plans = planner({
      start: 'a',
      steps: [
        call('a', 'better'),
        call('better', 'ask'),
        { id: 'ask', kind: 'wait', wait: 'approval', next: 'c' },
        call('c'),
      ],
    })
    const { engine, restart } = setupEngine({ planner: plans })
    const work = load({ start: 'a', steps: [call('a', 'b'), call('b', 'c', replans), call('c')] })
    const waiting = await engine.run(work)
    expect(waiting.status).toBe('waiting')
    const next = restart({ workflows: [work] })
    await next.resolveWait({ waitId: waiting.waits[0]?.id ?? '' })
    expect((await next.result(waiting.runId)).status).toBe('completed')
    expect(calls).toEqual(['a', 'b', 'better', 'c'])
  })

  test('6.2 a node inside of a branch beside others asks for a plan of the whole flow', async () => {
    const { load, calls } = world({ a: () => 1, left: () => 'l', right: fails, better: () => 'r', c: () => 'c' })
    const fan = (right: object): object => ({
      id: 'fan',
      kind: 'region',
      next: 'c',
      region: { steps: [call('left'), right] },
    })
    const plans = planner({ start: 'a', steps: [call('a', 'fan'), fan(call('better')), call('c')] })
    const { engine } = setupEngine({ planner: plans })
    const work = load({ start: 'a', steps: [call('a', 'fan'), fan(call('right', undefined, replans)), call('c')] })
    const result = await engine.run(work)
    expect(result).toMatchObject({ status: 'completed', steps: { fan: { output: { left: 'l', better: 'r' } } } })
    expect(calls.filter((name) => name === 'left')).toHaveLength(1)
    expect(plans.requests[0]).toMatchObject({ failed: { step: 'fan/right' }, settled: ['a', 'fan/left'] })
  })

  test('6.2 a region step whose own policy asks for a plan begins anew under it', async () => {
    const { load, calls } = world({ a: () => 1, bad: fails, good: () => 'g', c: () => 'c' })
    const fan = (inner: object, more: object = {}): object => ({
      id: 'fan',
      kind: 'region',
      next: 'c',
      region: { steps: [inner] },
      ...more,
    })
    const plans = planner({ start: 'a', steps: [call('a', 'fan'), fan(call('good')), call('c')] })
    const { engine } = setupEngine({ planner: plans })
    const work = load({ start: 'a', steps: [call('a', 'fan'), fan(call('bad'), replans), call('c')] })
    const result = await engine.run(work)
    expect(result.status).toBe('completed')
    expect(calls).toEqual(['a', 'bad', 'bad', 'good', 'c'])
    expect(plans.requests[0]).toMatchObject({ failed: { step: 'fan' }, settled: ['a'] })
  })

  test('6.2 a flow with a start and an end gives the value of its end', async () => {
    const { load } = world({ a: () => 1, b: fails, better: () => 2 })
    const work = load({
      start: 'begin',
      steps: [
        { id: 'begin', kind: 'start', next: 'a' },
        call('a', 'b'),
        call('b', 'finish', replans),
        { id: 'finish', kind: 'end', output: 'better' },
      ],
    })
    const plans = planner({
      start: 'begin',
      steps: [
        { id: 'begin', kind: 'start', next: 'a' },
        call('a', 'better'),
        call('better', 'finish'),
        { id: 'finish', kind: 'end', output: 'better' },
      ],
    })
    const { engine } = setupEngine({ planner: plans })
    expect(await engine.run(work)).toMatchObject({ status: 'completed', output: 2 })
  })
})
