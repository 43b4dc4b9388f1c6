import { ParleyError, type AudioFrame, type SpeechToText, type SttEvent, type SttStream } from '@parley/spec'
import {
  createFakeStt,
  createTestSpeechContext,
  createVirtualClock,
  toneText,
  type FakeStt,
  type VirtualClock,
} from '@parley/testing'
import { expect, test } from 'vitest'

import type { FallbackChange, FallbackOptions } from './fallback-options.ts'
import { createFallbackStt } from './fallback-stt.ts'

const format = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const

interface Bench {
  clock: VirtualClock
  stream: SttStream
  events: SttEvent[]
  changes: FallbackChange[]
  say(text: string, quietMs?: number): Promise<void>
}

async function bench(members: readonly SpeechToText[], options: FallbackOptions = {}): Promise<Bench> {
  const clock = createVirtualClock()
  const changes: FallbackChange[] = []
  const stt = createFallbackStt(members, { ...options, onChange: (change) => void changes.push(change) })
  const stream = await stt.open({ format, language: 'en' }, createTestSpeechContext({ clock, callId: 'c1' }))
  const events: SttEvent[] = []
  void (async () => {
    for await (const event of stream.events) events.push(event)
  })()
  return {
    clock,
    stream,
    events,
    changes,
    async say(text, quietMs = 400) {
      const tones = text === '' ? new Int16Array(0) : toneText(text, { voice: 0, msPerChar: 60, sampleRateHz: 16_000 })
      const samples = new Int16Array(tones.length + quietMs * 16)
      samples.set(tones)
      for (let at = 0; at + 320 <= samples.length; at += 320) {
        await clock.advance(20)
        stream.push({ samples: samples.slice(at, at + 320), sampleRateHz: 16_000, channels: 1, position: at })
      }
      await clock.advance(0)
    },
  }
}

const finals = (events: readonly SttEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'final' && event.text !== '' ? [event.text] : []))

/** A recognizer whose streams note what they hear; `fail` breaks the newest. */
function noting(id: string): { stt: SpeechToText; heardMs: number[]; fail(): void; refuse(isDown: boolean): void } {
  const heardMs: number[] = []
  let failNewest: () => void = () => {}
  let isDown = false
  const base: FakeStt = createFakeStt({ id })
  return {
    heardMs,
    fail: () => failNewest(),
    refuse: (down) => void (isDown = down),
    stt: {
      info: base.info,
      open: async (open, context) => {
        if (isDown) throw new ParleyError({ code: 'vendor_unavailable', message: 'down' })
        const stream = await base.open(open, context)
        const index = heardMs.push(0) - 1
        const failure = new Promise<SttEvent>((resolve) => {
          failNewest = () =>
            resolve({ type: 'error', error: new ParleyError({ code: 'vendor_unavailable', message: 'broke' }) })
        })
        const iterator = stream.events[Symbol.asyncIterator]()
        async function* events(): AsyncGenerator<SttEvent> {
          for (;;) {
            const event = await Promise.race([iterator.next(), failure])
            if ('type' in event) yield event
            else if (event.done === true) return
            else yield event.value
            if ('type' in event) return
          }
        }
        return {
          ...stream,
          push(frame: AudioFrame) {
            heardMs[index] = (heardMs[index] ?? 0) + frame.samples.length / 16
            stream.push(frame)
          },
          events: { [Symbol.asyncIterator]: () => events() },
        }
      },
    },
  }
}

test('the first member recognizes as long as it works', async () => {
  const { say, events, changes } = await bench([createFakeStt({ id: 'one' }), createFakeStt({ id: 'two' })])
  await say('hello')
  expect(finals(events)).toEqual(['hello'])
  expect(changes).toEqual([])
})

test('a failed member is tried once more after 5 s, then the next hears the open turn again', async () => {
  const one = noting('one')
  const two = noting('two')
  const { say, clock, changes, events } = await bench([one.stt, two.stt])
  await say('first part', 0)
  one.fail()
  await clock.advance(4_980)
  expect(one.heardMs).toHaveLength(1)
  await clock.advance(20)
  expect(one.heardMs).toEqual([600, 600])
  expect(changes).toEqual([])
  one.fail()
  await clock.advance(0)
  expect(changes).toEqual([{ stage: 'stt', callId: 'c1', from: 'one', to: 'two', reason: 'vendor_unavailable' }])
  expect(two.heardMs).toEqual([600])
  await say('', 400)
  expect(finals(events)).toEqual(['first part'])
  const final = events.find((event) => event.type === 'final')
  expect(final).not.toHaveProperty('words')
  await say('more', 400)
  expect(finals(events)).toEqual(['first part', 'more'])
})

