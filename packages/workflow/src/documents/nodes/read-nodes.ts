import type { DocumentContext, RegionReading } from '../document-context.ts'
import type { DocumentPath } from '../document-problems.ts'
import { addDuplicate, withinStepLimit } from '../step-entries.ts'
import { checkOutputs } from './check-outputs.ts'
import { checkParallel } from './check-parallel.ts'
import type { PlacedNode } from './node-shapes.ts'
import { nodeRegion } from './node-regions.ts'
import { readNode } from './read-node.ts'
import { reachableNodes } from './reachable-nodes.ts'

/** Reads nodes into a flow region; what is wrong with their graph is told at the nodes. */
export function readNodes(entries: readonly unknown[], at: DocumentPath, context: DocumentContext): RegionReading {
  const { problems } = context
  const nodes = new Map<string, PlacedNode>()
  let isWhole = true
  for (const [index, entry] of withinStepLimit(entries, at, context).entries()) {
    const placed = readNode(entry, [...at, index], problems)
    isWhole &&= placed !== undefined
    if (placed === undefined) continue
    if (nodes.has(placed.node.name)) addDuplicate(placed.node.name, placed.at, context)
    else nodes.set(placed.node.name, placed)
  }
  const all = [...nodes.values()]
  const first = all.find(({ node }) => node.type === 'start') ?? all[0]
  const start = first?.node.name ?? 'start'
  checkParallel(nodes, start, problems)
  // What a node that cannot be read gives, nobody knows.
  if (isWhole) checkOutputs(nodes, context)
  return nodeRegion({
    nodes,
    start,
    names: outsideOfBranches(nodes, start),
    context,
    places: { taken: new Set(), repeats: 0 },
  })
}

/** All nodes that no branch has for itself: also those that are never reached, for the check to tell. */
function outsideOfBranches(nodes: ReadonlyMap<string, PlacedNode>, start: string): string[] {
  const outside = reachableNodes({ nodes, from: [start] })
  const branches = [...nodes.values()].flatMap(({ node }) => (node.type === 'parallel' ? node.branches : []))
  const inBranches = reachableNodes({ nodes, from: branches, intoBranches: true })
  return [...nodes.keys()].filter((name) => outside.has(name) || !inBranches.has(name))
}
