import { plainLine } from './describe-step.ts'
import { toRegionGraph, type GraphNode, type RegionGraph } from './region-graph.ts'
import type { StepDefinition, WorkflowDefinition } from '@parley/spec'

/**
 * A definition as a Mermaid flowchart; inner regions are subgraphs.
 * @see https://mermaid.js.org/syntax/flowchart.html
 */
export function drawMermaid(definition: WorkflowDefinition): string {
  const lines: string[] = []
  let count = 0

  function drawRegion({ nodes, edges }: RegionGraph, indent: string): void {
    // Names of our own: ids of steps may be words that Mermaid keeps for itself, such as `end`.
    const names = new Map(nodes.map(({ id }) => [id, `n${count++}`]))
    for (const node of nodes) drawNode(node, names.get(node.id) ?? '', indent)
    for (const { from, to, label } of edges) {
      const arrow = label === undefined ? '-->' : `-->|"${escapeLabel(label)}"|`
      lines.push(`${indent}${names.get(from)} ${arrow} ${names.get(to)}`)
    }
  }

  function drawNode({ id, kind, marks, region }: GraphNode, name: string, indent: string): void {
    if (region === undefined) {
      const [open, close] = shapes[kind] ?? ['["', '"]']
      lines.push(`${indent}${name}${open}${[id, ...marks].map(escapeLabel).join('<br/>')}${close}`)
      return
    }
    lines.push(`${indent}subgraph ${name}["${[id, ...marks].map(escapeLabel).join(' · ')}"]`)
    drawRegion(region, `${indent}  `)
    lines.push(`${indent}end`)
  }

  drawRegion(toRegionGraph(definition), '  ')
  const title = plainLine(`${definition.name} ${definition.version}`).replace(/[:;{}]/g, ' ')
  return ['flowchart TD', `  accTitle: ${title}`, ...lines, ''].join('\n')
}

const shapes: Readonly<Partial<Record<StepDefinition['kind'], readonly [string, string]>>> = {
  if: ['{"', '"}'],
  switch: ['{"', '"}'],
  wait: ['(["', '"])'],
  start: ['(("', '"))'],
  end: ['(("', '"))'],
}

/** Mermaid knows no backslash: what would end a label or begin markup is written as an entity. */
function escapeLabel(text: string): string {
  return text.replace(/[#"<>&`|[\]{}()\\;]/g, (character) => `#${character.charCodeAt(0)};`)
}
