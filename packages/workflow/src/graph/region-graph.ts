import { describeStep, plainLine } from './describe-step.ts'
import type { Region, StepDefinition, WorkflowDefinition } from '@parley/spec'

/** A line from one step of a region to another. */
export interface GraphEdge {
  from: string
  to: string
  /** Such as `then`, or the case of a switch. */
  label?: string
}

/** A step as it is drawn. */
export interface GraphNode {
  id: string
  /** `StepDefinition.kind`, which gives the node its shape. */
  kind: StepDefinition['kind']
  marks: string[]
  region?: RegionGraph
}

/** A region as it is drawn: edges never leave it. */
export interface RegionGraph {
  kind: Region['kind']
  nodes: GraphNode[]
  edges: GraphEdge[]
}

/** What all drawings of a definition show. */
export function toRegionGraph(definition: WorkflowDefinition): RegionGraph {
  return graphOf(definition.root)
}

function graphOf(region: Region): RegionGraph {
  const known = new Set(region.steps.map(({ id }) => id))
  return {
    kind: region.kind,
    nodes: region.steps.map((step) => ({
      id: step.id,
      kind: step.kind,
      marks: describeStep(step),
      ...(step.region === undefined ? {} : { region: graphOf(step.region) }),
    })),
    // A definition with faults can be drawn too; what it names and has not is left out.
    edges: (region.kind === 'dag' ? region.steps.flatMap(dependencies) : region.steps.flatMap(moves)).filter(
      ({ from, to }) => known.has(from) && known.has(to),
    ),
  }
}

function dependencies({ id, dependsOn }: StepDefinition): GraphEdge[] {
  return [...new Set(dependsOn)].map((from) => ({ from, to: id }))
}

function moves(step: StepDefinition): GraphEdge[] {
  const { id, next, switch: cases } = step
  return [
    ...(next === undefined ? [] : [{ from: id, to: next }]),
    ...(step.then === undefined ? [] : [{ from: id, to: step.then, label: 'then' }]),
    ...(step.else === undefined ? [] : [{ from: id, to: step.else, label: 'else' }]),
    ...Object.entries(cases?.cases ?? {}).map(([value, to]) => ({ from: id, to, label: plainLine(value) || '""' })),
    ...(cases?.default === undefined ? [] : [{ from: id, to: cases.default, label: 'default' }]),
  ]
}

/** How many steps a drawing shows, those of inner regions too. */
export function countNodes(graph: RegionGraph): number {
  return graph.nodes.reduce((sum, { region }) => sum + 1 + (region === undefined ? 0 : countNodes(region)), 0)
}
