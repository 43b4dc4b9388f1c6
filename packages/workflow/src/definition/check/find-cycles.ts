import type { StepDefinition } from '@parley/spec'

const unseen = -1

/**
 * One circle of each group of steps that wait for each other, as ids in the order of waiting, from the step that is
 * defined first. Iterative: a chain may be as long as memory allows.
 */
export function findCycles(steps: readonly StepDefinition[]): string[][] {
  const positions = new Map(steps.map(({ id }, position) => [id, position]))
  const edges = steps.map(({ dependsOn }, position) =>
    dependsOn.flatMap((id) => {
      const target = positions.get(id)
      return target === undefined || target === position ? [] : [target]
    }),
  )
  return groupsOf(edges).map((group) => circleOf(group, edges).map((position) => steps[position]?.id ?? ''))
}

/** Groups of more than one position that all reach each other (Tarjan 1972), by their first position. */
function groupsOf(edges: readonly (readonly number[])[]): number[][] {
  const order = new Int32Array(edges.length).fill(unseen)
  const low = new Int32Array(edges.length)
  const isOpen = new Uint8Array(edges.length)
  const open: number[] = []
  const groups: number[][] = []
  let count = 0
  for (let root = 0; root < edges.length; root++) {
    if (order[root] !== unseen) continue
    const path: { at: number; edge: number }[] = []
    const enter = (at: number): void => {
      order[at] = low[at] = count++
      isOpen[at] = 1
      open.push(at)
      path.push({ at, edge: 0 })
    }
    enter(root)
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { at } = top
      const target = edges[at]?.[top.edge++]
      if (target !== undefined) {
        if (order[target] === unseen) enter(target)
        else if (isOpen[target] === 1) low[at] = Math.min(low[at] ?? 0, order[target] ?? 0)
        continue
      }
      path.pop()
      const above = path.at(-1)
      if (above !== undefined) low[above.at] = Math.min(low[above.at] ?? 0, low[at] ?? 0)
      if (low[at] !== order[at]) continue
      const group = open.splice(open.lastIndexOf(at))
      for (const member of group) isOpen[member] = 0
      if (group.length > 1) groups.push(group.sort((one, other) => one - other))
    }
  }
  return groups.sort((one, other) => (one[0] ?? 0) - (other[0] ?? 0))
}

/** The shortest circle through the first position of a group. */
function circleOf(group: readonly number[], edges: readonly (readonly number[])[]): number[] {
  const start = group[0] ?? 0
  const members = new Set(group)
  const cameFrom = new Map<number, number>()
  const queue = [start]
  for (const at of queue) {
    for (const target of edges[at] ?? []) {
      if (target === start) return wayTo(at, start, cameFrom)
      if (!members.has(target) || cameFrom.has(target)) continue
      cameFrom.set(target, at)
      queue.push(target)
    }
  }
  // Not reached: all members of a group reach each other.
  return [start]
}

function wayTo(end: number, start: number, cameFrom: ReadonlyMap<number, number>): number[] {
  const way = [end]
  for (let at = end; at !== start;) {
    at = cameFrom.get(at) ?? start
    way.push(at)
  }
  return way.reverse()
}
