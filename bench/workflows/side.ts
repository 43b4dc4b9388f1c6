import { advance, advanceItem, itemContract, payloads, sampleItems } from './payload.ts'
import type { Item, Payload, PayloadKind } from './payload.ts'

/** What a script of a peer is given: the same contracts and the same work as ours. */
export interface PeerWork {
  contract: PayloadKind['contract']
  advance: (payload: Payload) => Payload
  itemContract: typeof itemContract
  advanceItem: (item: Item) => Item
}

/** How a framework does the three things that are measured. What a function is made of is off the clock. */
export interface WorkflowSide {
  /** Steps one after another; each checks what it is given and what it gives. */
  createChain(steps: number, work: PeerWork): (payload: Payload) => Promise<Payload>
  /** One step, then so many beside each other, then one that gives the sum of their counts. */
  createFanout(width: number, work: PeerWork): (payload: Payload) => Promise<number>
  /** One step over each item of a list, so many at once. */
  createForeach(concurrency: number, work: PeerWork): (items: Item[]) => Promise<Item[]>
}

/** Microseconds per step, branch or item; runs for a while and checks what came of it. */
export type Timed = () => Promise<number>

/** What is measured, and how large it is. */
export interface Shape {
  what: 'chain' | 'fanout' | 'foreach'
  /** Steps, branches or items. */
  count: number
  /** Of a foreach. @default 1 */
  concurrency?: number
  /** Of a chain or a fan-out. @default 'order' */
  payload?: keyof typeof payloads
}

/** Times a shape on a side; what it is made of is made here. */
export function timed(side: WorkflowSide, shape: Shape, minMs: number): Timed {
  const { what, count, concurrency = 1, payload: kind = 'order' } = shape
  const { contract, sample } = payloads[kind]
  const work: PeerWork = { contract, advance, itemContract, advanceItem }
  const payload = sample()
  switch (what) {
    case 'chain': {
      const run = side.createChain(count, work)
      return () =>
        perUnit(count, minMs, async () => {
          const output = await run(payload)
          // All but the count is as it was.
          if (output.count !== count || JSON.stringify({ ...output, count: 0 }) !== JSON.stringify(payload))
            throw new Error(`A chain of ${count} steps counted ${output.count}.`)
        })
    }
    case 'fanout': {
      const run = side.createFanout(count, work)
      return () =>
        perUnit(count, minMs, async () => {
          const sum = await run(payload)
          // The first step counts one, each of the others one more.
          if (sum !== count * 2) throw new Error(`A fan-out of ${count} steps summed up to ${sum}.`)
        })
    }
    case 'foreach': {
      const run = side.createForeach(concurrency, work)
      const items = sampleItems(count)
      return () =>
        perUnit(count, minMs, async () => {
          const results = await run(items)
          const isDone =
            results.length === count && results.every(({ id, value }, index) => id === index && value === id + 1)
          if (!isDone) throw new Error(`A foreach over ${count} items gave ${results.length} of them, or others.`)
        })
    }
  }
}

async function perUnit(units: number, minMs: number, run: () => Promise<void>): Promise<number> {
  let runs = 0
  const startMs = performance.now()
  let tookMs = 0
  do {
    await run()
    runs += 1
    tookMs = performance.now() - startMs
  } while (tookMs < minMs)
  return (tookMs * 1_000) / (runs * units)
}
