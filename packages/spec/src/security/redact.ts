import { checkOptions } from '../options.ts'
import type { Json } from '../json.ts'
import { redactTextWith } from './redact-text.ts'
import { redactWalk } from './redact-walk.ts'
import { isSensitiveKey, type SensitiveKeyOptions } from './sensitive-key.ts'

/** Takes credentials out of values and texts, by one set of keys. */
export interface Redactor {
  /** A copy of any value as JSON that may be stored and shown. Never throws. */
  value(value: unknown): Json
  /** A text without credentials. JSON within it is read, one level deep. */
  text(text: string): string
}

/** Keys whose verdict is kept, so that the same few keys of many events are judged once. */
const maxKnownKeys = 2_000

/** Texts that were found clean are kept, as the same ones go from step to step: each up to so many characters. */
const maxCleanLength = 2_000
/** And all together. */
const maxCleanChars = 128 * 1024

/**
 * A redactor with keys of one's own beside the usual ones.
 * @throws {ParleyError} `invalid_options`
 */
export function createRedactor(options: SensitiveKeyOptions = {}): Redactor {
  checkOptions('createRedactor', options, ['sensitiveKeys', 'allowKeys'])
  const verdicts = new Map<string, boolean>()
  function isSensitive(key: string): boolean {
    const known = verdicts.get(key)
    if (known !== undefined) return known
    const verdict = isSensitiveKey(key, options)
    if (verdicts.size < maxKnownKeys && key.length <= 100) verdicts.set(key, verdict)
    return verdict
  }
  const plainText = (text: string): string => redactTextWith(text, isSensitive)
  const clean = new Set<string>()
  let cleanChars = 0
  function text(value: string): string {
    if (clean.has(value)) return value
    const safe = redactJsonText(value) ?? plainText(value)
    if (safe === value && value.length <= maxCleanLength) {
      if (cleanChars + value.length > maxCleanChars) {
        clean.clear()
        cleanChars = 0
      }
      clean.add(value)
      cleanChars += value.length
    }
    return safe
  }

  /** A text that is a JSON object or list, cleaned key by key; nothing when it is none or has nothing to hide. */
  function redactJsonText(value: string): string | undefined {
    if (!/^\s*[{[]/.test(value)) return undefined
    try {
      const parsed: unknown = JSON.parse(value)
      const safe = JSON.stringify(redactWalk(parsed, { isSensitive, text: plainText }))
      // Without a difference the text keeps its own spaces and order.
      return safe === JSON.stringify(parsed) ? undefined : safe
    } catch {
      // It only looks like JSON, or is too deep: it is cleaned as any text.
      return undefined
    }
  }

  return Object.freeze({ value: (value: unknown) => redactWalk(value, { isSensitive, text }), text })
}

/**
 * A copy of any value as JSON that may be logged, stored and shown: values of sensitive keys are `[REDACTED]`, texts are
 * cleaned, what JSON cannot carry is told by its kind. Walks objects, lists, `Map`, `Set`, `Date`, errors, and JSON
 * within texts. Never throws.
 */
export function redact(value: unknown, options: SensitiveKeyOptions = {}): Json {
  return createRedactor(options).value(value)
}
