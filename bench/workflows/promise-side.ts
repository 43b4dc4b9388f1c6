import type { WorkflowSide } from './side.ts'

/** The same by hand: promises and the same validations, and nothing that would tell what happened. */
export const promiseSide: WorkflowSide = {
  createChain(steps, { contract, advance }) {
    const run = async (given: unknown): Promise<ReturnType<typeof advance>> =>
      contract.parse(advance(contract.parse(given)))
    return (payload) => {
      let chain = run(payload)
      for (let step = 1; step < steps; step++) chain = chain.then(run)
      return chain
    }
  },
  createFanout(width, { contract, advance }) {
    const run = async (given: unknown): Promise<ReturnType<typeof advance>> =>
      contract.parse(advance(contract.parse(given)))
    return async (payload) => {
      const source = await run(payload)
      const results = await Promise.all(Array.from({ length: width }, () => run(source)))
      return results.reduce((sum, { count }) => sum + count, 0)
    }
  },
  createForeach(concurrency, { itemContract, advanceItem }) {
    return async (items) => {
      const results: (typeof items)[number][] = []
      let next = 0
      const work = async (): Promise<void> => {
        for (let index = next++; index < items.length; index = next++)
          results[index] = itemContract.parse(advanceItem(itemContract.parse(items[index])))
      }
      await Promise.all(Array.from({ length: concurrency }, work))
      return results
    }
  },
}
