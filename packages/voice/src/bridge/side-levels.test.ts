import { expect, test } from 'vitest'
import { SideLevels } from './side-levels.ts'

test('each side reads the loudest sample since the last reading, in dBFS', () => {
  const levels = new SideLevels()
  levels.note('caller', Int16Array.of(0, 100, -32_768, 5))
  levels.note('caller', Int16Array.of(3))
  levels.note('agent', Int16Array.of(16_384, -16_000))
  expect(levels.take()).toEqual({ caller: 0, agent: -6, desk: -100 })
  expect(levels.take()).toEqual({ caller: -100, agent: -100, desk: -100 })
  levels.note('desk', Int16Array.of(0, 1))
  expect(levels.take()).toEqual({ caller: -100, agent: -100, desk: -90 })
})
