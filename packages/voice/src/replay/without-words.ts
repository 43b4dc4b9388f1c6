import { REDACTED, type Json } from '@parley/spec'

/** Where events, effects and states of the machine hold what was said or keyed. */
const words: ReadonlySet<string> = new Set(['text', 'askedText', 'tail', 'digit'])

/** The same, without what was said or keyed. */
export function withoutWords<T extends Json>(value: T): T {
  const masked: Json = JSON.parse(JSON.stringify(value), (key, each: Json) =>
    words.has(key) && typeof each === 'string' && each !== '' ? REDACTED : each,
  )
  // Only texts were replaced by texts.
  return masked as T
}
