import { expect, test } from 'vitest'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import { loadDocument } from '../documents/load-document.ts'
import type { RegisteredFunction, StepAction } from '../step/step-context.ts'
import { createEngine } from './create-engine.ts'
import type { EngineOptions } from './engine-options.ts'
import type { RunResult } from './run-result.ts'

/** Runs a flow of functions. */
async function walk(
  steps: object[],
  actions: { [name: string]: StepAction },
  input: unknown = {},
  { head = {}, engine: options = {} }: { head?: object; engine?: EngineOptions } = {},
): Promise<RunResult> {
  const clock = createVirtualClock()
  const engine = createEngine({ clock, ids: createSeededIds(1), ...options })
  const functions = new Map<string, RegisteredFunction>(
    Object.entries(actions).map(([name, run]) => [name, { name, version: '1', run }]),
  )
  const compiled = loadDocument({ parley: 1, name: 'walk', start: 'a', steps, ...head }, { functions })
  expect(compiled.problems).toEqual([])
  const running = engine.run(compiled, input)
  await clock.runToRest()
  return running
}

const call = (id: string, next?: string, more: object = {}): object => ({
  id,
  kind: 'fn',
  action: id,
  ...(next !== undefined && { next }),
  ...more,
})

test('4.3 W-4 a loop: one token, every pass under a key of its own, seq drawn before the step runs', async () => {
  let count = 0
  const result = await walk(
    [call('a', 'check'), { id: 'check', kind: 'if', condition: 'state.a < 3', then: 'a', else: 'done' }, call('done')],
    { a: () => (count += 1), done: ({ state }) => state.get('a') },
  )
  expect([result.status, count]).toEqual(['completed', 3])
  expect(result.steps['done']?.output).toBe(3)
  expect(result.steps['a']?.attempts.map(({ stepKey }) => stepKey)).toEqual(['a@3'])
})

test('4.3 visits are capped for the whole run', async () => {
  let count = 0
  const result = await walk(
    [call('a', 'b'), call('b', 'a')],
    { a: () => (count += 1), b: () => 1 },
    {},
    { head: { limits: { max_visits: 7 } } },
  )
  expect(result).toMatchObject({ status: 'failed', error: { code: 'visits_exceeded', step: 'b' } })
  expect(count).toBe(4)
})

test('17 a run has 1,000 visits by default', async () => {
  let count = 0
  const result = await walk([call('a', 'a')], { a: () => (count += 1) })
  expect([result.error?.code, count]).toEqual(['visits_exceeded', 1_000])
})

test('F-1 a failure in a flow aborts the run by default', async () => {
  let after = 0
  const result = await walk([call('a', 'b'), call('b')], {
    a: () => {
      throw new Error('no')
    },
    b: () => (after += 1),
  })
  expect([result.status, after, result.steps['a']?.attempts.length]).toEqual(['failed', 0, 2])
})

test('6 a skip in a flow goes on to the next node', async () => {
  const result = await walk([call('a', 'b', { on_failure: 'skip' }), call('b')], {
    a: () => {
      throw new Error('no')
    },
    b: ({ state }) => [state.get('a')],
  })
  expect(result).toMatchObject({ status: 'partial', steps: { b: { output: [null] } } })
})

test('W-2 a dag in a flow and a flow in a dag', async () => {
  const result = await walk(
    [
      {
        id: 'a',
        kind: 'region',
        next: 'b',
        region: { steps: [call('x'), call('y', undefined, { depends_on: ['x'] })] },
      },
      call('b'),
    ],
    { x: () => 1, y: ({ inputs }) => inputs['x'] + 1, b: ({ state }) => state.get('a') },
  )
  expect(result.steps).toMatchObject({ 'a/y': { output: 2 }, b: { output: 2 } })
})

test('2.3 switch compares as text: 0 matches "0"; nothing matches and no default fails', async () => {
  const steps = [{ id: 'a', kind: 'switch', switch: { expr: 'input.n', cases: { 0: 'zero' } } }, call('zero')]
  expect((await walk(steps, { zero: () => 'zero' }, { n: 0 })).steps['zero']?.output).toBe('zero')
  expect((await walk(steps, { zero: () => 'zero' }, { n: 1 })).error).toMatchObject({ code: 'flow_switch_unmatched' })
})
