import type { EndpointHandlers, OutputEvent, SttEvent, TtsEvent, VadResult } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { createVirtualClock } from '../virtual-clock.ts'
import { createFakeStt } from './fake-stt.ts'
import { createFakeTts } from './fake-tts.ts'
import { createScriptedVad } from './scripted-vad.ts'
import { createTestSpeechContext } from './speech-context.ts'
import { createTestEndpoint } from './test-endpoint.ts'
import { toneText } from './tone-code.ts'

const format = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const

function handlers(more: Partial<EndpointHandlers>): EndpointHandlers {
  const none = (): void => {}
  return {
    onFrame: none,
    onDtmf: none,
    onMuted: none,
    onTalk: none,
    onText: none,
    onTranscript: none,
    onInterrupt: none,
    onConsent: none,
    onState: none,
    onClose: none,
    onStats: none,
    ...more,
  }
}

async function collect<E>(events: AsyncIterable<E>, into: E[]): Promise<void> {
  for await (const event of events) into.push(event)
}

describe('voice test kit', () => {
  test('what a person says in tones reaches the recognizer with times of the clock', async () => {
    const clock = createVirtualClock({ monotonicMs: 5_000 })
    const endpoint = createTestEndpoint({ clock })
    const stt = await createFakeStt({ endOfSpeech: true }).open({ format }, createTestSpeechContext({ clock }))
    const vad: VadResult[] = []
    const detector = createScriptedVad().create({ sampleRateHz: 16_000, onResult: (result) => vad.push(result) })
    const heard: SttEvent[] = []
    void collect(stt.events, heard)
    await endpoint.start(
      handlers({
        onFrame(frame, atMs) {
          stt.push(frame)
          detector.push(frame, atMs)
        },
      }),
    )
    await clock.advance(1_000)
    void endpoint.caller.sayText('refund please')
    await clock.advance(2_000)
    expect(heard.filter(({ type }) => type !== 'usage')).toMatchObject([
      { type: 'speechStart', atMs: 6_000 },
      { type: 'interim', text: 'refund' },
      { type: 'speechEnd', atMs: 6_780 },
      {
        type: 'final',
        text: 'refund please',
        words: [
          { text: 'refund', startMs: 6_000, endMs: 6_360 },
          { text: 'please', startMs: 6_420, endMs: 6_780 },
        ],
      },
    ])
    const voiced = vad.filter(({ probability }) => probability > 0.5)
    expect([voiced[0]?.atMs, voiced.at(-1)?.atMs]).toEqual([6_010, 6_780])
    await endpoint.close('hangup')
    expect(clock.pending).toBe(0)
  })

  test('what a voice says is played at real speed and can be read back, in order, whole', async () => {
    const clock = createVirtualClock()
    const endpoint = createTestEndpoint({ clock })
    const tts = await createFakeTts().open({ voice: 'bob', format }, createTestSpeechContext({ clock }))
    const events: OutputEvent[] = []
    endpoint.output.on('*', (event) => events.push(event))
    const said: TtsEvent[] = []
    void collect(tts.events, said)
    await endpoint.start(handlers({}))
    tts.speak('Hello ', { segmentId: 's1', last: false })
    tts.speak('there.', { segmentId: 's1', last: true })
    tts.speak('Bye.', { segmentId: 's2', last: true })
    await clock.advance(0)
    for (const segmentId of ['s1', 's2']) {
      const segment = endpoint.output.open({ utteranceId: 'u', segmentId, format })
      for (const event of said)
        if (event.type === 'audio' && event.segmentId === segmentId) segment.capture(event.frame)
      segment.flush()
    }
    expect(endpoint.output.queuedMs).toBe(16 * 60)
    await clock.advance(490)
    expect(endpoint.heard()).toMatchObject([{ voice: 'bob', text: 'Hello th' }])
    await clock.advance(1_000)
    expect(endpoint.heard()).toEqual([
      { voice: 'bob', text: 'Hello there. Bye.', startMs: 0, endMs: 960, isWhole: true },
    ])
    const told = events
      .filter(({ type }) => type !== 'progress')
      .map(({ type, segmentId, positionMs, atMs }) => [type, segmentId, positionMs, atMs])
    expect(told).toEqual([
      ['started', 's1', 0, 0],
      ['finished', 's1', 720, 720],
      ['started', 's2', 0, 720],
      ['finished', 's2', 240, 960],
    ])
    await endpoint.close('hangup')
  })

  test('a clear inside a frame cuts there, to the sample', async () => {
    const clock = createVirtualClock()
    const endpoint = createTestEndpoint({ clock })
    const segment = endpoint.output.open({ utteranceId: 'u', segmentId: 's', format })
    const samples = toneText('stop here')
    segment.capture({ samples, sampleRateHz: 16_000, channels: 1, position: 0 })
    segment.flush()
    await clock.advance(245)
    expect(endpoint.output.clear()).toEqual({
      epoch: 1,
      heardMs: 245,
      segmentId: 's',
      positionMs: 245,
      confidence: 'confirmed',
    })
    await clock.advance(1_000)
    expect(endpoint.output.heard.reduce((sum, piece) => sum + piece.samples.length, 0)).toBe(245 * 16)
    expect(endpoint.heard()).toMatchObject([{ text: 'stop' }])
    expect(clock.pending).toBe(0)
  })

  test('a rewinding pause repeats 40 ms, and the text is still read once', async () => {
    const clock = createVirtualClock()
    const endpoint = createTestEndpoint({ clock, capabilities: { pause: 'rewind' } })
    const segment = endpoint.output.open({ utteranceId: 'u', segmentId: 's', format })
    segment.capture({ samples: toneText('one moment please'), sampleRateHz: 16_000, channels: 1, position: 0 })
    segment.flush()
    await clock.advance(375)
    expect(endpoint.output.pause()).toBe(true)
    await clock.advance(125)
    expect(endpoint.output.isPlaying).toBe(false)
    endpoint.output.resume()
    await clock.advance(2_000)
    expect(endpoint.heard()).toMatchObject([{ text: 'one moment please', isWhole: true }])
    const heardMs = endpoint.output.heard.reduce((sum, piece) => sum + piece.samples.length, 0) / 16
    expect(heardMs).toBe(17 * 60 + 40)
  })
})
