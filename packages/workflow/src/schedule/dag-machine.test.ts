import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StepDefinition } from '@parley/spec'
import { step } from '../definition/__fixtures__/define.ts'
import { sequentialEnds, type Act, type End } from './__fixtures__/dag-reference.ts'
import { isSettled, openDag, stepDag, type DagEffect, type DagInput, type DagState } from './dag-machine.ts'
import { planDag } from './dag-plan.ts'

/** Feeds inputs and gives the last state with all effects. */
function feed(state: DagState, ...inputs: DagInput[]): { state: DagState; effects: DagEffect[] } {
  const effects: DagEffect[] = []
  let at = state
  for (const input of inputs) {
    const next = stepDag(at, input)
    at = next.state
    effects.push(...next.effects)
  }
  return { state: at, effects }
}

const settled = (at: number, outcome: 'completed' | 'failed' | 'cancelled' = 'completed'): DagInput => ({
  type: 'settled',
  settled: { step: at, outcome },
})

const graph = (): fc.Arbitrary<{ steps: StepDefinition[]; acts: Map<string, Act> }> =>
  fc
    .array(
      fc.record({
        edges: fc.array(fc.nat(), { maxLength: 4 }),
        requires: fc.constantFrom('settled' as const, 'success' as const),
        act: fc.constantFrom<Act>(
          { outcome: 'completed' },
          { outcome: 'completed' },
          { outcome: 'failed' },
          { outcome: 'skipped', skip: 'sentinel' },
          { outcome: 'skipped', skip: 'condition' },
          { outcome: 'skipped', skip: 'policy' },
        ),
      }),
      { minLength: 1, maxLength: 25 },
    )
    .map((nodes) => ({
      // An edge leads to an earlier step, so there are no circles; the order of definition is turned half of the time.
      steps: nodes.map(({ edges, requires }, index) =>
        step(`s${index}`, {
          requires,
          dependsOn: index === 0 ? [] : edges.map((edge) => `s${edge % index}`),
        }),
      ),
      acts: new Map(nodes.map(({ act }, index) => [`s${index}`, act])),
    }))
    .chain(({ steps, acts }) => fc.boolean().map((turn) => ({ steps: turn ? [...steps].reverse() : steps, acts })))

/** Runs a graph, ending running steps in the order that `choose` gives. */
function run(
  steps: StepDefinition[],
  acts: Map<string, Act>,
  choose: (running: number[]) => number,
): { ends: Map<string, End>; started: string[]; state: DagState; ended: number } {
  const ends = new Map<string, End>()
  const started: string[] = []
  const running: number[] = []
  let ended = 0
  let { state, effects } = stepDag(openDag(planDag(steps)), { type: 'start' })
  const take = (given: DagEffect[]): void => {
    for (const effect of given) {
      if (effect.type === 'ready') {
        started.push(steps[effect.step]?.id ?? '')
        running.push(effect.step)
      } else if (effect.type === 'skip')
        ends.set(steps[effect.step]?.id ?? '', {
          outcome: 'skipped',
          kind: effect.reason.kind,
          ...(effect.reason.because !== undefined && { because: effect.reason.because }),
        })
      else if (effect.type === 'ended') ended += 1
    }
  }
  take(effects)
  while (running.length > 0) {
    const at = running.splice(choose(running) % running.length, 1)[0] ?? 0
    const id = steps[at]?.id ?? ''
    const act = acts.get(id) ?? { outcome: 'completed' as const }
    ends.set(id, { outcome: act.outcome, ...(act.outcome === 'skipped' && { kind: act.skip ?? 'sentinel' }) })
    ;({ state, effects } = feed(
      state,
      { type: 'started', step: at },
      {
        type: 'settled',
        settled: { step: at, outcome: act.outcome, ...(act.skip !== undefined && { skip: { kind: act.skip } }) },
      },
    ))
    take(effects)
  }
  return { ends, started, state, ended }
}

test('4.1.1 4.1.2 whatever the order in which steps end, a graph comes to what doing it one by one comes to', () => {
  fc.assert(
    fc.property(graph(), fc.infiniteStream(fc.nat()), ({ steps, acts }, order) => {
      const { ends, state, ended } = run(steps, acts, () => order.next().value ?? 0)
      expect(Object.fromEntries(ends)).toEqual(Object.fromEntries(sequentialEnds(steps, acts)))
      expect(ended).toBe(1)
      expect([state.unsettled, state.active]).toEqual([0, 0])
      expect(state.failed).toBe([...ends.values()].some(({ outcome }) => outcome === 'failed'))
    }),
  )
})

