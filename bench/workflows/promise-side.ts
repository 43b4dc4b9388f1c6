import { namedContract } from './payload.ts'
import type { WorkflowSide } from './side.ts'

/** The same by hand: promises and the same validations, and nothing that would tell what happened. */
export const promiseSide: WorkflowSide = {
  createChain(steps, { contract, advance }) {
    // As our steps: the first is given the input, each other the outputs of those before it by name.
    const named = namedContract(contract)
    const first = async (payload: unknown): Promise<ReturnType<typeof advance>> =>
      contract.parse(advance(contract.parse(payload)))
    const names = Array.from({ length: steps - 1 }, (_, index) => `s${index}`)
    return (payload) => {
      let chain = first(payload)
      for (const name of names) {
        chain = chain.then((before) => {
          const given = named.parse({ [name]: before })[name]
          if (given === undefined) throw new Error(`There is no output of ${name}.`)
          return contract.parse(advance(given))
        })
      }
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

/** The same, given the bare payload: less than a step checks whose inputs have names. */
export const barePromiseSide: WorkflowSide = {
  ...promiseSide,
  createChain(steps, { contract, advance }) {
    const run = async (given: unknown): Promise<ReturnType<typeof advance>> =>
      contract.parse(advance(contract.parse(given)))
    return (payload) => {
      let chain = run(payload)
      for (let step = 1; step < steps; step++) chain = chain.then(run)
      return chain
    }
  },
}
