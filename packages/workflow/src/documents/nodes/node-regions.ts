import type { Region, StepDefinition } from '@parley/spec'
import { defaultLimits } from '../../definition/definition-defaults.ts'
import type { DocumentContext, RegionReading } from '../document-context.ts'
import type { StepOrigin } from '../document-origins.ts'
import type { DocumentPath } from '../document-problems.ts'
import { definedFields } from '../wire-fields.ts'
import { leaveAt } from './leave-branch.ts'
import { nodeStep, nodeToStep } from './node-to-step.ts'
import type { PlacedNode, WrittenNode } from './node-shapes.ts'
import { reachableNodes, type NodesByName } from './reachable-nodes.ts'

/** Which nodes have a place in a region. */
export interface NodePlaces {
  taken: Set<string>
  /** How often a node was put into a second region. */
  repeats: number
}

/** Nodes in a second region: they are at fault, and are there only so that what leads to them finds them. */
const maxRepeats = 1_000

/** A flow that is made of nodes. */
export interface NodeRegionOptions {
  nodes: NodesByName
  start: string
  /** Of a branch: the join, where it ends. */
  join?: string
  /** Which of the nodes belong to it, in order. */
  names: Iterable<string>
  context: DocumentContext
  places: NodePlaces
}

/** Makes a flow region of nodes; a `parallel` among them is a dag whose branches are flows. */
export function nodeRegion(options: NodeRegionOptions): RegionReading {
  const { nodes, start, join, names, context, places } = options
  const origins = new Map<string, StepOrigin>()
  const steps: StepDefinition[] = []
  const own = [...names].flatMap((name) => {
    const placed = nodes.get(name)
    return placed !== undefined && takePlace(placed, places) ? [{ name, placed }] : []
  })
  for (const { name, placed } of own) {
    const { step, origin } = readNodeStep(placed, options)
    steps.push(step)
    origins.set(name, origin)
  }
  if (context.depth > context.limits.maxRegionDepth) {
    const message = `Regions stand inside each other more than ${context.limits.maxRegionDepth} deep.`
    const at = nodes.get(start)?.at ?? []
    context.problems.add({ code: 'limit_exceeded', at, message, fix: 'Make a workflow of its own of the inner ones.' })
  }
  return { region: { kind: 'flow', start, steps: join === undefined ? steps : leaveAt(join, start, steps) }, origins }
}

/** Branches that share nodes are told of; a `parallel` is opened once all the same, or there would be no end of it. */
function takePlace({ node }: PlacedNode, places: NodePlaces): boolean {
  if (!places.taken.has(node.name)) {
    places.taken.add(node.name)
    return true
  }
  if (node.type === 'parallel' || places.repeats >= maxRepeats) return false
  places.repeats += 1
  return true
}

function readNodeStep(placed: PlacedNode, options: NodeRegionOptions): { step: StepDefinition; origin: StepOrigin } {
  const { node, at } = placed
  if (node.type === 'parallel') return parallelStep(node, at, options)
  if (node.type === 'region') return innerStep(node, at, options.context)
  return { step: nodeToStep(node, at, options.context), origin: { at } }
}

function parallelStep(
  node: Extract<WrittenNode, { type: 'parallel' }>,
  at: DocumentPath,
  { nodes, context, places }: NodeRegionOptions,
): { step: StepDefinition; origin: StepOrigin } {
  const inner = new Map<string, StepOrigin>()
  const steps: StepDefinition[] = []
  for (const [index, branch] of node.branches.entries()) {
    const isFaulty = inner.has(branch) || branch === node.next || !nodes.has(branch)
    if (isFaulty || context.depth > context.limits.maxRegionDepth) continue
    const names = reachableNodes({ nodes, from: [branch], stopAt: node.next })
    const read = nodeRegion({
      nodes,
      start: branch,
      join: node.next,
      names,
      context: { ...context, depth: context.depth + 2 },
      places,
    })
    steps.push({ ...nodeStep(branch, 'region'), region: read.region })
    inner.set(branch, { at: [...at, 'branches', index], inner: read.origins })
  }
  const maxConcurrency = node.max_concurrency ?? defaultLimits.maxConcurrency
  const region: Region = { kind: 'dag', steps, maxConcurrency }
  return { step: { ...nodeStep(node.name, 'region'), next: node.next, region }, origin: { at, inner } }
}

function innerStep(
  node: Extract<WrittenNode, { type: 'region' }>,
  at: DocumentPath,
  context: DocumentContext,
): { step: StepDefinition; origin: StepOrigin } {
  const { name, next, output, steps, nodes, start } = node
  const read = context.readRegion(definedFields({ steps, nodes, start }), at, { ...context, depth: context.depth + 1 })
  return {
    step: { ...nodeStep(name, 'region'), ...definedFields({ next, output }), ...(read && { region: read.region }) },
    origin: { at, ...(read && { inner: read.origins }) },
  }
}
