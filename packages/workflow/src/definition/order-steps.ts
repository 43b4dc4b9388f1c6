import type { DagPlan } from '../schedule/dag-plan.ts'

/**
 * Positions of a region so that each comes after all it depends on; among those that may come next, the one that is
 * defined first. Positions of a circle, and what waits for them, are left out.
 */
export function orderSteps({ dependencies, dependents }: DagPlan): number[] {
  const missing = dependencies.map(({ length }) => length)
  const ready = createLeastFirst()
  for (const [position, count] of missing.entries()) if (count === 0) ready.add(position)
  const order: number[] = []
  for (let position = ready.take(); position !== undefined; position = ready.take()) {
    order.push(position)
    for (const dependent of dependents[position] ?? []) {
      const left = (missing[dependent] ?? 0) - 1
      missing[dependent] = left
      if (left === 0) ready.add(dependent)
    }
  }
  return order
}

/** Numbers that are taken out from the least on (a binary heap). */
function createLeastFirst(): { add(value: number): void; take(): number | undefined } {
  const heap: number[] = []
  const at = (index: number): number => heap[index] ?? Infinity
  const swap = (one: number, other: number): void => {
    const kept = at(one)
    heap[one] = at(other)
    heap[other] = kept
  }
  return {
    add(value) {
      heap.push(value)
      for (let index = heap.length - 1; index > 0;) {
        const above = (index - 1) >> 1
        if (at(above) <= at(index)) return
        swap(above, index)
        index = above
      }
    },
    take() {
      const least = heap[0]
      const last = heap.pop()
      if (heap.length === 0 || last === undefined) return least
      heap[0] = last
      for (let index = 0; ;) {
        const below = 2 * index + 1
        const smaller = at(below + 1) < at(below) ? below + 1 : below
        if (at(smaller) >= at(index)) return least
        swap(smaller, index)
        index = smaller
      }
    },
  }
}