test('4.1.1 a step is ready when its last dependency is settled: a fast branch goes on while a slow one runs', () => {
  const steps = [
    step('slow'),
    step('fast'),
    step('after', { dependsOn: ['fast'] }),
    step('join', { dependsOn: ['after', 'slow'] }),
  ]
  const { state } = feed(openDag(planDag(steps)), { type: 'start' })
  const first = stepDag(state, settled(1))
  expect(first.effects).toEqual([{ type: 'ready', step: 2 }])
  const second = stepDag(first.state, settled(2))
  expect(second.effects).toEqual([])
  expect(stepDag(second.state, settled(0)).effects).toEqual([{ type: 'ready', step: 3 }])
})

test('4.1.2 the first failed dependency in order of definition is named, not the first to fail', () => {
  const steps = [step('a'), step('b'), step('c', { dependsOn: ['b', 'a'] }), step('d', { dependsOn: ['c'] })]
  const { effects } = feed(openDag(planDag(steps)), { type: 'start' }, settled(1, 'failed'), settled(0, 'failed'))
  expect(effects).toEqual([
    { type: 'ready', step: 0 },
    { type: 'ready', step: 1 },
    { type: 'skip', step: 2, reason: { kind: 'dependency', because: 'a' } },
    { type: 'skip', step: 3, reason: { kind: 'dependency', because: 'c' } },
    { type: 'ended', failed: true },
  ])
})

test('4.1.3 steps that become ready at once are let begin in order of definition', () => {
  fc.assert(
    fc.property(graph(), fc.infiniteStream(fc.nat()), ({ steps }, order) => {
      let { state, effects } = stepDag(openDag(planDag(steps)), { type: 'start' })
      const running: number[] = []
      const check = (): void => {
        const ready = effects.flatMap((effect) => (effect.type === 'ready' ? [effect.step] : []))
        expect(ready).toEqual([...ready].sort((one, other) => one - other))
        running.push(...ready)
      }
      check()
      while (running.length > 0) {
        const at = running.splice((order.next().value ?? 0) % running.length, 1)[0] ?? 0
        ;({ state, effects } = stepDag(state, settled(at)))
        check()
      }
    }),
  )
})

test('4.1.6 after a stop nothing begins, nothing is left pending, and running steps are told to end', () => {
  fc.assert(
    fc.property(graph(), fc.infiniteStream(fc.nat()), fc.nat({ max: 20 }), ({ steps, acts }, order, before) => {
      let { state, effects } = stepDag(openDag(planDag(steps)), { type: 'start' })
      const running: number[] = []
      const take = (): void => {
        for (const effect of effects) if (effect.type === 'ready') running.push(effect.step)
      }
      take()
      const next = (): void => {
        const at = running.splice((order.next().value ?? 0) % running.length, 1)[0] ?? 0
        const { outcome } = acts.get(steps[at]?.id ?? '') ?? { outcome: 'completed' as const }
        ;({ state, effects } = feed(
          state,
          { type: 'started', step: at },
          { type: 'settled', settled: { step: at, outcome } },
        ))
      }
      for (let count = 0; count < before && running.length > 0; count++) {
        next()
        take()
      }
      for (const at of running) ({ state } = stepDag(state, { type: 'started', step: at }))
      ;({ state, effects } = stepDag(state, { type: 'stop' }))
      const told = effects.flatMap((effect) => (effect.type === 'interrupt' ? [effect.step] : []))
      expect([...told].sort()).toEqual([...running].sort())
      expect(stepDag(state, { type: 'stop' }).effects).toEqual([])
      while (running.length > 0) {
        next()
        expect(effects.filter(({ type }) => type === 'ready')).toEqual([])
      }
      expect(state.unsettled).toBe(0)
      expect(steps.every((_, at) => isSettled(state, at))).toBe(true)
    }),
  )
})

test('4 a step of the machine changes neither the state that it is given nor a step that is settled', () => {
  const steps = [step('a'), step('b', { dependsOn: ['a'] })]
  const { state } = feed(openDag(planDag(steps)), { type: 'start' })
  const once = stepDag(state, settled(0))
  expect(stepDag(state, settled(0))).toEqual(once)
  expect(isSettled(state, 0)).toBe(false)
  const again = stepDag(once.state, settled(0, 'failed'))
  expect(again.effects).toEqual([])
  expect(again.state.failed).toBe(false)
  expect(stepDag(once.state, settled(99)).effects).toEqual([])
})

test('4.1 an empty graph ends at once', () => {
  expect(stepDag(openDag(planDag([])), { type: 'start' }).effects).toEqual([{ type: 'ended', failed: false }])
})

test('W-6 a chain of 100,000 steps that are all skipped needs no stack', () => {
  const steps = Array.from({ length: 100_000 }, (_, index) =>
    step(`s${index}`, index === 0 ? {} : { dependsOn: [`s${index - 1}`] }),
  )
  const { state, effects } = feed(openDag(planDag(steps)), { type: 'start' }, settled(0, 'failed'))
  expect(state.unsettled).toBe(0)
  expect(effects).toHaveLength(100_001)
})
