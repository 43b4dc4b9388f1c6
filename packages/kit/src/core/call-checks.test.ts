import { expect, test } from 'vitest'
import { Kit } from '../kit.ts'
import { checkedCalls } from './call-checks.ts'

test('ER-3 every call of a kit that takes arguments has its row in the table of checks', () => {
  const takeNothing = new Set(['constructor', 'channels', 'ready'])
  const calls = Object.entries(Object.getOwnPropertyDescriptors(Kit.prototype))
    .filter(([name, { value }]) => typeof value === 'function' && !takeNothing.has(name))
    .map(([name]) => name)
  expect(calls.filter((name) => !checkedCalls.includes(name))).toEqual([])
})
