import { plainLine } from './describe-step.ts'
import { layoutRegion, lineHeight, type EdgeLayout, type NodeLayout, type RegionLayout } from './layout-region.ts'
import { countNodes, toRegionGraph, type RegionGraph } from './region-graph.ts'
import type { WorkflowDefinition } from '@parley/spec'

const margin = 16
const headingHeight = 32
/** Steps that the description for screen readers names one by one. */
const maxDescribed = 100

/** A definition as an SVG image that is readable on light and dark pages, with a title and a description. */
export function drawSvg(definition: WorkflowDefinition): string {
  const graph = toRegionGraph(definition)
  const layout = layoutRegion(graph)
  const title = plainLine(`${definition.name} ${definition.version}`)
  const width = Math.ceil(Math.max(layout.width, title.length * 9) + 2 * margin)
  const height = Math.ceil(layout.height + headingHeight + 2 * margin)
  // Several drawings may stand in one page.
  const id = `parley-${/^[0-9a-f]{8}/.exec(definition.hash)?.[0] ?? 'graph'}`
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="${id}-title ${id}-text" class="${id}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title id="${id}-title">${escapeXml(title)}</title>
<desc id="${id}-text">${escapeXml(describe(graph))}</desc>
<style>${styleOf(id)}</style>
<defs><marker id="${id}-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>
<rect class="page" width="${width}" height="${height}"/>
<text class="title" x="${margin}" y="${margin + 16}">${escapeXml(title)}</text>
<g transform="translate(${round((width - layout.width) / 2)} ${margin + headingHeight})">
${drawRegion(layout, id)}
</g>
</svg>
`
}

function styleOf(id: string): string {
  const light = '--page:#fff;--ink:#1c2430;--soft:#5b6675;--box:#f4f6f9;--line:#7a8696;--region:#fbfcfe'
  const dark = '--page:#12171f;--ink:#e8edf4;--soft:#a4b0c0;--box:#1d2531;--line:#8593a6;--region:#171d27'
  return [
    `.${id}{${light};font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}`,
    `@media (prefers-color-scheme:dark){.${id}{${dark}}}`,
    `.${id} .page{fill:var(--page)}`,
    `.${id} .title{fill:var(--ink);font-size:15px;font-weight:600}`,
    `.${id} .name{fill:var(--ink);font-weight:600}`,
    `.${id} .mark{fill:var(--soft)}`,
    `.${id} .label{fill:var(--soft);font-size:11px;stroke:var(--page);stroke-width:4;paint-order:stroke}`,
    `.${id} .box{fill:var(--box);stroke:var(--line)}`,
    `.${id} .region{fill:var(--region);stroke:var(--line);stroke-dasharray:5 4}`,
    `.${id} .edge{fill:none;stroke:var(--line);stroke-width:1.4}`,
    `.${id} .back{stroke-dasharray:4 3}`,
    `.${id} .tip{fill:var(--line)}`,
  ].join('')
}

function drawRegion({ nodes, edges }: RegionLayout, id: string): string {
  return [...edges.map((edge) => drawEdge(edge, id)), ...nodes.map((node) => drawNode(node, id))].join('\n')
}

function drawNode({ node, x, y, width, height, inner }: NodeLayout, id: string): string {
  const at = `<g transform="translate(${round(x)} ${round(y)})">`
  if (inner !== undefined) {
    const heading = [node.id, ...node.marks].join(' · ')
    return `${at}<rect class="region" rx="10" width="${round(width)}" height="${round(height)}"/><text class="name" x="12" y="18">${escapeXml(heading)}</text><g transform="translate(${round(inner.x)} ${round(inner.y)})">
${drawRegion(inner, id)}
</g></g>`
  }
  const marks = node.marks
    .map((mark, index) => `<text class="mark" x="12" y="${18 + (index + 1) * lineHeight}">${escapeXml(mark)}</text>`)
    .join('')
  const corner = node.kind === 'wait' || node.kind === 'start' || node.kind === 'end' ? Math.min(20, height / 2) : 6
  const slant = node.kind === 'if' || node.kind === 'switch' ? cut(width, height) : undefined
  const shape = slant ?? `<rect class="box" rx="${round(corner)}" width="${round(width)}" height="${round(height)}"/>`
  return `${at}${shape}<text class="name" x="12" y="18">${escapeXml(node.id)}</text>${marks}</g>`
}

/** A box with its corners cut off: here the way divides. */
function cut(width: number, height: number): string {
  const [w, h, c] = [round(width), round(height), 9]
  return `<path class="box" d="M${c} 0H${w - c}L${w} ${c}V${h - c}L${w - c} ${h}H${c}L0 ${h - c}V${c}z"/>`
}

function drawEdge({ edge, points, isBack }: EdgeLayout, id: string): string {
  const [first, ...rest] = points
  if (first === undefined) return ''
  let path = `M${round(first.x)} ${round(first.y)}`
  let last = first
  for (const point of rest) {
    const middle = round((last.y + point.y) / 2)
    path +=
      isBack || last.x === point.x
        ? `L${round(point.x)} ${round(point.y)}`
        : `C${round(last.x)} ${middle} ${round(point.x)} ${middle} ${round(point.x)} ${round(point.y)}`
    last = point
  }
  const line = `<path class="edge${isBack ? ' back' : ''}" d="${path}" marker-end="url(#${id}-tip)"/>`
  if (edge.label === undefined) return line
  const second = rest[0] ?? first
  const x = round(isBack ? first.x + 6 : first.x + (second.x - first.x) * 0.35 + 4)
  const y = round(isBack ? first.y - 4 : first.y + (second.y - first.y) * 0.35 + 4)
  return `${line}<text class="label" x="${x}" y="${y}">${escapeXml(edge.label)}</text>`
}

function describe(graph: RegionGraph): string {
  const count = countNodes(graph)
  const named: string[] = []
  collect(graph, '', named)
  const rest = count - named.length
  return `Workflow with ${count} ${count === 1 ? 'step' : 'steps'}. ${named.join(' ')}${rest > 0 ? ` And ${rest} more.` : ''}`
}

function collect({ kind, nodes, edges }: RegionGraph, prefix: string, named: string[]): void {
  for (const { id, marks, region } of nodes) {
    if (named.length >= maxDescribed) return
    const after = kind === 'dag' ? edges.filter(({ to }) => to === id).map(({ from }) => from) : []
    const next =
      kind === 'flow'
        ? edges
            .filter(({ from }) => from === id)
            .map(({ to, label }) => (label === undefined ? to : `${to} (${label})`))
        : []
    const joined = [
      ...(after.length > 0 ? [`after ${after.join(', ')}`] : []),
      ...(next.length > 0 ? [`then ${next.join(' or ')}`] : []),
    ]
    named.push(`${prefix}${id}: ${[...marks, ...joined].join(', ')}.`)
    if (region !== undefined) collect(region, `${prefix}${id} / `, named)
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escapeXml(text: string): string {
  const entities: { [character: string]: string } = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
