import { isScalar } from 'yaml'
import { nodeStart } from './node-start.ts'
import type { TextPlace } from './original-place.ts'

/** A place within a text of a document. */
export interface TextPositionQuery {
  /** What the YAML library has read there. */
  node: unknown
  /** The text of the whole document. */
  source: string
  /** Gives the place within the text at the path. */
  inside: (text: string) => TextPlace
}

/**
 * Where a place within a text of a document is in the whole of it: of texts that stand there as they are, on one line or
 * as a block. Of texts with escapes or folded lines it is where they begin; absent when the node is no text.
 */
export function textPosition({ node, source, inside }: TextPositionQuery): number | undefined {
  const start = nodeStart(node)
  if (!isScalar(node) || typeof node.value !== 'string' || start === undefined) return undefined
  const { line, column } = inside(node.value)
  if (node.type === 'BLOCK_LITERAL') return blockOffset(source, start, node.value, { line, column }) ?? start
  const begin = node.type === 'PLAIN' ? start : start + 1
  const isAsWritten = source.startsWith(node.value, begin) && !node.value.includes('\n')
  return isAsWritten && line === 1 ? begin + column - 1 : start
}

function blockOffset(source: string, start: number, text: string, { line, column }: TextPlace): number | undefined {
  const wanted = text.split('\n')[line - 1]
  if (wanted === undefined) return undefined
  let lineStart = start
  for (let count = 0; count < line; count += 1) {
    const end = source.indexOf('\n', lineStart)
    if (end < 0) return undefined
    lineStart = end + 1
  }
  const end = source.indexOf('\n', lineStart)
  const written = source.slice(lineStart, end < 0 ? source.length : end)
  return written.endsWith(wanted) ? lineStart + written.length - wanted.length + column - 1 : undefined
}
