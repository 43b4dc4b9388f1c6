import type { VoiceActivityDetector } from '@parley/spec'
import { createTestSpeechContext, createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import type { TurnEvent } from '../turn/turn-events.ts'
import { defaultVoiceSettings } from '../options/default-settings.ts'
import { Hearing } from './hearing.ts'

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

test('TM-13 a detector that takes audio for ten seconds and gives no result has failed', async () => {
  const clock = createVirtualClock()
  const vad = createDetector()
  const fed: TurnEvent[] = []
  const hearing = new Hearing({
    clock,
    context: createTestSpeechContext({ clock }),
    vad: vad.detector,
    vadOptions: defaultVoiceSettings.vad,
    stt: undefined,
    sharedVad: undefined,
    language: undefined,
    keyTerms: [],
    feed: (event) => fed.push(event),
    onHeard: () => {},
    process: (frame) => frame,
    forRecognizer: (frame) => frame,
    onUsage: () => {},
    onTranscript: () => true,
    onStageFailed: () => {},
  })
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
