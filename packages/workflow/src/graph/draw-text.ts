import { plainLine } from './describe-step.ts'
import { countNodes, toRegionGraph, type GraphEdge, type RegionGraph } from './region-graph.ts'
import type { WorkflowDefinition } from '@parley/spec'

/** Options of `drawText`. */
export interface DrawTextOptions {
  /** Columns; longer lines go on below, indented. @default 80 */
  width?: number
}

const maxNameColumns = 24

/** A definition as a tree of its regions and steps: `<-` what a step of a dag waits for, `->` where a flow goes on. */
export function drawText(definition: WorkflowDefinition, { width = 80 }: DrawTextOptions = {}): string {
  const graph = toRegionGraph(definition)
  const count = countNodes(graph)
  const heading = `${plainLine(definition.name)} ${plainLine(definition.version)} · ${graph.kind} · ${count} ${count === 1 ? 'step' : 'steps'}`
  const outputs = Object.keys(definition.outputs ?? {}).map(plainLine)
  return [
    ...fold(heading.split(' '), ' ', '', '  ', width),
    ...drawRegion(graph, '', width),
    ...(outputs.length === 0 ? [] : fold(['outputs:', ...outputs], ' ', '', '  ', width)),
    '',
  ].join('\n')
}

function drawRegion({ kind, nodes, edges }: RegionGraph, indent: string, width: number): string[] {
  const lines: string[] = []
  const byStep = groupBy(edges, kind === 'dag' ? 'to' : 'from')
  const nameColumns = Math.min(maxNameColumns, Math.max(0, ...nodes.map(({ id }) => id.length)))
  for (const [index, { id, marks, region }] of nodes.entries()) {
    const isLast = index === nodes.length - 1
    const below = `${indent}${isLast ? '   ' : '│  '}`
    const words = [...marks, ...arrows(kind, byStep.get(id) ?? [])]
    const hanging = `${below}${region === undefined ? '' : '│'}`.padEnd(below.length + nameColumns + 2)
    lines.push(...fold(words, '  ', `${indent}${isLast ? '└─ ' : '├─ '}${id.padEnd(nameColumns)}  `, hanging, width))
    if (region !== undefined) lines.push(...drawRegion(region, below, width))
  }
  return lines
}

function arrows(kind: RegionGraph['kind'], edges: readonly GraphEdge[]): string[] {
  if (edges.length === 0) return []
  if (kind === 'dag')
    return edges.map(({ from }, index) =>
      `${index === 0 ? '<- ' : '   '}${from}${index < edges.length - 1 ? ',' : ''}`.trim(),
    )
  return edges.map(({ to, label }) => (label === undefined ? `-> ${to}` : `${label} -> ${to}`))
}

function groupBy(edges: readonly GraphEdge[], end: 'from' | 'to'): Map<string, GraphEdge[]> {
  const groups = new Map<string, GraphEdge[]>()
  for (const edge of edges) {
    const group = groups.get(edge[end])
    if (group === undefined) groups.set(edge[end], [edge])
    else group.push(edge)
  }
  return groups
}

/** Words on lines of at most `width` columns; one that is too long by itself keeps a line of its own, cut. */
function fold(words: readonly string[], gap: string, first: string, hanging: string, width: number): string[] {
  const lines: string[] = []
  let line = first
  let isEmpty = true
  for (const word of words) {
    if (!isEmpty && line.length + gap.length + word.length > width) {
      lines.push(line)
      line = hanging
      isEmpty = true
    }
    line += isEmpty ? word : gap + word
    isEmpty = false
  }
  lines.push(line)
  return lines.map((one) => (one.length > width ? `${one.slice(0, width - 1)}…` : one.trimEnd()))
}
