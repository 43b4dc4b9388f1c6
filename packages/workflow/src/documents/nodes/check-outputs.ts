import type { DocumentContext } from '../document-context.ts'
import type { NodesByName } from './reachable-nodes.ts'

/**
 * Ends give a key of the context: one that no node writes and no type declares does not exist. Ends also give one type,
 * whichever the token reaches.
 */
export function checkOutputs(nodes: NodesByName, { problems, head }: DocumentContext): void {
  const all = [...nodes.values()]
  const written = new Set(
    all.flatMap(({ node }) => ('output' in node && node.type !== 'end' ? (node.output ?? []) : [])),
  )
  const ends = all.flatMap(({ node, at }) => (node.type === 'end' ? [{ node, at }] : []))
  for (const { node, at } of ends) {
    if (written.has(node.output) || Object.hasOwn(head.dataTypes, node.output) || node.output === 'input') continue
    problems.add({
      code: 'unknown_reference',
      at: [...at, 'output'],
      message: `The end "${node.name}" gives "${node.output}", which no node writes.`,
      fix: 'Name the output of a node that leads to this end.',
    })
  }
  const typeOf = (output: string): string =>
    Object.hasOwn(head.dataTypes, output) ? JSON.stringify(head.dataTypes[output]) : 'no declared type'
  const [first, ...others] = ends
  for (const { node, at } of others) {
    if (first === undefined || typeOf(node.output) === typeOf(first.node.output)) continue
    problems.add({
      code: 'document_invalid',
      at: [...at, 'output'],
      message: `The end "${node.name}" gives another type than the end "${first.node.name}".`,
      fix: 'Give one type at all ends.',
    })
  }
}
