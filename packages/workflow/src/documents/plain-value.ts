import { isUnsafeKey, type Json } from '@parley/spec'
import { maxDocumentDepth, type DocumentLimits } from './document-limits.ts'
import type { DocumentFault, DocumentPath } from './document-problems.ts'

/** Copies a document that is already data, by its own keys only. What is not JSON is left out and told. */
export function plainValue(given: unknown, limits: DocumentLimits): { value: Json; faults: DocumentFault[] } {
  const faults: DocumentFault[] = []
  let size = 0
  let isTooLarge = false

  const fault = (
    at: DocumentPath,
    message: string,
    fix: string,
    code: DocumentFault['code'] = 'document_invalid',
  ): null => {
    if (faults.length < 100) faults.push({ code, at, message, fix })
    return null
  }
  const grow = (by: number): void => {
    size += by
    if (size <= limits.maxBytes || isTooLarge) return
    isTooLarge = true
    const message = `The document is larger than ${limits.maxBytes} bytes.`
    fault([], message, 'Split it into several workflows, or raise the limit of the document size.', 'limit_exceeded')
  }
  const copy = (value: unknown, at: DocumentPath): Json => {
    grow(typeof value === 'string' ? value.length + 2 : 1)
    if (isTooLarge) return null
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
    if (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)) return value
    if (typeof value !== 'object') {
      return fault(at, 'The value is not JSON.', 'Give text, a number, true, false, null, a list or an object.')
    }
    // A circle is deeper than any depth.
    if (at.length > maxDocumentDepth) {
      const message = `The document nests lists and objects deeper than ${maxDocumentDepth}.`
      return fault(at.slice(0, 1), message, 'Make it flatter.', 'limit_exceeded')
    }
    if (Array.isArray(value)) return value.map((item: unknown, index) => copy(item, [...at, index]))
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== null && prototype !== Object.prototype) {
      return fault(at, 'The value is no plain object.', 'Give plain data, as JSON.parse does.')
    }
    const copied: { [key: string]: Json } = {}
    for (const [key, child] of Object.entries(value)) {
      grow(key.length + 3)
      if (isUnsafeKey(key)) fault([...at, key], `The key "${key}" is not allowed.`, 'Rename the key.')
      else if (child !== undefined) copied[key] = copy(child, [...at, key])
    }
    return copied
  }
  return { value: copy(given, []), faults }
}
