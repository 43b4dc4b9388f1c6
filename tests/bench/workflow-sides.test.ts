import { describe, expect, test } from 'vitest'
import { advance, payloads, sampleItems } from '../../bench/workflows/payload.ts'
import { promiseSide } from '../../bench/workflows/promise-side.ts'
import { timed, type WorkflowSide } from '../../bench/workflows/side.ts'

describe('what workflows are measured with', () => {
  test.each(['order', 'text'] as const)('%s is a payload of ten fields and 1 KiB that meets its contract', (kind) => {
    const { contract, sample } = payloads[kind]
    expect(Object.keys(sample())).toHaveLength(10)
    expect(JSON.stringify(sample())).toHaveLength(1_024)
    expect(contract.parse(advance(sample()))).toEqual({ ...sample(), count: 1 })
    expect(contract.safeParse({ ...sample(), count: 1.5 }).success).toBe(false)
  })

  test('gives times of a side that does its work', async () => {
    expect(sampleItems(2).map(({ value }) => value)).toEqual([0, 1])
    expect(await timed(promiseSide, { what: 'chain', count: 3 }, 0)()).toBeGreaterThan(0)
    expect(await timed(promiseSide, { what: 'fanout', count: 3, payload: 'text' }, 0)()).toBeGreaterThan(0)
    expect(await timed(promiseSide, { what: 'foreach', count: 5, concurrency: 2 }, 0)()).toBeGreaterThan(0)
  })

  test('refuses a side that leaves some of it out', async () => {
    const lazy: WorkflowSide = {
      createChain: () => async (payload) => payload,
      createFanout: () => async () => 3,
      createForeach: () => async (items) => items,
    }
    const run = (what: 'chain' | 'fanout' | 'foreach'): Promise<number> => timed(lazy, { what, count: 3 }, 0)()
    await expect(run('chain')).rejects.toThrow('A chain of 3 steps counted 0.')
    await expect(run('fanout')).rejects.toThrow('A fan-out of 3 steps summed up to 3.')
    await expect(run('foreach')).rejects.toThrow('A foreach over 3 items gave 3 of them, or others.')
  })

  test('refuses a chain that loses what it carries', async () => {
    const forgetful = { ...promiseSide, createChain: (steps: number) => async () => ({ count: steps }) }
    await expect(timed(forgetful, { what: 'chain', count: 3 }, 0)()).rejects.toThrow('A chain of 3 steps counted 3.')
  })
})
