import { isAlias, isMap, isScalar, isSeq, type Document, type YAMLMap } from 'yaml'
import type { DocumentPath } from './document-problems.ts'
import { nodeStart } from './node-start.ts'

/** Finds things in the text of a document. */
export interface DocumentPositions {
  /**
   * Where a thing begins: an entry at its key, an item at itself. A path that leads nowhere gives the nearest thing around
   * it.
   */
  offsetOf(path: DocumentPath): number | undefined
  /** The node of the YAML library at a path; absent when the path leads nowhere. */
  nodeAt(path: DocumentPath): unknown
}

/** An entry of an object or list, and what shows where it begins. */
interface Child {
  key: unknown
  node: unknown
}

/** Reads a parsed document for positions. Objects are indexed when they are first asked for, since some have many keys. */
export function documentPositions(document: Document): DocumentPositions {
  const indexes = new Map<YAMLMap, ReadonlyMap<string, Child>>()
  const indexOf = (map: YAMLMap): ReadonlyMap<string, Child> => {
    const known = indexes.get(map)
    if (known !== undefined) return known
    const index = new Map<string, Child>()
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? String(key.value) : undefined
      if (name !== undefined && !index.has(name)) index.set(name, { key, node: value })
    }
    indexes.set(map, index)
    return index
  }
  const childOf = (node: unknown, part: string | number): Child | undefined => {
    const container = isAlias(node) ? node.resolve(document) : node
    if (isMap(container)) return indexOf(container).get(String(part))
    if (!isSeq(container) || typeof part !== 'number') return undefined
    const item = container.items[part]
    return item === undefined ? undefined : { key: item, node: item }
  }
  return {
    offsetOf(path) {
      let node: unknown = document.contents
      let offset = nodeStart(node)
      for (const part of path) {
        const child = childOf(node, part)
        if (child === undefined) return offset
        node = child.node
        offset = nodeStart(child.key) ?? offset
      }
      return offset
    },
    nodeAt(path) {
      let node: unknown = document.contents
      for (const part of path) node = childOf(node, part)?.node
      return node
    },
  }
}
