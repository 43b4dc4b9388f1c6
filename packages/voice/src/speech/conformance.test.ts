import {
  createFakeStt,
  createFakeTts,
  createScriptedVad,
  createTestSpeechContext,
  createVirtualClock,
  toneText,
} from '@parley/testing'
import { sttSuite, ttsSuite, type SttSubject, type TtsSubject } from '@parley/testing/conformance'

import { createEstimatedTimings } from './estimated-timings.ts'
import { createFallbackStt } from './fallback-stt.ts'
import { createFallbackTts } from './fallback-tts.ts'
import { createSegmentedStt } from './segmented-stt.ts'
import { createSentenceFed } from './sentence-fed.ts'
import { createTtsCache } from './tts-cache.ts'
import { withTtsCache } from './with-tts-cache.ts'

const format = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const

function ttsSubject(tts: TtsSubject['tts']): TtsSubject {
  const clock = createVirtualClock()
  return {
    tts,
    context: (options = {}) => createTestSpeechContext({ clock, ...options }),
    pass: (ms) => clock.advance(ms),
    voice: 'carol',
    format,
  }
}

function sttSubject(stt: SttSubject['stt']): SttSubject {
  const clock = createVirtualClock({ monotonicMs: 10_000 })
  return {
    stt,
    context: (options = {}) => createTestSpeechContext({ clock, ...options }),
    pass: (ms) => clock.advance(ms),
    speech: { samples: toneText('where is my refund'), sampleRateHz: 16_000, channels: 1 },
    says: /where is my refund/,
    graceMs: 20,
  }
}

ttsSuite('estimated timings', () => ttsSubject(createEstimatedTimings(createFakeTts({ wordTimings: 'none' }))))
ttsSuite('sentence fed', () => ttsSubject(createSentenceFed(createFakeTts({ streamingInput: false, speed: 2 }))))
ttsSuite('fallback, first member', () =>
  ttsSubject(createFallbackTts([createFakeTts({ id: 'one' }), createFakeTts({ id: 'two' })])),
)
ttsSuite('fallback, second member', () => {
  const broken = createFakeTts({ id: 'one', failures: [{ kind: 'error' }] })
  return ttsSubject(createFallbackTts([broken, createFakeTts({ id: 'two', sampleRateHz: 24_000 })]))
})
ttsSuite('cached, empty', () => ttsSubject(withTtsCache(createFakeTts({ speed: 4 }), createTtsCache())))
ttsSuite('cached, full', async () => {
  const cached = withTtsCache(createFakeTts(), createTtsCache())
  const texts = [
    'Your refund is on its way. It comes in three days.',
    'Your refund is on its way.',
    'It comes in three days.',
  ]
  await cached.prewarm(texts, [{ voice: 'carol' }], { format, context: createTestSpeechContext() })
  return ttsSubject(cached)
})

sttSuite('segmented', () => sttSubject(createSegmentedStt(createFakeStt({ streaming: false }), createScriptedVad())))
sttSuite('fallback, first member', () =>
  sttSubject(createFallbackStt([createFakeStt({ id: 'one' }), createFakeStt({ id: 'two' })])),
)
