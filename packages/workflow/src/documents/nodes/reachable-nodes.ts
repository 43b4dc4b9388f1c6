import type { PlacedNode } from './node-shapes.ts'
import { nodeTargets } from './node-targets.ts'

/** Nodes by name. */
export type NodesByName = ReadonlyMap<string, PlacedNode>

/** What a token may reach. */
export interface ReachOptions {
  nodes: NodesByName
  from: readonly string[]
  /** Where it stops; not among what is reached. */
  stopAt?: string
  /** Also what the branches of a `parallel` on the way reach. @default false */
  intoBranches?: boolean
}

/** The names of nodes that a token reaches, in the order in which it does. */
export function reachableNodes({ nodes, from, stopAt, intoBranches = false }: ReachOptions): Set<string> {
  const reached = new Set<string>()
  const queue = [...from]
  // A queue that grows while it is walked: no recursion, however long the chain.
  for (const name of queue) {
    const placed = nodes.get(name)
    if (name === stopAt || placed === undefined || reached.has(name)) continue
    reached.add(name)
    for (const { to } of nodeTargets(placed.node)) queue.push(to)
    if (!intoBranches || placed.node.type !== 'parallel') continue
    for (const branch of placed.node.branches) queue.push(branch)
  }
  return reached
}
