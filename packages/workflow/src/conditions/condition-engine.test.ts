import type { Json } from '@parley/spec'
import { expect, test } from 'vitest'
import { createConditionEngine } from './condition-engine.ts'

const broken: Json[] = [{ nope: [1] }, { constructor: ['return 1'] }, { '==': [1, 1], '!=': [1, 1] }]

test.each(broken.map((logic) => [logic]))(
  'S10 what the engine throws for %j, unchecked, is a condition error',
  (logic) => {
    // The engine throws a plain object of its own.
    expect(() => createConditionEngine().run(logic, {})).toThrow(
      expect.objectContaining({ name: 'ParleyError', code: 'condition_error' }),
    )
  },
)

test('2.5 an engine is as good after an error as before', () => {
  const engine = createConditionEngine()
  const logic = { '/': [1, { var: 'n' }] }
  expect(() => engine.run(logic, { n: 0 })).toThrow()
  expect(engine.run(logic, { n: 4 })).toBe(0.25)
  expect(() => engine.run(logic, {})).toThrow(/null/)
})
