import { ParleyError, toParleyError, type Clock } from '@parley/spec'

/** A thing that people call by one of several names. */
export interface LookupEntry {
  id: string
  names: string[]
}

/** Finds the things a sentence may speak of. */
export type Lookup = (query: { text: string; signal: AbortSignal }) => LookupEntry[] | Promise<LookupEntry[]>

/** How long a lookup may take, in ms, and how many of its entries are looked at. */
export const lookupLimits = { waitMs: 250, entries: 50 } as const

/** What is needed to ask lookups. */
export interface AskLookupsOptions {
  lookups: Readonly<Record<string, Lookup>>
  /** Which of them are wanted. */
  keys: readonly string[]
  texts: readonly string[]
  signal: AbortSignal
  clock: Clock
  /** Told of a lookup that failed or was late; its entries are then none. */
  onError: (error: ParleyError) => void
}

/** Entries by sentence, then by lookup. */
export type LookupResults = ReadonlyMap<string, ReadonlyMap<string, readonly LookupEntry[]>>

/** Asks the wanted lookups with each text at once; each within its limits. Rejects with the signal's reason. */
export async function askLookups(options: AskLookupsOptions): Promise<LookupResults> {
  const { keys, texts } = options
  const results = new Map<string, Map<string, readonly LookupEntry[]>>(texts.map((text) => [text, new Map()]))
  await Promise.all(
    [...results].flatMap(([text, entries]) =>
      keys.map(async (key) => {
        entries.set(key, await askOne(key, text, options))
      }),
    ),
  )
  return results
}

async function askOne(
  key: string,
  text: string,
  { lookups, signal, clock, onError }: AskLookupsOptions,
): Promise<readonly LookupEntry[]> {
  const lookup = lookups[key]
  if (!lookup) return []
  signal.throwIfAborted()
  const limit = new AbortController()
  const ended = AbortSignal.any([signal, limit.signal])
  const dispose = clock.setTimer(lookupLimits.waitMs, () => limit.abort(late(key)))
  try {
    const entries = await Promise.race([call(lookup, text, ended), rejection(ended)])
    return entries.slice(0, lookupLimits.entries)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    onError(
      toParleyError(error, { code: 'tool_failed', message: `The lookup "${key}" failed.`, details: { lookup: key } }),
    )
    return []
  } finally {
    dispose()
  }
}

// Async, so that a lookup that throws at once rejects like any other.
async function call(lookup: Lookup, text: string, signal: AbortSignal): Promise<LookupEntry[]> {
  return lookup({ text, signal })
}

function rejection(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  if (signal.aborted) reject(signal.reason)
  else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  return promise
}

function late(key: string): ParleyError {
  return new ParleyError({
    code: 'tool_timeout',
    message: `The lookup "${key}" did not answer within ${lookupLimits.waitMs} ms; the sentence was read without it.`,
    details: { lookup: key, waitMs: lookupLimits.waitMs },
  })
}
