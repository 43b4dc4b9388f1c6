import type { AudioChunk, SpeechToText, SttEvent, SttStream, Transcript } from '@parley/spec'
import { createScriptedVad, createTestSpeechContext, createVirtualClock, type VirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'

import { createSegmentedStt, segmentedSttDefaults } from './segmented-stt.ts'

interface Bench {
  clock: VirtualClock
  clips: { ms: number; audio: AudioChunk; answer: (text: string | Error) => void }[]
  events: SttEvent[]
  stream: SttStream
  /** Pushes loud or quiet audio frame by frame. */
  play(ms: number, isLoud: boolean): Promise<void>
}

async function bench(): Promise<Bench> {
  const clock = createVirtualClock()
  const clips: Bench['clips'] = []
  const batch: SpeechToText = {
    info: {
      id: 'batch',
      streaming: false,
      interim: false,
      wordTimings: true,
      endOfSpeech: false,
      languages: 'any',
      formats: [],
      finalLatency: { p50Ms: 0, p99Ms: 0 },
    },
    open: () => Promise.reject(new Error('batch only')),
    transcribe: (audio) =>
      new Promise<Transcript>((resolve, reject) => {
        const ms = (audio.samples.length / audio.sampleRateHz) * 1_000
        const answer = (text: string | Error): void =>
          typeof text === 'string' ? resolve({ text, words: [{ text, startMs: 300, endMs: 500 }] }) : reject(text)
        clips.push({ ms, audio, answer })
      }),
  }
  const stt = createSegmentedStt(batch, createScriptedVad('energy'))
  expect(stt.info.streaming).toBe(true)
  const stream = await stt.open(
    { format: { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } },
    createTestSpeechContext({ clock }),
  )
  const events: SttEvent[] = []
  void (async () => {
    for await (const event of stream.events) events.push(event)
  })()
  return {
    clock,
    clips,
    events,
    stream,
    async play(ms, isLoud) {
      for (let at = 0; at < ms; at += 20) {
        await clock.advance(20)
        stream.push({
          samples: new Int16Array(320).fill(isLoud ? 8_000 : 0),
          sampleRateHz: 16_000,
          channels: 1,
          position: 0,
        })
      }
      await clock.advance(0)
    },
  }
}

test('defaults: pre-roll, segment length and queue of a segmented recognizer', () => {
  expect(segmentedSttDefaults).toEqual({ preRollMs: 300, maxSegmentMs: 15_000, maxWaiting: 4 })
})

test('P-5 a segment has 300 ms before speech and ends with it', async () => {
  const { clips, play } = await bench()
  await play(1_000, false)
  await play(600, true)
  expect(clips).toHaveLength(0)
  await play(300, false)
  expect(clips).toHaveLength(1)
  // 300 ms pre-roll, 600 ms speech, 250 ms silence that ended it.
  expect(clips[0]?.ms).toBeGreaterThanOrEqual(1_140)
  expect(clips[0]?.ms).toBeLessThanOrEqual(1_160)
  const loud = clips[0]?.audio.samples.findIndex((sample) => sample > 0) ?? 0
  expect(loud / 16).toBeCloseTo(300, -1)
})

test('P-2 P-5 words of a segment are on the clock of the call', async () => {
  const { clips, events, clock, play } = await bench()
  await play(1_000, false)
  await play(600, true)
  await play(300, false)
  clips[0]?.answer('hello')
  await clock.advance(0)
  const final = events.find((event) => event.type === 'final')
  expect(final).toMatchObject({ text: 'hello' })
  expect(final?.type === 'final' && final.words?.[0]?.startMs).toBeCloseTo(1_000, -1.5)
  expect(events.some((event) => event.type === 'usage')).toBe(true)
})

test('P-5 a segment is closed at 15 s, and speech goes on in the next without a gap', async () => {
  const { clips, play } = await bench()
  await play(1_000, false)
  await play(16_000, true)
  expect(clips).toHaveLength(1)
  expect(clips[0]?.ms).toBeCloseTo(15_000, -1.5)
  clips[0]?.answer('one')
  await play(400, false)
  expect(clips).toHaveLength(2)
  const voiced = clips.reduce((sum, clip) => sum + clip.audio.samples.filter((sample) => sample > 0).length, 0)
  expect(voiced / 16).toBeCloseTo(16_000, -1.5)
})

test('P-5 finals come in the order of speech, one at a time', async () => {
  const { clips, events, clock, play } = await bench()
  for (const ms of [400, 600]) {
    await play(ms, true)
    await play(400, false)
  }
  expect(clips).toHaveLength(1)
  clips[0]?.answer('first')
  await clock.advance(0)
  clips[1]?.answer('second')
  await clock.advance(0)
  expect(events.flatMap((event) => (event.type === 'final' ? [event.text] : []))).toEqual(['first', 'second'])
})

test('P-5 at most 4 segments wait, then the oldest that wait are joined', async () => {
  const { clips, clock, play } = await bench()
  for (let count = 0; count < 6; count++) {
    await play(200 + count * 100, true)
    await play(400, false)
  }
  expect(clips).toHaveLength(1)
  for (let index = 0; index < 5; index++) {
    clips[index]?.answer(`t${index}`)
    await clock.advance(0)
  }
  expect(clips).toHaveLength(5)
  const voiced = clips.map((clip) => Math.round(clip.audio.samples.filter((sample) => sample > 0).length / 16))
  expect(voiced).toEqual([200, 700, 500, 600, 700])
})

test('P-4 P-5 finalize gives the final of what was said so far, or an empty one', async () => {
  const { clips, events, clock, stream, play } = await bench()
  stream.finalize()
  await clock.advance(0)
  expect(events).toMatchObject([{ type: 'final', text: '' }])
  await play(500, true)
  stream.finalize()
  expect(clips).toHaveLength(1)
  clips[0]?.answer('now')
  await clock.advance(0)
  expect(events[1]).toMatchObject({ type: 'final', text: 'now' })
})

test('P-3 P-5 silence ends a segment without audio of the person', async () => {
  const { clips, stream, play } = await bench()
  await play(500, true)
  stream.silence(400)
  expect(clips).toHaveLength(1)
})

test('a segment that fails is told and the next is recognized', async () => {
  const { clips, events, clock, stream, play } = await bench()
  for (let count = 0; count < 2; count++) {
    await play(400, true)
    await play(400, false)
  }
  clips[0]?.answer(new Error('secret'))
  await clock.advance(0)
  clips[1]?.answer('fine')
  await clock.advance(0)
  expect(events.map((event) => event.type)).toEqual(['error', 'final', 'usage'])
  expect(JSON.stringify(events)).not.toContain('secret')
  await stream.close()
  await stream.close()
  expect(clock.pending).toBe(0)
})
