import { sanitizeUntrustedText } from '../security/untrusted-text.ts'
import { maxRenderedBytes } from './render-template.ts'

/**
 * A value as it may stand in a prompt: in every text of it, names of fields included, what looks like an instruction to
 * the model is neutralized and credentials are redacted. The size is left to the renderer, which bounds all of it.
 */
export function asPromptData(value: unknown): unknown {
  return toData(value, 0)
}

/** Deeper than any data of a workflow; below it stands a mark, so that a circle ends too. */
const maxDepth = 64

function toData(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (depth >= maxDepth) return '[TOO DEEP]'
  if (Array.isArray(value)) return value.map((entry) => toData(entry, depth + 1))
  // Made by definition, so that a key such as `__proto__` stays a plain key.
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [cleanText(key), toData(entry, depth + 1)]))
}

function cleanText(text: string): string {
  return sanitizeUntrustedText(text, { max: maxRenderedBytes }).text
}
