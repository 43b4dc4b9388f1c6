import type { DocumentPath } from '../document-problems.ts'
import type { WrittenNode } from './node-shapes.ts'

/** Where a node leads. */
export interface NodeTarget {
  to: string
  /** Below the node. */
  at: DocumentPath
}

/** Where the token may go on from a node; a `parallel` leads to its join. */
export function nodeTargets(node: WrittenNode): NodeTarget[] {
  switch (node.type) {
    case 'end':
      return []
    case 'if':
      return [
        { to: node.then, at: ['then'] },
        { to: node.else, at: ['else'] },
      ]
    case 'switch': {
      const cases = Object.entries(node.cases).map(([value, to]) => ({ to, at: ['cases', value] }))
      return node.default === undefined ? cases : [...cases, { to: node.default, at: ['default'] }]
    }
    default:
      return [{ to: node.next, at: ['next'] }]
  }
}
