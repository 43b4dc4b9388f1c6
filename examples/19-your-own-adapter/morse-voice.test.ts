import { createTestSpeechContext, createVirtualClock } from '@parley/testing'
import { ttsSuite } from '@parley/testing/conformance'
import { createMorseVoice } from './morse-voice.ts'

// The port is its contract, and the contract is a suite: one call, and the voice is tried on all of it.
ttsSuite('morse', () => {
  const clock = createVirtualClock()
  return {
    tts: createMorseVoice(),
    voice: 'low',
    context: (options) => createTestSpeechContext({ clock, ...options }),
    pass: (ms) => clock.advance(ms),
  }
})
