import { nearestName } from '@parley/spec'
import { z } from 'zod'
import type { DocumentPath, DocumentProblems } from '../document-problems.ts'
import { readShape } from '../read-shape.ts'
import { nodeShapes, type NodeType, type PlacedNode } from './node-shapes.ts'

const types = Object.keys(nodeShapes)

/** Reads one node by the shape of its type. */
export function readNode(value: unknown, at: DocumentPath, problems: DocumentProblems): PlacedNode | undefined {
  const head = readShape(z.looseObject({ type: z.string() }), value, at, problems)
  if (head === undefined) return undefined
  if (!isNodeType(head.type)) {
    const nearest = nearestName(head.type, types)
    problems.add({
      code: 'document_invalid',
      at: [...at, 'type'],
      message: `There is no node type "${head.type}".`,
      fix: nearest === undefined ? `Use one of ${types.join(', ')}.` : `Did you mean "${nearest}"?`,
    })
    return undefined
  }
  const node = readShape(nodeShapes[head.type], value, at, problems)
  return node === undefined ? undefined : { node, at }
}

function isNodeType(type: string): type is NodeType {
  return Object.hasOwn(nodeShapes, type)
}
