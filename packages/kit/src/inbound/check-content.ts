import { contentSchema, ParleyError, type Content, type Json } from '@parley/spec'
import { copyJson } from './copy-json.ts'

/** The limits that content is held to. */
export interface ContentBounds {
  textBytes: number
  eventBytes: number
  compositeDepth: number
  compositeParts: number
  metadataBytes: number
}

const encoder = new TextEncoder()

/** Length in UTF-8 without encoding where three bytes a unit already fit. */
function utf8Bytes(text: string, bound: number): number {
  return text.length * 3 <= bound ? text.length : encoder.encode(text).length
}

/**
 * Refuses content that does not have the shape of its type or is too large. Gives a copy, as it is to be stored.
 * @throws {ParleyError} `content_invalid` with `path` and `expected`; `content_too_large`
 */
export function checkContent(content: unknown, bounds: ContentBounds): Content {
  if (isPlainText(content)) {
    checkText(content.text, bounds, 'content.text')
    return { type: 'text', text: content.text }
  }
  const given = copyJson(content)
  if (given === undefined) throw invalid('content', 'plain JSON of a known content type')
  if (utf8Bytes(given.json, bounds.eventBytes) > bounds.eventBytes) throw tooLarge('content', bounds.eventBytes)
  const result = contentSchema.safeParse(given.copy)
  if (!result.success) {
    const issue = result.error.issues[0]
    const path = ['content', ...(issue?.path ?? [])].map(String).join('.')
    throw invalid(path, issue?.message ?? 'content of a known type')
  }
  checkNesting(result.data, bounds, 1)
  return result.data
}

function isPlainText(content: unknown): content is { type: 'text'; text: string } {
  if (typeof content !== 'object' || content === null || !('type' in content) || content.type !== 'text') return false
  return 'text' in content && typeof content.text === 'string' && Object.keys(content).length === 2
}

function checkText(text: string, bounds: ContentBounds, path: string): void {
  if (utf8Bytes(text, bounds.textBytes) > bounds.textBytes) throw tooLarge(path, bounds.textBytes)
}

function checkNesting(content: Content, bounds: ContentBounds, depth: number): void {
  if (content.type === 'text') return checkText(content.text, bounds, 'content.text')
  if (content.type === 'edit') return checkNesting(content.content, bounds, depth)
  if (content.type !== 'composite') return
  if (depth > bounds.compositeDepth) throw invalid('content.parts', `at most ${bounds.compositeDepth} levels`)
  if (content.parts.length > bounds.compositeParts)
    throw invalid('content.parts', `at most ${bounds.compositeParts} parts`)
  for (const part of content.parts) checkNesting(part, bounds, depth + 1)
}

/**
 * Refuses metadata that is not plain JSON or too large. Gives a copy.
 * @throws {ParleyError} `metadata_too_large`, `content_invalid`
 */
export function checkMetadata<T extends Record<string, Json> | undefined>(
  metadata: T,
  maxBytes: number,
  what: string,
): T {
  if (metadata === undefined) return metadata
  const given = copyJson(metadata)
  if (given === undefined || !given.json.startsWith('{')) throw invalid(what, 'a plain JSON object')
  // A copy of an object is an object of the same JSON.
  if (utf8Bytes(given.json, maxBytes) <= maxBytes) return given.copy as T
  throw new ParleyError({
    code: 'metadata_too_large',
    message: `${what} is larger than ${maxBytes} bytes. Keep large values elsewhere and refer to them.`,
    details: { path: what, maxBytes },
  })
}

function invalid(path: string, expected: string): ParleyError {
  return new ParleyError({
    code: 'content_invalid',
    message: `The field ${path} is not valid: expected ${expected}.`,
    details: { path, expected },
  })
}

function tooLarge(path: string, maxBytes: number): ParleyError {
  return new ParleyError({
    code: 'content_too_large',
    message: `The field ${path} is larger than ${maxBytes} bytes. Send it in parts or as a link.`,
    details: { path, maxBytes },
  })
}
