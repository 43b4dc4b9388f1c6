import { ParleyError, type TextToSpeech, type TtsEvent } from '@parley/spec'
import {
  createFakeTts,
  createTestSpeechContext,
  createVirtualClock,
  type FakeTts,
  type VirtualClock,
} from '@parley/testing'
import { describe, expect, test } from 'vitest'

import { fallbackDefaults, type FallbackChange, type FallbackOptions } from './fallback-options.ts'
import { createFallbackTts } from './fallback-tts.ts'
import { createSentenceFed } from './sentence-fed.ts'

const format = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const
const text = 'One sentence here. Two sentences here. Three of them here.'

interface Bench {
  clock: VirtualClock
  events: TtsEvent[]
  changes: FallbackChange[]
  speak(text: string, segmentId?: string): Promise<void>
  close(): Promise<void>
  cancel(segmentId: string): void
}

async function bench(members: readonly TextToSpeech[], options: FallbackOptions = {}, wrap = true): Promise<Bench> {
  const clock = createVirtualClock()
  const changes: FallbackChange[] = []
  const [only] = members
  const tts =
    wrap || only === undefined
      ? createFallbackTts(members, { ...options, onChange: (change) => void changes.push(change) })
      : createSentenceFed(only)
  const stream = await tts.open({ voice: 'alice', format }, createTestSpeechContext({ clock, callId: 'c1' }))
  const events: TtsEvent[] = []
  void (async () => {
    for await (const event of stream.events) events.push(event)
  })()
  return {
    clock,
    events,
    changes,
    async speak(what, segmentId = 's1') {
      stream.speak(what, { segmentId, last: true })
      await clock.advance(0)
    },
    close: () => stream.close(),
    cancel: (segmentId) => stream.cancel(segmentId),
  }
}

const said = (tts: FakeTts): string[] => tts.spoken.map((each) => each.text.trim())
const audioMs = (events: readonly TtsEvent[]): number =>
  events.reduce((sum, event) => sum + (event.type === 'audio' ? event.frame.samples.length / 16 : 0), 0)
const types = (events: readonly TtsEvent[]): string[] => [...new Set(events.map((event) => event.type))]

