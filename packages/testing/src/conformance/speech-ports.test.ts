import { expect, test } from 'vitest'
import { createTestEndpoint } from '../voice/test-endpoint.ts'
import { createFakeStt } from '../voice/fake-stt.ts'
import { createFakeTts } from '../voice/fake-tts.ts'
import { createScriptedBackchannelDetector, createScriptedTurnDetector } from '../voice/scripted-turn-detector.ts'
import { createScriptedVad } from '../voice/scripted-vad.ts'
import { createTestSpeechContext } from '../voice/speech-context.ts'
import { toneText } from '../voice/tone-code.ts'
import { createVirtualOutput } from '../voice/virtual-output.ts'
import { createVirtualClock } from '../virtual-clock.ts'
import { audioOutputSuite } from './audio-output.ts'
import { mediaEndpointSuite } from './media-endpoint.ts'
import { sttSuite, type SttSubject } from './speech-to-text.ts'
import { ttsSuite, type TtsSubject } from './text-to-speech.ts'
import { backchannelSuite, turnDetectorSuite } from './turn-detector.ts'
import { vadSuite } from './voice-activity.ts'

const rate = 16_000
const format = { encoding: 'pcm16', sampleRateHz: rate, channels: 1 } as const
const speech = { samples: toneText('where is my refund'), sampleRateHz: rate, channels: 1 } as const

function sttSubject(stt: SttSubject['stt']): SttSubject {
  const clock = createVirtualClock({ monotonicMs: 10_000 })
  return {
    stt,
    context: (options = {}) => createTestSpeechContext({ clock, ...options }),
    pass: (ms) => clock.advance(ms),
    speech,
    says: /where is my refund/,
    graceMs: 20,
  }
}

sttSuite('fake, tones', () => sttSubject(createFakeStt()))
sttSuite('fake, script, slow', () => {
  const stt = createFakeStt({ script: () => 'where is my refund', latencyMs: 300, endOfSpeech: true })
  return sttSubject(stt)
})
sttSuite('fake, whole clips', () => sttSubject(createFakeStt({ streaming: false, latencyMs: 100 })))

function ttsSubject(tts: TtsSubject['tts']): TtsSubject {
  const clock = createVirtualClock()
  const pass = (ms: number): Promise<void> => clock.advance(ms)
  return {
    tts,
    context: (options = {}) => createTestSpeechContext({ clock, ...options }),
    pass,
    voice: 'carol',
    format,
  }
}

ttsSuite('fake', () => ttsSubject(createFakeTts()))
ttsSuite('fake, real speed, no words', () =>
  ttsSubject(createFakeTts({ speed: 1, firstAudioMs: 200, wordTimings: 'none', streamingInput: false })),
)
ttsSuite('fake, words by character', () => ttsSubject(createFakeTts({ wordTimings: 'char', speed: 4, msPerChar: 45 })))

vadSuite('scripted, energy', () => ({ vad: createScriptedVad(), speech }))

turnDetectorSuite('scripted', () => ({
  detector: createScriptedTurnDetector({ script: ({ text }) => (text.endsWith('.') ? 0.9 : 0.1) }),
  finished: ['That is all.'],
  unfinished: ['and then I'],
}))

backchannelSuite('scripted', () => ({
  detector: createScriptedBackchannelDetector(),
  backchannels: ['Mm-hm.', 'yeah', 'Okay!'],
  turns: ['wait, no', 'yeah but why'],
}))

for (const pause of ['native', 'rewind', 'none'] as const) {
  audioOutputSuite(`virtual, pause ${pause}`, () => {
    const clock = createVirtualClock()
    const output = createVirtualOutput({ clock, pause })
    const heard = (): Int16Array => Int16Array.from(output.heard.flatMap(({ samples }) => [...samples]))
    return { output, clock, format, pause, latencyMs: 0, toleranceMs: 20, heard, close: () => output.close() }
  })
}

mediaEndpointSuite('test endpoint', () => {
  const clock = createVirtualClock()
  const endpoint = createTestEndpoint({ clock })
  const pass = (ms: number): Promise<void> => clock.advance(ms)
  return {
    endpoint,
    nowMs: () => clock.monotonicMs(),
    pass,
    async speak(ms) {
      const said = endpoint.caller.say(toneText('x'.repeat(ms / 60)))
      await pass(ms)
      await said
    },
    hangup: () => endpoint.caller.hangup(),
    heardMs: () => endpoint.output.heard.reduce((sum, piece) => sum + piece.samples.length / 16, 0),
    press: (digit) => endpoint.caller.dtmf(digit),
    type: (text) => endpoint.caller.type(text),
    leftovers: () => clock.pending,
  }
})

test('P-10 each port of speech and media has a suite, and a user gets it from the package', async () => {
  const suites: Record<string, unknown> = await import('./index.ts')
  const ports = {
    SpeechToText: 'sttSuite',
    TextToSpeech: 'ttsSuite',
    VoiceActivityDetector: 'vadSuite',
    TurnDetector: 'turnDetectorSuite',
    BackchannelDetector: 'backchannelSuite',
    AudioOutput: 'audioOutputSuite',
    MediaEndpoint: 'mediaEndpointSuite',
  }
  for (const suite of Object.values(ports)) expect(suites[suite], suite).toBeTypeOf('function')
})
