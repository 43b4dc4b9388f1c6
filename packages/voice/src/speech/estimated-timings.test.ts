import type { TtsEvent } from '@parley/spec'
import { createFakeTts, createTestSpeechContext, createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'

import { createEstimatedTimings, estimateWords } from './estimated-timings.ts'

test('P-6 words are reckoned at 3.83 syllables per second', () => {
  const words = estimateWords('ba ba ba')
  expect(words[2]?.endMs).toBeCloseTo((3 / 3.83) * 1_000)
  expect(words.every((word) => word.source === 'estimate')).toBe(true)
})

test('P-6 a voice without timings gets some, rescaled to the real length at the end', async () => {
  const clock = createVirtualClock()
  const tts = createEstimatedTimings(createFakeTts({ wordTimings: 'none', msPerChar: 60 }))
  const stream = await tts.open(
    { voice: 'alice', format: { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } },
    createTestSpeechContext({ clock }),
  )
  const events: TtsEvent[] = []
  void (async () => {
    for await (const event of stream.events) events.push(event)
  })()
  stream.speak('hello to ', { segmentId: 's1', last: false })
  await clock.advance(0)
  stream.speak('you', { segmentId: 's1', last: true })
  await clock.advance(0)
  const words = events.flatMap((event) => (event.type === 'words' ? [event.words] : []))
  expect(words[0]?.map((word) => word.text)).toEqual(['hello', 'to'])
  expect(words.at(-1)?.map((word) => word.text)).toEqual(['hello', 'to', 'you'])
  expect(words.at(-1)?.at(-1)?.endMs).toBeCloseTo(720)
  expect(words.at(-1)?.every((word) => word.source === 'estimate')).toBe(true)
  // Words come before the sound they belong to, and the last ones before the end.
  expect(events[0]?.type).toBe('words')
  expect(events.findLastIndex((event) => event.type === 'words')).toBeLessThan(
    events.findIndex((event) => event.type === 'done'),
  )
})

test('P-6 a voice that tells its words is left alone', () => {
  const tts = createFakeTts()
  expect(createEstimatedTimings(tts)).toBe(tts)
})
