import type { TextToSpeech, TtsCacheStore, TtsEvent, TtsOpen } from '@parley/spec'
import { createFakeTts, createTestSpeechContext, createVirtualClock, type VirtualClock } from '@parley/testing'
import { describe, expect, test } from 'vitest'

import { hasPersonalData } from './personal-data.ts'
import { createTtsCache, ttsCacheDefaults, type CachedSpeech, type TtsCacheKey } from './tts-cache.ts'
import { cachedKinds, withTtsCache, type TtsCachePolicy } from './with-tts-cache.ts'

const format = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const

async function bench(
  tts: TextToSpeech,
  cache = createTtsCache(),
  policy: TtsCachePolicy = {},
  open: Partial<TtsOpen> = {},
): Promise<{
  clock: VirtualClock
  run(text: string, segmentId: string): Promise<TtsEvent[]>
  cancel(id: string): void
  close(): Promise<void>
}> {
  const clock = createVirtualClock()
  const cached = withTtsCache(tts, cache, policy)
  const stream = await cached.open({ voice: 'alice', format, ...open }, createTestSpeechContext({ clock }))
  let events: TtsEvent[] = []
  void (async () => {
    for await (const event of stream.events) events.push(event)
  })()
  return {
    clock,
    async run(text, segmentId) {
      events = []
      stream.speak(text, { segmentId, last: true })
      for (let turn = 0; turn < 4; turn++) await clock.advance(0)
      return events
    },
    cancel: (id) => stream.cancel(id),
    close: () => stream.close(),
  }
}

const audio = (events: readonly TtsEvent[]): number[] =>
  events.flatMap((event) => (event.type === 'audio' ? [...event.frame.samples] : []))
const words = (events: readonly TtsEvent[]): string =>
  events.flatMap((event) => (event.type === 'words' ? event.words.map((word) => word.text) : [])).join(' ')

const key: TtsCacheKey = { provider: 'p', voice: 'v', encoding: 'pcm16', sampleRateHz: 8_000, channels: 1, text: 't' }
const speech = (ms: number): CachedSpeech => ({
  samples: new Int16Array(ms * 8).fill(7),
  sampleRateHz: 8_000,
  channels: 1,
  words: [],
})

describe('createTtsCache', () => {
  test('defaults: size and length of cached speech', () => {
    expect(ttsCacheDefaults).toEqual({ maxBytes: 67_108_864, maxEntryMs: 20_000 })
    expect(cachedKinds).toEqual(['greeting', 'filler', 'hold', 'prompt', 'backchannel'])
  })

  test('full, the least recently used entries go', async () => {
    const cache = createTtsCache({ maxBytes: 3_600 })
    await cache.keep({ ...key, text: 'a' }, speech(100))
    await cache.keep({ ...key, text: 'b' }, speech(100))
    expect(cache.entries).toBe(2)
    await cache.find({ ...key, text: 'a' })
    await cache.keep({ ...key, text: 'c' }, speech(100))
    expect(await cache.find({ ...key, text: 'b' })).toBeNull()
    expect(await cache.find({ ...key, text: 'a' })).toEqual(speech(100))
    expect(cache.bytes).toBeLessThanOrEqual(3_600)
  })

  test('speech over 20 s, or larger than the cache, is not kept', async () => {
    const cache = createTtsCache()
    expect(await cache.keep(key, speech(20_000))).toBe(true)
    expect(await cache.keep(key, speech(20_020))).toBe(false)
    expect(await createTtsCache({ maxBytes: 100 }).keep(key, speech(1_000))).toBe(false)
  })

  test('each part of the key matters, the order of settings does not', async () => {
    const cache = createTtsCache()
    const full: TtsCacheKey = { ...key, model: 'm', language: 'en', speed: 1, settings: { a: 1, b: 2 } }
    await cache.keep(full, speech(100))
    expect(await cache.find({ ...full, settings: { b: 2, a: 1 } })).not.toBeNull()
    const others: Partial<TtsCacheKey>[] = [
      { provider: 'q' },
      { model: 'n' },
      { voice: 'w' },
      { language: 'de' },
      { speed: 2 },
      { settings: { a: 2, b: 2 } },
      { encoding: 'pcmu' },
      { sampleRateHz: 16_000 },
      { channels: 2 },
      { text: 'u' },
    ]
    for (const other of others) expect(await cache.find({ ...full, ...other })).toBeNull()
  })

  test('a store that was filled before is used, and a broken entry is dropped', async () => {
    const entries = new Map<string, Uint8Array>()
    const store: TtsCacheStore = {
      get: (name) => Promise.resolve(entries.get(name)),
      set: (name, bytes) => Promise.resolve(void entries.set(name, bytes)),
      delete: (name) => Promise.resolve(void entries.delete(name)),
      list: () => Promise.resolve([...entries].map(([name, bytes]) => ({ key: name, bytes: bytes.length }))),
    }
    await createTtsCache({ store }).keep(key, speech(100))
    expect([...entries.keys()][0]).toMatch(/^[0-9a-f]{64}$/)
    expect(await createTtsCache({ store }).find(key)).toEqual(speech(100))
    for (const [name, bytes] of entries) entries.set(name, bytes.subarray(0, 40))
    expect(await createTtsCache({ store }).find(key)).toBeNull()
    expect(entries.size).toBe(0)
  })
})

