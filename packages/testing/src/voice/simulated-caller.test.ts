import { decodePcmu, encodePcmu, encodeWav } from '@parley/audio'
import type { AudioFrame, SttEvent, TtsEvent } from '@parley/spec'
import { afterEach, describe, expect, test } from 'vitest'
import { createTwilioCallDouble } from '../doubles/twilio/twilio-call-double.ts'
import { createSocketPair } from '../socket-pair.ts'
import { createVirtualClock } from '../virtual-clock.ts'
import { caller, type CallerStep } from './caller-script.ts'
import { createFakeStt } from './fake-stt.ts'
import { createFakeTts } from './fake-tts.ts'
import { createSimulatedCaller } from './simulated-caller.ts'
import { createTestSpeechContext } from './speech-context.ts'
import { createTestEndpoint } from './test-endpoint.ts'
import { toneText } from './tone-code.ts'

const format = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const

const wav = (text: string): Uint8Array =>
  encodeWav({ ...format, sampleRateHz: 48_000 }, [toneText(text, { sampleRateHz: 48_000 })])

/** A robot on the line: greets, and answers each thing it understands after half a second. */
async function startRobot(answers: Record<string, string>) {
  const clock = createVirtualClock()
  const context = createTestSpeechContext({ clock })
  const endpoint = createTestEndpoint({ clock })
  const stt = await createFakeStt().open({ format }, context)
  const tts = await createFakeTts().open({ voice: 'bob', format }, context)
  const understood: string[] = []
  const digits: string[] = []
  const muted: boolean[] = []
  const loud: AudioFrame[] = []
  let said = 0
  const say = (text: string): void => {
    const segment = endpoint.output.open({ utteranceId: `u${++said}`, segmentId: `s${said}`, format })
    open.set(`s${said}`, segment)
    tts.speak(text, { segmentId: `s${said}`, last: true })
  }
  const open = new Map<string, ReturnType<typeof endpoint.output.open>>()
  void (async () => {
    for await (const event of tts.events as AsyncIterable<TtsEvent>) {
      if (event.type === 'audio') open.get(event.segmentId)?.capture(event.frame)
      if (event.type === 'done') open.get(event.segmentId)?.flush()
    }
  })()
  void (async () => {
    for await (const event of stt.events as AsyncIterable<SttEvent>) {
      if (event.type === 'interim') endpoint.output.clear()
      if (event.type !== 'final') continue
      understood.push(event.text)
      const answer = answers[event.text]
      if (answer !== undefined) clock.setTimer(500, () => say(answer))
    }
  })()
  await endpoint.start({
    onFrame(frame) {
      if (frame.samples.some((sample) => Math.abs(sample) > 2_000)) loud.push(frame)
      stt.push(frame)
    },
    onDtmf: (digit) => digits.push(digit),
    onMuted: (is) => muted.push(is),
    onTalk() {},
    onText() {},
    onTranscript() {},
    onInterrupt() {},
    onConsent() {},
    onState() {},
    onClose() {},
    onStats() {},
  })
  say('Good morning. How can I help you today?')
  const run = (steps: CallerStep[], options = {}) => createSimulatedCaller(steps, { endpoint, clock, ...options }).run()
  return { endpoint, clock, understood, digits, muted, loud, run, stop: () => endpoint.close('hangup') }
}