describe('createFallbackTts', () => {
  test('defaults: bounds of fallbacks', () => {
    expect(fallbackDefaults).toEqual({
      attemptMs: 10_000,
      firstAudioMs: 5_000,
      sttRetries: 1,
      ttsRetries: 0,
      retryAfterMs: 5_000,
      probeEveryMs: 30_000,
      replayMs: 8_000,
    })
  })

  test('the first member speaks as long as it works, positions and words over all sentences', async () => {
    const one = createFakeTts({ id: 'one' })
    const { events, changes, speak } = await bench([one, createFakeTts({ id: 'two' })])
    await speak(text)
    expect(changes).toEqual([])
    expect(events.at(-1)).toEqual({ type: 'done', segmentId: 's1' })
    const positions = events.flatMap((event) => (event.type === 'audio' ? [event.frame.position] : []))
    expect(positions).toEqual([...positions].sort((a, b) => a - b))
    const words = events.flatMap((event) => (event.type === 'words' ? event.words : []))
    expect(words.map((word) => word.text).join(' ')).toBe(text)
    expect(words.every((word, index) => word.startMs >= (words[index - 1]?.endMs ?? 0) - 1)).toBe(true)
    expect(audioMs(events)).toBeCloseTo(text.length * 60, -2)
  })

  test('S-5 a voice that goes silent is failed after 5 s and the next goes on at the first sentence not made', async () => {
    const one = createFakeTts({ id: 'one', failures: [{ text: 'Two', kind: 'silent' }] })
    const two = createFakeTts({ id: 'two' })
    const { clock, events, changes, speak } = await bench([one, two])
    await speak(text)
    await clock.advance(4_999)
    expect(two.spoken).toEqual([])
    await clock.advance(1)
    expect(said(two)).toEqual(['Two sentences here.', 'Three of them here.'])
    expect(changes).toEqual([{ stage: 'tts', callId: 'c1', from: 'one', to: 'two', reason: 'voice_tts_silent' }])
    expect(events.at(-1)).toEqual({ type: 'done', segmentId: 's1' })
    expect(types(events)).not.toContain('error')
    const words = events.flatMap((event) => (event.type === 'words' ? event.words : []))
    expect(words.map((word) => word.text).join(' ')).toBe(text)
  })

  test('S-5 a segment that is done without sound is failed at once', async () => {
    const empty: TextToSpeech = { ...createFakeTts({ id: 'empty' }), open: () => Promise.resolve(doneWithout()) }
    const two = createFakeTts({ id: 'two' })
    const { changes, speak, clock } = await bench([empty, two])
    await speak('Hello there.')
    await clock.advance(0)
    expect(changes[0]?.reason).toBe('voice_tts_silent')
    expect(said(two)).toEqual(['Hello there.'])
  })

  test('an error changes the member at once, and its sound is converted', async () => {
    const one = createFakeTts({ id: 'one', failures: [{ text: 'One', kind: 'error' }] })
    const two = createFakeTts({ id: 'two', sampleRateHz: 8_000 })
    const { events, changes, speak, clock } = await bench([one, two])
    await speak(text)
    await clock.advance(0)
    expect(changes[0]).toMatchObject({ from: 'one', to: 'two', reason: 'voice_tts_failed' })
    expect(events.every((event) => event.type !== 'audio' || event.frame.sampleRateHz === 16_000)).toBe(true)
    expect(audioMs(events)).toBeCloseTo(text.length * 60, -2)
    expect(events.at(-1)?.type).toBe('done')
  })

  test('the voice map names an equivalent per provider', async () => {
    const one = createFakeTts({ id: 'one', failures: [{ kind: 'error' }] })
    const two = createFakeTts({ id: 'two', voices: ['zoe'] })
    const { speak, clock } = await bench([one, two], { voices: { alice: { two: 'zoe' } } })
    await speak('Hello there.')
    await clock.advance(0)
    expect(two.spoken.map((each) => each.voice)).toEqual(['zoe'])
  })

  test('all members down: an error per segment, and the next segment tries again once one was probed', async () => {
    let isBroken = true
    const base = createFakeTts({ id: 'one' })
    const one: TextToSpeech = {
      ...base,
      open: (open, context) =>
        isBroken && opened++ > 0
          ? Promise.reject(new ParleyError({ code: 'vendor_unavailable', message: 'down' }))
          : (isBroken ? createFakeTts({ failures: [{ kind: 'error' }] }) : base).open(open, context),
    }
    let opened = 0
    const { events, changes, speak, clock } = await bench([one])
    await speak('Hello there.')
    await clock.advance(0)
    expect(events.map((event) => event.type)).toEqual(['error'])
    expect(changes).toMatchObject([{ from: 'one', to: null }])
    isBroken = false
    await clock.advance(30_000)
    await speak('Once more.', 's2')
    await clock.advance(0)
    expect(events.at(-1)).toEqual({ type: 'done', segmentId: 's2' })
  })

  test('a failed member is probed every 30 s and comes back for the next segment, never inside one', async () => {
    const one = createFakeTts({ id: 'one', failures: [{ at: 0, kind: 'error' }] })
    const two = createFakeTts({ id: 'two', speed: 1 })
    const { changes, speak, clock, close } = await bench([one, two])
    await speak('Hello there. ' + 'And a lot more to say. '.repeat(30))
    await clock.advance(31_000)
    expect(changes.map((change) => change.to)).toEqual(['two'])
    await clock.advance(60_000)
    await speak('Next one.', 's2')
    await clock.advance(0)
    expect(changes.map(({ to, reason }) => [to, reason])).toEqual([
      ['two', 'voice_tts_failed'],
      ['one', 'recovered'],
    ])
    expect(said(one).at(-1)).toBe('Next one.')
    await close()
    expect(clock.pending).toBe(0)
    expect(one.openStreams + two.openStreams).toBe(0)
  })

  test('a cancelled segment gives nothing more and the next one speaks', async () => {
    const one = createFakeTts({ id: 'one', speed: 1 })
    const { events, speak, cancel, clock } = await bench([one])
    await speak(text)
    await clock.advance(300)
    cancel('s1')
    const count = events.length
    await clock.advance(0)
    await speak('Next one.', 's2')
    await clock.advance(5_000)
    expect(events.slice(count).every((event) => !('segmentId' in event) || event.segmentId === 's2')).toBe(true)
    expect(events.at(-1)).toEqual({ type: 'done', segmentId: 's2' })
  })
})

