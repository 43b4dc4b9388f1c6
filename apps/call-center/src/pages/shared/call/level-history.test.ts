import { expect, test } from 'vitest'
import { columns, createLevelHistory } from './level-history.ts'

const silent = { caller: -100, agent: -100, desk: -100 }

test('a strip holds the last six seconds, the newest last, and falls silent by itself', () => {
  const history = createLevelHistory()
  expect(history.read('caller', 0)).toEqual(Array.from({ length: columns }, () => 0))
  history.push({ ...silent, caller: -27 }, 1_000)
  history.push({ ...silent, caller: 0, agent: -54 }, 1_100)
  expect(history.read('caller', 1_100).slice(-3)).toEqual([0, 0.5, 1])
  expect(history.read('caller', 1_350).slice(-4)).toEqual([0.5, 1, 0, 0])
  expect(history.read('agent', 1_100).every((height) => height === 0)).toBe(true)
  expect(history.read('caller', 6_900).at(0)).toBe(0.5)
  expect(history.read('caller', 20_000).every((height) => height === 0)).toBe(true)
})

test('a side speaks through its pauses between words, and noise is no speech', () => {
  const history = createLevelHistory()
  history.push({ ...silent, caller: -20, agent: -50 }, 0)
  history.push(silent, 100)
  expect([history.isSounding('caller', 600), history.isSounding('agent', 600)]).toEqual([true, false])
  expect(history.isSounding('caller', 700)).toBe(false)
})