test('a new member hears the last 8 s of the open turn, and nothing of the turn before', async () => {
  const one = noting('one')
  const two = noting('two')
  const { say, clock } = await bench([one.stt, two.stt], { retries: 0 })
  await say('done', 400)
  await say('', 20)
  await say('abcde', 0)
  one.fail()
  await clock.advance(0)
  expect(two.heardMs[0]).toBeLessThan(600)
  const three = noting('three')
  const four = noting('four')
  const long = await bench([three.stt, four.stt], { retries: 0 })
  await long.say('a'.repeat(200), 0)
  three.fail()
  await long.clock.advance(0)
  expect(four.heardMs[0]).toBe(8_000)
})

test('no final within 10 s of being asked is a failure', async () => {
  const one = createFakeStt({ id: 'one', script: [{ fault: 'dead' }] })
  const two = createFakeStt({ id: 'two' })
  const { say, clock, stream, changes, events } = await bench([one, two], { retries: 0 })
  await say('hello', 0)
  stream.finalize()
  await clock.advance(9_999)
  expect(changes).toEqual([])
  await clock.advance(1)
  expect(changes[0]).toMatchObject({ to: 'two', reason: 'voice_stt_silent' })
  expect(finals(events)).toEqual(['hello'])
})

test('a member that does not open within 10 s is passed over', async () => {
  const clock = createVirtualClock()
  const stuck: SpeechToText = { info: createFakeStt({ id: 'stuck' }).info, open: () => new Promise(() => {}) }
  const two = createFakeStt({ id: 'two' })
  const changes: FallbackChange[] = []
  const opening = createFallbackStt([stuck, two], { onChange: (change) => void changes.push(change) }).open(
    { format },
    createTestSpeechContext({ clock }),
  )
  await clock.advance(9_999)
  expect(two.openStreams).toBe(0)
  await clock.advance(1)
  await opening
  expect(two.openStreams).toBe(1)
  expect(changes[0]).toMatchObject({ to: 'two', reason: 'voice_stt_failed' })
})

test('a recovered member comes back after a final, never inside a turn; one probe at a time', async () => {
  const one = noting('one')
  const two = noting('two')
  const { say, clock, changes, stream } = await bench([one.stt, two.stt], { retries: 0 })
  one.refuse(true)
  one.fail()
  await clock.advance(0)
  expect(changes.map((change) => change.to)).toEqual(['two'])
  await clock.advance(30_000)
  one.refuse(false)
  expect(one.heardMs).toHaveLength(1)
  await clock.advance(30_000)
  expect(one.heardMs).toHaveLength(2)
  await say('hello', 0)
  expect(changes).toHaveLength(1)
  await say('', 400)
  await clock.advance(0)
  expect(changes.at(-1)).toMatchObject({ from: 'two', to: 'one', reason: 'recovered' })
  await stream.close()
  await stream.close()
  expect(clock.pending).toBe(0)
})

test('all members down is an error, and the stream goes on when one is back', async () => {
  const one = noting('one')
  const { say, clock, events, changes } = await bench([one.stt], { retries: 0 })
  one.refuse(true)
  one.fail()
  await clock.advance(0)
  expect(changes.at(-1)).toMatchObject({ from: 'one', to: null })
  expect(events.at(-1)?.type).toBe('error')
  one.refuse(false)
  await clock.advance(30_000)
  await say('hello', 400)
  expect(finals(events)).toEqual(['hello'])
})

test('nobody to open is told by open', async () => {
  const one = noting('one')
  one.refuse(true)
  const clock = createVirtualClock()
  await expect(createFallbackStt([one.stt]).open({ format }, createTestSpeechContext({ clock }))).rejects.toMatchObject(
    { code: 'vendor_unavailable' },
  )
  expect(clock.pending).toBe(0)
})
