import { checkOptions, ParleyError, type StepCache, type StepCacheEntry } from '@parley/spec'

/** Options of `memoryStepCache`. */
export interface MemoryStepCacheOptions {
  /** Outputs that are kept; the one that was used longest ago is dropped first. @default 1000 */
  maxEntries?: number
  /** All entries together, as JSON text with two bytes to the character; one that is longer alone is not kept. @default 67108864 */
  maxBytes?: number
}

/**
 * Keeps outputs of steps in memory, of this process alone.
 * @throws {ParleyError} `invalid_options` for limits that are no whole numbers from 1 up
 */
export function memoryStepCache(options: MemoryStepCacheOptions = {}): StepCache {
  checkOptions('memoryStepCache', options, ['maxEntries', 'maxBytes'])
  const { maxEntries = 1_000, maxBytes = 64 * 1024 * 1024 } = options
  for (const [name, value] of Object.entries({ maxEntries, maxBytes })) {
    if (Number.isInteger(value) && value >= 1) continue
    throw new ParleyError({
      code: 'invalid_options',
      message: `memoryStepCache.${name} is ${value}. Give a whole number from 1 up.`,
      details: { path: name },
    })
  }
  // As text, so that nobody can change what another one is given. The one used last comes last.
  const entries = new Map<string, string>()
  let bytes = 0
  const drop = (key: string): void => {
    bytes -= sizeOf(entries.get(key) ?? '')
    entries.delete(key)
  }
  return {
    get(key) {
      const text = entries.get(key)
      if (text === undefined) return undefined
      entries.delete(key)
      entries.set(key, text)
      return JSON.parse(text) as StepCacheEntry // the text of one
    },
    set(key, entry) {
      drop(key)
      const text = JSON.stringify(entry)
      if (sizeOf(text) > maxBytes) return
      entries.set(key, text)
      bytes += sizeOf(text)
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && bytes <= maxBytes) break
        drop(oldest)
      }
    },
  }
}

/** Of a text, in memory. */
function sizeOf(text: string): number {
  return text.length * 2
}
