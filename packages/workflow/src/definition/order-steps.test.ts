import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planDag } from '../schedule/dag-plan.ts'
import { step } from './__fixtures__/define.ts'
import { orderSteps } from './order-steps.ts'

/** Random edges between steps that stand in a random order. */
const graphs = fc
  .array(fc.array(fc.nat({ max: 29 }), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
  .chain((edges) =>
    fc.shuffledSubarray(
      edges.map((targets, rank) => ({
        id: `s${rank}`,
        dependsOn: targets.filter((to) => to < rank).map((to) => `s${to}`),
      })),
      { minLength: edges.length },
    ),
  )

test('4.1 every step comes after all it depends on, the first defined of those that may', () => {
  fc.assert(
    fc.property(graphs, (steps) => {
      const plan = planDag(steps.map(({ id, dependsOn }) => step(id, { dependsOn })))
      const left = new Set(steps.keys())
      for (const position of orderSteps(plan)) {
        const ready = [...left].filter((one) => plan.dependencies[one]?.every((dependency) => !left.has(dependency)))
        expect(position).toBe(Math.min(...ready))
        left.delete(position)
      }
      expect(left.size).toBe(0)
    }),
  )
})

test('4.1 steps of a circle, and what waits for them, are left out', () => {
  const plan = planDag([
    step('a'),
    step('b', { dependsOn: ['c'] }),
    step('c', { dependsOn: ['b'] }),
    step('d', { dependsOn: ['c'] }),
  ])
  expect(orderSteps(plan)).toEqual([0])
})