describe('simulated caller', () => {
  let stop: (() => Promise<void>) | undefined
  afterEach(() => stop?.())

  test('follows a script: listens, speaks, interrupts, hangs up', async () => {
    const robot = await startRobot({ 'my refund': 'It is 42 euros and comes in three days.', stop: 'Yes?' })
    stop = robot.stop
    const report = await robot.run([
      caller.afterAgent('sentence'),
      caller.expectHeard('Good morning'),
      caller.afterAgent('end'),
      caller.expectHeard(/help you/),
      caller.say('my refund'),
      caller.interruptAt('euros'),
      caller.say('stop here'),
      caller.expectHeard('It is 42 euros'),
      caller.expectSilence(1_000),
      caller.hangup(),
    ])
    expect(robot.understood).toEqual(['my refund', 'stop here'])
    expect(report.heard.map(({ text }) => text).at(-1)).toMatch(/^It is 42 euros/)
    expect(report.heard.map(({ text }) => text).at(-1)).not.toMatch(/days/)
    expect(report.said.map(({ text }) => text)).toEqual(['my refund', 'stop here'])
    expect(robot.endpoint.closedWith).toBe('hangup')
  })

  test('speaks with the voice it is given, coughs, presses keys, mutes', async () => {
    const robot = await startRobot({})
    stop = robot.stop
    await robot.run(
      [
        caller.say('hello', { voice: 'carol' }),
        caller.wait(500),
        caller.dtmf('12#'),
        caller.mute(),
        caller.say('nobody hears this'),
        caller.mute(false),
        caller.say({ samples: toneText('clip', { sampleRateHz: 8_000 }), sampleRateHz: 8_000, channels: 1 }),
        caller.wait(500),
        caller.say(wav('file')),
        caller.wait(500),
      ],
      { textToSpeech: createFakeTts() },
    )
    expect(robot.understood).toEqual(['hello', 'clip', 'file'])
    expect([robot.digits.join(''), robot.muted]).toEqual(['12#', [true, false]])
    robot.loud.length = 0
    await robot.run([caller.cough({ ms: 100 }), caller.wait(100)])
    expect(robot.loud.length).toBeGreaterThanOrEqual(5)
  })

  test('loss takes frames away and noise stays understandable at -40 dBFS', async () => {
    const robot = await startRobot({})
    stop = robot.stop
    await robot.run([caller.noise(-50), caller.say('in the rain'), caller.wait(400)])
    expect(robot.understood).toEqual(['in the rain'])
    robot.loud.length = 0
    await robot.run([caller.loss(50), caller.noise(undefined), caller.say('half of this is gone'), caller.loss(0)])
    expect(robot.loud.length).toBeLessThan(20 * 3 * 0.8)
    expect(robot.loud.length).toBeGreaterThan(20 * 3 * 0.2)
  })

  test.each([
    [caller.expectHeard('never said', { withinMs: 300 }), /expectHeard "never said".*not within 300 ms.*Good morn/],
    [caller.expectSilence(200), /expectSilence.*something was heard/],
    [caller.afterAgent('end', { withinMs: 100 }), /afterAgent "end".*not within 100 ms/],
  ])('a step that is not fulfilled says which and what was heard: %o', async (step, message) => {
    const robot = await startRobot({})
    stop = robot.stop
    await expect(robot.run([caller.wait(800), step])).rejects.toThrow(message)
  })

  test('calls by phone, in virtual time', async () => {
    const clock = createVirtualClock()
    const [ours, theirs] = createSocketPair()
    const double = await createTwilioCallDouble({ socket: theirs, clock })
    const understood: string[] = []
    const stt = await createFakeStt().open(
      { format: { ...format, sampleRateHz: 8_000 } },
      createTestSpeechContext({ clock }),
    )
    void (async () => {
      for await (const frame of ours.frames) {
        const message = JSON.parse(String(frame)) as { event: string; media?: { payload: string } } // The double's own.
        if (message.media === undefined) continue
        const samples = decodePcmu(Buffer.from(message.media.payload, 'base64'))
        stt.push({ samples, sampleRateHz: 8_000, channels: 1, position: 0 })
      }
    })()
    void (async () => {
      for await (const event of stt.events) {
        if (event.type !== 'final') continue
        understood.push(event.text)
        const answer = encodePcmu(toneText('You said it.', { sampleRateHz: 8_000, voice: 2 }))
        const payload = Buffer.from(answer).toString('base64')
        ours.send(JSON.stringify({ event: 'media', streamSid: double.streamSid, media: { payload } }))
      }
    })()
    const steps = [
      caller.say('by phone'),
      caller.afterAgent('end'),
      caller.expectHeard('You said it.'),
      caller.hangup(),
    ]
    const { heard } = await createSimulatedCaller(steps, { driver: double }).run()
    expect(understood).toEqual(['by phone'])
    expect(heard).toMatchObject([{ voice: 'carol', text: 'You said it.', isWhole: true }])
    await double.close()
    await stt.close()
  })
})
