import { isUnsafeKey, type Json } from '@parley/spec'
import { isAlias, isMap, isScalar, isSeq, type Document } from 'yaml'
import type { DocumentFault, DocumentPath } from './document-problems.ts'
import { nodeStart } from './node-start.ts'

/** A fault with its own place in the text. */
export interface PlacedFault extends DocumentFault {
  /** From the begin of the text. */
  offset: number
}

/** What aliases may put into the value all together: a few lines must not become a value that fills the memory. */
const maxAliasedNodes = 20_000

/** Makes plain data of a parsed document. What is at fault is left out and told. */
export function nodeToValue(document: Document, maxAliases: number): { value: Json; faults: PlacedFault[] } {
  const faults: PlacedFault[] = []
  const open = new Set<unknown>()
  let aliases = 0
  let aliasedNodes = 0
  let offset = 0

  const fault = (
    at: DocumentPath,
    message: string,
    fix: string,
    code: DocumentFault['code'] = 'document_invalid',
  ): null => {
    // Aliases repeat what they stand for, and its faults with it.
    if (faults.length < 100) faults.push({ code, at, message, fix, offset })
    return null
  }

  const convert = (node: unknown, at: DocumentPath, isAliased: boolean): Json => {
    offset = nodeStart(node) ?? offset
    if (isAliased && ++aliasedNodes > maxAliasedNodes) {
      if (aliasedNodes > maxAliasedNodes + 1) return null
      return fault(at, 'The aliases of the document grow too large.', 'Write the parts out.', 'limit_exceeded')
    }
    if (isAlias(node)) {
      // Each counts once, however often what it stands in is repeated.
      if (!isAliased && ++aliases > maxAliases) {
        if (aliases > maxAliases + 1) return null
        return fault(at, `The document has more than ${maxAliases} aliases.`, 'Write the parts out.', 'limit_exceeded')
      }
      const target = node.resolve(document)
      if (target === undefined) return fault(at, `There is no anchor "${node.source}".`, `Write &${node.source} first.`)
      if (open.has(target)) {
        return fault(at, `The alias "${node.source}" stands inside its own anchor.`, 'Write the part out.')
      }
      return convert(target, at, true)
    }
    if (isMap(node)) {
      open.add(node)
      const value: { [key: string]: Json } = {}
      for (const { key, value: child } of node.items) {
        offset = nodeStart(key) ?? offset
        const name = isScalar(key) ? String(key.value) : undefined
        if (name === undefined) fault(at, 'A key is not text.', 'Write the key as text.')
        else if (isUnsafeKey(name)) fault([...at, name], `The key "${name}" is not allowed.`, 'Rename the key.')
        else if (Object.hasOwn(value, name)) {
          fault([...at, name], `The key "${name}" is there twice.`, 'Keep one of the two.')
        } else value[name] = convert(child, [...at, name], isAliased)
      }
      open.delete(node)
      return value
    }
    if (isSeq(node)) {
      open.add(node)
      const value = node.items.map((item, index) => convert(item, [...at, index], isAliased))
      open.delete(node)
      return value
    }
    return leaf(isScalar(node) ? node.value : null, at)
  }

  const leaf = (value: unknown, at: DocumentPath): Json => {
    if (value === null || value === undefined) return null
    if (typeof value === 'string' || typeof value === 'boolean') return value
    if (typeof value === 'number') {
      if (Number.isFinite(value) && !Object.is(value, -0)) return value
      return fault(at, `${Object.is(value, -0) ? '-0' : value} is no number of JSON.`, 'Give another number, or null.')
    }
    return fault(at, 'The value is not JSON.', 'Give text, a number, true, false, null, a list or an object.')
  }

  return { value: convert(document.contents, [], false), faults }
}