/** A voice that counts the parts it has at once, and notes what it was asked for. */
function counting(maxContexts?: number): { tts: TextToSpeech; most(): number; asked: string[]; opened(): number } {
  const base = createFakeTts({
    id: 'counting',
    streamingInput: false,
    speed: 1,
    ...(maxContexts !== undefined && { maxContexts }),
  })
  const open = new Set<string>()
  const asked: string[] = []
  let most = 0
  return {
    most: () => most,
    asked,
    opened: () => base.openStreams,
    tts: {
      info: base.info,
      async open(options, context) {
        const stream = await base.open(options, context)
        async function* events(): AsyncGenerator<TtsEvent> {
          for await (const event of stream.events) {
            if (event.type === 'done') open.delete(event.segmentId)
            yield event
          }
        }
        return {
          ...stream,
          speak(text, part) {
            open.add(part.segmentId)
            asked.push(text.trim())
            most = Math.max(most, open.size)
            stream.speak(text, part)
          },
          cancel(segmentId) {
            open.delete(segmentId)
            stream.cancel(segmentId)
          },
          events: { [Symbol.asyncIterator]: () => events() },
        }
      },
    },
  }
}

describe('contexts of a voice', () => {
  test.each([
    [1, 1],
    [5, 2],
    [undefined, 2],
  ])('S-6 at most as many sentences are open as a voice with a cap of %s has contexts', async (cap, expected) => {
    const { tts, most, asked } = counting(cap)
    const { speak, clock } = await bench([tts], {}, false)
    await speak(text)
    await speak(text, 's2')
    await clock.advance(60_000)
    expect(asked).toHaveLength(6)
    expect(most()).toBe(expected)
  })

  test('S-6 nothing is sent for a context that was closed, and closing the stream closes the voice', async () => {
    const { tts, asked, opened } = counting(1)
    const { speak, cancel, close, clock } = await bench([tts], {}, false)
    await speak(text)
    await clock.advance(300)
    expect(asked).toEqual(['One sentence here.'])
    cancel('s1')
    await clock.advance(60_000)
    expect(asked).toEqual(['One sentence here.'])
    await speak('Next one.', 's2')
    expect(asked.at(-1)).toBe('Next one.')
    await close()
    await speak('Too late.', 's3')
    expect(asked.at(-1)).toBe('Next one.')
    expect(opened()).toBe(0)
    expect(clock.pending).toBe(0)
  })
})

describe('createSentenceFed', () => {
  test('P-7 a voice without partial text gets whole sentences, and gives one segment', async () => {
    const one = createFakeTts({ id: 'one', streamingInput: false })
    const clock = createVirtualClock()
    const stream = await createSentenceFed(one).open({ voice: 'alice', format }, createTestSpeechContext({ clock }))
    const events: TtsEvent[] = []
    void (async () => {
      for await (const event of stream.events) events.push(event)
    })()
    for (const piece of ['One sen', 'tence here. Two', ' sentences here. Thr']) {
      stream.speak(piece, { segmentId: 's1', last: false })
      await clock.advance(0)
    }
    expect(said(one)).toEqual(['One sentence here.', 'Two sentences here.'])
    stream.speak('ee of them here.', { segmentId: 's1', last: true })
    await clock.advance(0)
    expect(said(one).at(-1)).toBe('Three of them here.')
    expect(events.filter((event) => event.type === 'done')).toEqual([{ type: 'done', segmentId: 's1' }])
    expect(audioMs(events)).toBeCloseTo(text.length * 60, -2)
  })

  test('P-7 a voice that takes partial text is left alone', () => {
    const tts = createFakeTts()
    expect(createSentenceFed(tts)).toBe(tts)
  })

  test('a sentence that fails is told, and the next segment is spoken', async () => {
    const one = createFakeTts({ id: 'one', streamingInput: false, failures: [{ at: 0, kind: 'error' }] })
    const { events, speak, clock } = await bench([one], {}, false)
    await speak('Hello there.')
    await clock.advance(0)
    await speak('Next one.', 's2')
    await clock.advance(0)
    expect(types(events)).toContain('error')
    expect(events.at(-1)).toEqual({ type: 'done', segmentId: 's2' })
  })
})

function doneWithout(): Awaited<ReturnType<TextToSpeech['open']>> {
  const ids: string[] = []
  return {
    speak: (_text, { segmentId }) => void ids.push(segmentId),
    cancel: () => {},
    close: () => Promise.resolve(),
    events: {
      async *[Symbol.asyncIterator]() {
        while (ids.length === 0) await Promise.resolve()
        yield { type: 'done', segmentId: ids[0] ?? '' } as const
      },
    },
  }
}
