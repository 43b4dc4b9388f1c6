import { assignLayers } from './assign-layers.ts'
import type { GraphEdge, GraphNode, RegionGraph } from './region-graph.ts'

/** A rectangle, in pixels, from the top left of its region. */
export interface Box {
  x: number
  y: number
  width: number
  height: number
}

/** Where a step is drawn. */
export interface NodeLayout extends Box {
  node: GraphNode
  /** Of a region: where its own steps are, from the top left of this box. */
  inner?: RegionLayout & { x: number; y: number }
}

/** How an edge is drawn: a line through these points, from top to bottom; one that leads back goes round on the right. */
export interface EdgeLayout {
  edge: GraphEdge
  points: { x: number; y: number }[]
  isBack: boolean
}

/** A region with all of its parts in place. */
export interface RegionLayout {
  width: number
  height: number
  nodes: NodeLayout[]
  edges: EdgeLayout[]
}

/** Pixels of one character and one line of the drawing's font. */
export const characterWidth = 7.3
export const lineHeight = 17
const padding = 12
const gap = { x: 28, y: 44 }
const maxPerRow = 8
const sweeps = 4
/** Edges that cross more rows than this are drawn straight: places for all their rows would be most of the drawing. */
const maxRoutedRows = 8

interface Slot {
  /** Absent: a place where a long edge passes. */
  node?: NodeLayout
  width: number
  row: number
  x: number
  neighbours: Slot[]
}

/** Places the steps of a region in rows, each below what it follows from, and few lines cross. */
export function layoutRegion({ nodes, edges }: RegionGraph): RegionLayout {
  const layouts = nodes.map(layoutNode)
  const { layerOf, forward, back } = assignLayers(
    nodes.map(({ id }) => id),
    edges,
  )
  const rowOf = splitWideLayers(nodes, layerOf)
  const rows: Slot[][] = []
  const slots = new Map<string, Slot>()
  for (const node of layouts) {
    const slot: Slot = { node, width: node.width, row: rowOf.get(node.node.id) ?? 0, x: 0, neighbours: [] }
    slots.set(node.node.id, slot)
    placeIn(rows, slot)
  }
  const routes = forward.map((edge) => ({ edge, slots: route(edge, slots, rows) }))
  orderRows(rows)
  const size = placeRows(rows)
  const right = back.length === 0 ? 0 : gap.x + 12 * Math.min(back.length, 8)
  return {
    width: size.width + right,
    height: size.height,
    nodes: layouts,
    edges: [
      ...routes.map(({ edge, slots: passed }) => ({ edge, points: pointsOf(passed, size.tops), isBack: false })),
      ...back.map((edge, index) => backEdge(edge, slots, size.width + 12 * (index % 8))),
    ],
  }
}

function layoutNode(node: GraphNode): NodeLayout {
  const lines = [node.id, ...node.marks]
  const own = Math.max(...lines.map((line) => line.length)) * characterWidth + 2 * padding
  if (node.region === undefined) {
    return { node, x: 0, y: 0, width: Math.max(80, own), height: lines.length * lineHeight + padding }
  }
  const heading = lineHeight + padding
  const inner = layoutRegion(node.region)
  const headingWidth = lines.join(' · ').length * characterWidth + 2 * padding
  const width = Math.max(headingWidth, inner.width + 2 * padding)
  return {
    node,
    x: 0,
    y: 0,
    width,
    height: heading + inner.height + padding,
    inner: { ...inner, x: (width - inner.width) / 2, y: heading },
  }
}

/** A fan of a thousand steps is drawn as a block, not as one line. */
function splitWideLayers(nodes: readonly GraphNode[], layerOf: ReadonlyMap<string, number>): Map<string, number> {
  const layers: string[][] = []
  for (const { id } of nodes) (layers[layerOf.get(id) ?? 0] ??= []).push(id)
  const rowOf = new Map<string, number>()
  let row = 0
  for (const layer of layers) {
    for (const [index, id] of layer.entries()) rowOf.set(id, row + Math.floor(index / maxPerRow))
    row += Math.ceil(layer.length / maxPerRow)
  }
  return rowOf
}

