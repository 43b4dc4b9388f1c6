import {
  createSha256,
  checkOptions,
  ParleyError,
  type Json,
  type SampleRate,
  type TtsCacheStore,
  type Word,
} from '@parley/spec'

/** What a piece of speech depends on. */
export interface TtsCacheKey {
  provider: string
  model?: string
  voice: string
  speed?: number
  settings?: Json
  language?: string
  encoding: string
  sampleRateHz: number
  channels: number
  /** After all filters. */
  text: string
}

/** A whole, uninterrupted synthesis. */
export interface CachedSpeech {
  samples: Int16Array
  sampleRateHz: SampleRate
  channels: 1 | 2
  words: Word[]
}

/** Options of `createTtsCache`. */
export interface TtsCacheOptions {
  /** @default memory of this process */
  store?: TtsCacheStore
  /** Full, the least recently used entries go. @default 64 MiB */
  maxBytes?: number
  /** Longer speech is not kept, in milliseconds. @default 20 000 */
  maxEntryMs?: number
}

/** Speech that was made before. One cache may serve any number of voices and calls. */
export interface TtsCache {
  find(key: TtsCacheKey): Promise<CachedSpeech | null>
  /** Whether it was kept. */
  keep(key: TtsCacheKey, speech: CachedSpeech): Promise<boolean>
  readonly bytes: number
  readonly entries: number
}

/** The defaults of `createTtsCache`. */
export const ttsCacheDefaults: { maxBytes: number; maxEntryMs: number } = {
  maxBytes: 64 * 1_024 * 1_024,
  maxEntryMs: 20_000,
}

/**
 * Makes a cache of speech.
 * @throws {ParleyError} `invalid_options`
 */
export function createTtsCache(options: TtsCacheOptions = {}): TtsCache {
  checkOptions('createTtsCache', options, ['store', ...Object.keys(ttsCacheDefaults)])
  const { store = createMemoryStore(), maxBytes, maxEntryMs } = { ...ttsCacheDefaults, ...options }
  if (!(maxBytes >= 0) || !(maxEntryMs >= 0)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'createTtsCache: maxBytes and maxEntryMs are numbers from 0 up.',
      details: { path: 'maxBytes' },
    })
  }
  // In order of use, the least recent first.
  const sizes = new Map<string, number>()
  let total = 0
  let listed: Promise<void> | null = null

  const list = (): Promise<void> =>
    (listed ??= store.list().then((known) => {
      for (const { key, bytes } of known) {
        sizes.set(key, bytes)
        total += bytes
      }
    }))

  async function drop(key: string): Promise<void> {
    total -= sizes.get(key) ?? 0
    sizes.delete(key)
    await store.delete(key)
  }

  return {
    async find(parts) {
      await list()
      const key = hashOf(parts)
      const size = sizes.get(key)
      if (size === undefined) return null
      const bytes = await store.get(key)
      const speech = bytes === undefined ? null : decode(bytes)
      if (speech === null) {
        await drop(key)
        return null
      }
      sizes.delete(key)
      sizes.set(key, size)
      return speech
    },
    async keep(parts, speech) {
      await list()
      const ms = (speech.samples.length / speech.channels / speech.sampleRateHz) * 1_000
      const bytes = encode(speech)
      if (ms === 0 || ms > maxEntryMs || bytes.length > maxBytes) return false
      const key = hashOf(parts)
      total += bytes.length - (sizes.get(key) ?? 0)
      sizes.delete(key)
      sizes.set(key, bytes.length)
      for (const oldest of sizes.keys()) {
        if (total <= maxBytes) break
        if (oldest !== key) await drop(oldest)
      }
      await store.set(key, bytes)
      return true
    },
    get bytes() {
      return total
    },
    get entries() {
      return sizes.size
    },
  }
}

/** Keeps entries in memory: the cache bounds them. */
function createMemoryStore(): TtsCacheStore {
  const entries = new Map<string, Uint8Array>()
  return {
    get: (key) => Promise.resolve(entries.get(key)),
    set: (key, bytes) => Promise.resolve(void entries.set(key, bytes)),
    delete: (key) => Promise.resolve(void entries.delete(key)),
    list: () => Promise.resolve([]),
  }
}

/** SHA-256 over all that the sound depends on, each part named; done at once, so that a lookup waits for no thread. */
function hashOf(key: TtsCacheKey): string {
  const parts = Object.entries(key).sort(([one], [other]) => (one < other ? -1 : 1))
  const hash = createSha256()
  hash.add(new TextEncoder().encode(JSON.stringify(parts, sortKeys)))
  return hash.digest()
}

/** Equal settings give equal text, in whatever order they were written. */
function sortKeys(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
}

const version = 1

/** A line of JSON about the sound, then its samples, little-endian. */
function encode({ samples, ...rest }: CachedSpeech): Uint8Array {
  const head = new TextEncoder().encode(`${JSON.stringify({ version, length: samples.length, ...rest })}\n`)
  const bytes = new Uint8Array(head.length + samples.length * 2)
  bytes.set(head)
  const view = new DataView(bytes.buffer)
  for (const [index, sample] of samples.entries()) view.setInt16(head.length + index * 2, sample, true)
  return bytes
}

/** What was encoded; `null` for anything else, such as a file that was cut short. */
function decode(bytes: Uint8Array): CachedSpeech | null {
  const end = bytes.indexOf(10)
  if (end < 0) return null
  let head: { version?: number; length?: number; sampleRateHz: SampleRate; channels: 1 | 2; words: Word[] }
  try {
    // Only `encode` writes entries; the version and the length are checked below.
    head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as typeof head
  } catch {
    // Not an entry of ours: it is dropped.
    return null
  }
  const { length, sampleRateHz, channels, words } = head
  if (head.version !== version || length === undefined || bytes.length !== end + 1 + length * 2) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset + end + 1)
  const samples = new Int16Array(length)
  for (let index = 0; index < length; index++) samples[index] = view.getInt16(index * 2, true)
  return { samples, sampleRateHz, channels, words }
}
