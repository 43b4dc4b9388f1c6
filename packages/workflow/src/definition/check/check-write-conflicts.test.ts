import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StepDefinition } from '@parley/spec'
import { dag, define, step } from '../__fixtures__/define.ts'
import { checkDefinition } from './check-definition.ts'

const conflicts = (steps: StepDefinition[]): string[] =>
  checkDefinition(define(steps))
    .filter(({ code }) => code === 'write_conflict')
    .map(({ message }) => message)

const writer = (id: string, fields: Partial<StepDefinition> = {}): StepDefinition =>
  step(id, { writeKeys: ['k'], parallel: true, ...fields })

test('4.1.5 two steps that may run together and write one key', () => {
  expect(conflicts([writer('a'), writer('b')])).toEqual([
    'The steps "a" and "b" may run together and both write the key "k".',
  ])
  expect(conflicts([writer('a', { parallel: false }), writer('b')])).toHaveLength(1)
})

test('4.1.5 an order, the serial lane or a reducer brings them apart', () => {
  expect(conflicts([writer('a'), writer('b', { dependsOn: ['a'] })])).toEqual([])
  expect(conflicts([writer('a'), step('m', { dependsOn: ['a'] }), writer('b', { dependsOn: ['m'] })])).toEqual([])
  expect(conflicts([writer('a', { parallel: false }), writer('b', { parallel: false })])).toEqual([])
  expect(conflicts([writer('a', { reducers: { k: 'append' } }), writer('b', { reducers: { k: 'append' } })])).toEqual(
    [],
  )
  expect(conflicts([writer('a', { reducers: { k: 'append' } }), writer('b', { reducers: { k: 'sum' } })])).toHaveLength(
    1,
  )
})

test('4.1.5 the name of a step is a key that it writes, and so is its output', () => {
  expect(conflicts([step('a', { parallel: true }), step('b', { parallel: true, writeKeys: ['a'] })])).toHaveLength(1)
  expect(conflicts([step('a', { parallel: true, output: 'k' }), writer('b')])).toHaveLength(1)
})

test('4.1.5 what is inside a region counts for the step around it', () => {
  const region = (id: string): StepDefinition => step(id, { parallel: true, region: dag([writer('x')]) }, 'region')
  expect(conflicts([region('a'), region('b')])).toHaveLength(1)
})

test('4.1.5 a conflict is found exactly when two writers have no order (random graphs)', () => {
  const graphs = fc.array(
    fc.record({ edges: fc.array(fc.nat({ max: 9 }), { maxLength: 2 }), writes: fc.boolean(), parallel: fc.boolean() }),
    {
      minLength: 2,
      maxLength: 10,
    },
  )
  fc.assert(
    fc.property(graphs, (rows) => {
      const before = rows.map(() => new Set<number>())
      for (const [at, { edges }] of rows.entries())
        for (const to of edges) if (to < at) for (const one of [to, ...(before[to] ?? [])]) before[at]?.add(one)
      const clash = rows.some((row, at) =>
        rows.some(
          (other, to) =>
            to < at && row.writes && other.writes && (row.parallel || other.parallel) && before[at]?.has(to) !== true,
        ),
      )
      const steps = rows.map(({ edges, writes, parallel }, at) =>
        step(`s${at}`, {
          dependsOn: edges.filter((to) => to < at).map((to) => `s${to}`),
          parallel,
          ...(writes && { writeKeys: ['k'] }),
        }),
      )
      expect(conflicts(steps)).toHaveLength(clash ? 1 : 0)
    }),
  )
})
