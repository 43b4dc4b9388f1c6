import type { GraphEdge } from './region-graph.ts'

/** Rows of a layered drawing. */
export interface Layers {
  /** From top to bottom. */
  layerOf: ReadonlyMap<string, number>
  /** Edges that lead downwards. */
  forward: GraphEdge[]
  /** Edges that close a circle, and lead upwards. */
  back: GraphEdge[]
}

/** Puts every node below all it follows from. Circles are opened where a walk from the top closes them. Iterative. */
export function assignLayers(ids: readonly string[], edges: readonly GraphEdge[]): Layers {
  const back = findBackEdges(ids, edges)
  const forward = edges.filter((edge) => !back.has(edge))
  const following = outgoing(ids, forward)
  const open = new Map(ids.map((id) => [id, 0]))
  for (const { to } of forward) open.set(to, (open.get(to) ?? 0) + 1)
  const layerOf = new Map(ids.map((id) => [id, 0]))
  const ready = ids.filter((id) => open.get(id) === 0)
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    for (const { to } of following.get(id) ?? []) {
      layerOf.set(to, Math.max(layerOf.get(to) ?? 0, (layerOf.get(id) ?? 0) + 1))
      const left = (open.get(to) ?? 1) - 1
      open.set(to, left)
      if (left === 0) ready.push(to)
    }
  }
  return { layerOf, forward, back: [...back] }
}

function findBackEdges(ids: readonly string[], edges: readonly GraphEdge[]): Set<GraphEdge> {
  const back = new Set<GraphEdge>()
  const following = outgoing(ids, edges)
  const state = new Map<string, 'open' | 'done'>()
  for (const start of ids) {
    if (state.has(start)) continue
    state.set(start, 'open')
    const path = [{ id: start, next: 0 }]
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const edge = following.get(top.id)?.[top.next++]
      if (edge === undefined) {
        state.set(top.id, 'done')
        path.pop()
      } else if (state.get(edge.to) === 'open') {
        back.add(edge)
      } else if (!state.has(edge.to)) {
        state.set(edge.to, 'open')
        path.push({ id: edge.to, next: 0 })
      }
    }
  }
  return back
}

function outgoing(ids: readonly string[], edges: readonly GraphEdge[]): Map<string, GraphEdge[]> {
  const following = new Map<string, GraphEdge[]>(ids.map((id) => [id, []]))
  for (const edge of edges) following.get(edge.from)?.push(edge)
  return following
}
