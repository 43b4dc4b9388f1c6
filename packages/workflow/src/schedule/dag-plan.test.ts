import { expect, test } from 'vitest'
import { step } from '../definition/__fixtures__/define.ts'
import { planDag } from './dag-plan.ts'

test('2.1 edges are read once each, in order of definition; names of nobody are left out', () => {
  const plan = planDag([
    step('c', { dependsOn: ['b', 'a', 'b', 'nobody'] }),
    step('a'),
    step('b', { dependsOn: ['a'] }),
  ])
  expect(plan.dependencies).toEqual([[1, 2], [], [1]])
  expect(plan.dependents).toEqual([[], [0, 2], [0]])
  expect(plan.positions.get('b')).toBe(2)
})
