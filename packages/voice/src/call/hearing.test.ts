import type { SpeechToText, VoiceActivityDetector } from '@parley/spec'
import { createFakeStt, createTestSpeechContext, createVirtualClock, type VirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import type { TurnEvent } from '../turn/turn-events.ts'
import { defaultVoiceSettings } from '../options/default-settings.ts'
import { Hearing, type HearingParts } from './hearing.ts'

/** Takes everything, and gives a result for each frame while it is alive. */
function createDetector(): { detector: VoiceActivityDetector; isAlive: boolean } {
  const self = {
    isAlive: true,
    detector: {
      info: { id: 'test', windowSamples: 320, sampleRateHz: 16_000 as const, contextSamples: 0 },
      create: ({ onResult }: Parameters<VoiceActivityDetector['create']>[0]) => ({
        push: (_frame: unknown, atMs: number) => {
          if (self.isAlive) onResult({ probability: 0, atMs, rms: -60 })
        },
        reset: () => {},
        close: () => Promise.resolve(),
      }),
    },
  }
  return self
}

function createParts(clock: VirtualClock): HearingParts {
  return {
    clock,
    context: createTestSpeechContext({ clock }),
    vad: undefined,
    vadOptions: defaultVoiceSettings.vad,
    stt: undefined,
    sharedVad: undefined,
    language: undefined,
    keyTerms: [],
    feed: () => {},
    onHeard: () => {},
    process: (frame) => frame,
    forRecognizer: (frame) => frame,
    onUsage: () => {},
    onTranscript: () => true,
    onStageFailed: () => {},
  }
}

test('TM-13 a detector that takes audio for ten seconds and gives no result has failed', async () => {
  const clock = createVirtualClock()
  const vad = createDetector()
  const fed: TurnEvent[] = []
  const hearing = new Hearing({ ...createParts(clock), vad: vad.detector, feed: (event) => fed.push(event) })
  await hearing.start(16_000)
  const hear = (frames: number): void => {
    for (let frame = 0; frame < frames; frame++) {
      hearing.push({ samples: new Int16Array(320), sampleRateHz: 16_000, channels: 1, position: 0 }, frame * 20)
    }
  }
  hear(1000)
  vad.isAlive = false
  hear(499)
  expect(fed).toEqual([])
  hear(1)
  expect(fed).toEqual([{ type: 'vadFailed' }])
  await hearing.close()
})

test('TM-10 what was withheld from a recognizer that broke off is not given to the next one', async () => {
  const clock = createVirtualClock()
  const given: number[] = []
  const fake = createFakeStt()
  const stt: SpeechToText = {
    ...fake,
    async open(options, context) {
      const stream = await fake.open(options, context)
      const breaks = fake.opened.length === 1
      return {
        ...stream,
        push: ({ samples }) => void given.push(...new Set(samples)),
        silence() {
          if (breaks) throw new Error('gone')
        },
      }
    },
  }
  const hearing = new Hearing({ ...createParts(clock), stt })
  await hearing.start(16_000)
  const hear = (sample: number, frames: number): void => {
    for (let frame = 0; frame < frames; frame++) {
      const samples = new Int16Array(320).fill(sample)
      hearing.push({ samples, sampleRateHz: 16_000, channels: 1, position: 0 }, clock.monotonicMs())
    }
  }
  hearing.setGated(true)
  hear(7, 11)
  hearing.setGated(false)
  hearing.restart('stt')
  await clock.advance(0)
  hearing.setGated(true)
  hear(9, 1)
  hearing.setGated(false)
  expect(given).toEqual([9])
  await hearing.close()
})