function placeIn(rows: Slot[][], slot: Slot): void {
  while (rows.length <= slot.row) rows.push([])
  rows[slot.row]?.push(slot)
}

function route(edge: GraphEdge, slots: ReadonlyMap<string, Slot>, rows: Slot[][]): Slot[] {
  const from = slots.get(edge.from)
  const to = slots.get(edge.to)
  if (from === undefined || to === undefined) return []
  const passed = [from]
  if (to.row - from.row <= maxRoutedRows) {
    for (let row = from.row + 1; row < to.row; row++) {
      const slot: Slot = { width: 8, row, x: 0, neighbours: [] }
      placeIn(rows, slot)
      passed.push(slot)
    }
  }
  passed.push(to)
  for (let index = 1; index < passed.length; index++) {
    const [upper, lower] = [passed[index - 1], passed[index]]
    if (upper === undefined || lower === undefined) continue
    upper.neighbours.push(lower)
    lower.neighbours.push(upper)
  }
  return passed
}

/** Moves each slot towards the middle of those it is joined with, in the row above, then in the row below. */
function orderRows(rows: Slot[][]): void {
  const numberAll = (): void => {
    for (const row of rows) for (const [index, slot] of row.entries()) slot.x = index / Math.max(1, row.length - 1)
  }
  numberAll()
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const isDown = sweep % 2 === 0
    for (const row of isDown ? rows : rows.toReversed()) {
      const wish = new Map(row.map((slot) => [slot, wishOf(slot, isDown)]))
      row.sort((one, other) => (wish.get(one) ?? 0) - (wish.get(other) ?? 0))
      for (const [index, slot] of row.entries()) slot.x = index / Math.max(1, row.length - 1)
    }
  }
}

function wishOf(slot: Slot, isDown: boolean): number {
  const near = slot.neighbours.filter(({ row }) => (isDown ? row < slot.row : row > slot.row))
  return near.length === 0 ? slot.x : near.reduce((sum, { x }) => sum + x, 0) / near.length
}

function placeRows(rows: readonly Slot[][]): {
  width: number
  height: number
  tops: { top: number; bottom: number }[]
} {
  const widths = rows.map((row) => row.reduce((sum, slot, index) => sum + slot.width + gapAfter(row, index), 0))
  const width = Math.max(0, ...widths)
  const tops: { top: number; bottom: number }[] = []
  let y = 0
  for (const [index, row] of rows.entries()) {
    const height = Math.max(0, ...row.map(({ node }) => node?.height ?? 0))
    let x = (width - (widths[index] ?? 0)) / 2
    for (const [place, slot] of row.entries()) {
      slot.x = x + slot.width / 2
      if (slot.node !== undefined) Object.assign(slot.node, { x, y })
      x += slot.width + gapAfter(row, place)
    }
    tops.push({ top: y, bottom: y + height })
    y += height + gap.y
  }
  return { width, height: Math.max(0, y - gap.y), tops }
}

/** Lines that pass may be near to each other. */
function gapAfter(row: readonly Slot[], index: number): number {
  const next = row[index + 1]
  if (next === undefined) return 0
  return row[index]?.node === undefined && next.node === undefined ? 6 : gap.x
}

function pointsOf(
  passed: readonly Slot[],
  tops: readonly { top: number; bottom: number }[],
): { x: number; y: number }[] {
  return passed.flatMap(({ node, row, x }, index) => {
    const { top, bottom } = tops[row] ?? { top: 0, bottom: 0 }
    if (node !== undefined) return [{ x, y: index === 0 ? node.y + node.height : node.y }]
    return [
      { x, y: top },
      { x, y: bottom },
    ]
  })
}

function backEdge(edge: GraphEdge, slots: ReadonlyMap<string, Slot>, x: number): EdgeLayout {
  const side = (id: string): { x: number; y: number } => {
    const box = slots.get(id)?.node ?? { x: 0, y: 0, width: 0, height: 0 }
    return { x: box.x + box.width, y: box.y + box.height / 2 }
  }
  const from = side(edge.from)
  const to = side(edge.to)
  return { edge, points: [from, { x: x + gap.x, y: from.y }, { x: x + gap.x, y: to.y }, to], isBack: true }
}