describe('withTtsCache', () => {
  test('a hit has the same sound and words, costs nothing and says so', async () => {
    const tts = createFakeTts()
    const cache = createTtsCache()
    const first = await (await bench(tts, cache)).run('Hello there.', 's1')
    const second = await (await bench(tts, cache)).run('Hello there.', 's2')
    expect(tts.spoken).toHaveLength(1)
    expect(first.at(-1)).toEqual({ type: 'done', segmentId: 's1' })
    expect(second.at(-1)).toEqual({ type: 'done', segmentId: 's2', cached: true })
    expect(first.some((event) => event.type === 'usage')).toBe(true)
    expect(second.some((event) => event.type === 'usage')).toBe(false)
    expect(audio(second)).toEqual(audio(first))
    expect(words(second)).toBe('Hello there.')
  })

  test('only whole, uninterrupted speech is kept', async () => {
    const tts = createFakeTts({ speed: 1 })
    const cache = createTtsCache()
    const { run, cancel, clock } = await bench(tts, cache)
    await run('Hello there.', 's1')
    await clock.advance(200)
    cancel('s1')
    await clock.advance(5_000)
    expect(cache.entries).toBe(0)
    const failing = createFakeTts({ failures: [{ kind: 'error' }] })
    expect((await (await bench(failing, cache)).run('Hello.', 's1')).map((event) => event.type)).toEqual(['error'])
    expect(cache.entries).toBe(0)
  })

  test('personal data is not cached unless forced, nor what is not deterministic', async () => {
    const cache = createTtsCache()
    const secret = 'Your number is 4711 0815.'
    await (await bench(createFakeTts(), cache)).run(secret, 's1')
    await (await bench(createFakeTts(), cache, { names: () => ['Anna'] })).run('Hello Anna.', 's1')
    await (await bench(createFakeTts({ deterministic: false }), cache)).run('Hello.', 's1')
    await (await bench(createFakeTts(), cache, { cache: 'off' })).run('Hello.', 's1')
    expect(cache.entries).toBe(0)
    await (await bench(createFakeTts(), cache, { cache: (id) => (id === 's1' ? 'force' : 'off') })).run(secret, 's1')
    expect(cache.entries).toBe(1)
  })

  test('prewarm makes each text with each voice, once', async () => {
    const tts = createFakeTts()
    const cached = withTtsCache(tts, createTtsCache())
    const voices = [{ voice: 'alice' }, { voice: 'bob' }]
    const context = createTestSpeechContext()
    expect(await cached.prewarm(['Hello.', 'One moment.'], voices, { format, context })).toEqual({
      ready: 4,
      failed: 0,
    })
    expect(tts.spoken).toHaveLength(4)
    await cached.prewarm(['Hello.', 'One moment.'], voices, { format, context })
    expect(tts.spoken).toHaveLength(4)
    expect(tts.openStreams).toBe(0)
  })

  test('a cache that fails does not stop speech', async () => {
    const broken: TtsCacheStore = {
      get: () => Promise.reject(new Error('disk')),
      set: () => Promise.reject(new Error('disk')),
      delete: () => Promise.reject(new Error('disk')),
      list: () => Promise.reject(new Error('disk')),
    }
    const events = await (await bench(createFakeTts(), createTtsCache({ store: broken }))).run('Hello.', 's1')
    expect(events.at(-1)).toEqual({ type: 'done', segmentId: 's1' })
  })

  test('a segment that comes in pieces is made, and kept as a whole', async () => {
    const tts = createFakeTts()
    const cache = createTtsCache()
    const clock = createVirtualClock()
    const stream = await withTtsCache(tts, cache).open({ voice: 'alice', format }, createTestSpeechContext({ clock }))
    void (async () => {
      for await (const event of stream.events) if (event.type === 'error') throw event.error
    })()
    stream.speak('Hello ', { segmentId: 's1', last: false })
    stream.speak('there.', { segmentId: 's1', last: true })
    for (let turn = 0; turn < 4; turn++) await clock.advance(0)
    const events = await (await bench(tts, cache)).run('Hello there.', 's2')
    expect(events.at(-1)).toMatchObject({ cached: true })
  })
})

test('personal data: addresses, long numbers, amounts and names are found', () => {
  for (const text of [
    'Write to a@b.co',
    'Call 555 123 4567',
    'You owe $5',
    'It is four seven one one zero',
    'Hi ANNA',
  ]) {
    expect(hasPersonalData(text, ['anna']), text).toBe(true)
  }
  for (const text of ['One moment please.', 'We are open from 9 to 5.', 'Press 1 or 2.'])
    expect(hasPersonalData(text)).toBe(false)
})
