// The same fan-out on p-queue: a queue with a limit, and the validations by hand.
import PQueue from 'p-queue'

const CONCURRENCY = 32

export function createFanout(width, { contract, advance }) {
  const run = async (given) => contract.parse(advance(contract.parse(given)))
  return async (payload) => {
    const queue = new PQueue({ concurrency: CONCURRENCY })
    const source = await run(payload)
    const results = await queue.addAll(Array.from({ length: width }, () => () => run(source)))
    return results.reduce((sum, { count }) => sum + count, 0)
  }
}

export function createForeach(concurrency, { itemContract, advanceItem }) {
  return async (items) => {
    const queue = new PQueue({ concurrency })
    return queue.addAll(items.map((item) => async () => itemContract.parse(advanceItem(itemContract.parse(item)))))
  }
}
