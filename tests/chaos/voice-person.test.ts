import { describe, expect, test } from 'vitest'
import { expectAnswering, openCall, say, talker } from './call-bench.ts'

const soundOf = (ms: number, sampleRateHz = 16_000): Int16Array =>
  Int16Array.from(
    { length: (ms * sampleRateHz) / 1_000 },
    (_, n) => 8_000 * Math.sin((n * 2 * Math.PI * 200) / sampleRateHz),
  )

describe('what a line may send', () => {
  test.each([
    ['frames of another rate', { samples: new Int16Array(480), sampleRateHz: 24_000, channels: 1, position: 0 }],
    ['frames of two channels', { samples: new Int16Array(640), sampleRateHz: 16_000, channels: 2, position: 0 }],
    ['empty frames', { samples: new Int16Array(0), sampleRateHz: 16_000, channels: 1, position: 0 }],
    [
      'a minute of quiet in one frame',
      { samples: new Int16Array(960_000), sampleRateHz: 16_000, channels: 1, position: 0 },
    ],
    [
      'a position that is none',
      { samples: new Int16Array(320), sampleRateHz: 16_000, channels: 1, position: Number.NaN },
    ],
  ] as const)('%s leave the call answering', async (_what, frame) => {
    const bench = await openCall()
    await say(bench, 'good morning')
    for (let n = 0; n < 50; n++) {
      bench.endpoint.handlers?.onFrame(frame, bench.clock.monotonicMs())
      await bench.clock.advance(20)
    }
    await bench.clock.advance(10_000)
    await expectAnswering(bench)
    // Told, but not once per frame.
    expect(bench.events.filter(({ type }) => type === 'error' || type === 'stall').length).toBeLessThanOrEqual(2)
  })

  test('keys that are none are ignored', async () => {
    const bench = await openCall()
    for (const key of ['', 'x', '12', '\u0000', '🔥'.repeat(1_000)]) bench.endpoint.caller.dtmf(key)
    await bench.clock.advance(5_000)
    expect(await bench.lines()).toEqual([])
    await expectAnswering(bench)
  })

  test('transcripts of a browser that are empty, endless or doubled end in single turns', async () => {
    const bench = await openCall({ voice: {}, endpoint: { sendsFrames: false } })
    const tell = (id: string, text: string): void => bench.endpoint.handlers?.onTranscript({ id, text, final: true })
    tell('a', '')
    tell('b', '   ')
    tell('c', 'good morning')
    tell('c', 'good morning')
    await bench.clock.advance(10_000)
    expect(await bench.lines()).toEqual(['ada: good morning', 'riley: of course'])
    tell('d', 'word '.repeat(20_000))
    await bench.clock.advance(30_000)
    expect(bench.call.state).toMatchObject({ agent: 'listening', isEnded: false })
  })

  test('no frame for seconds in mid-word ends the turn with what was understood', async () => {
    const bench = await openCall()
    void bench.endpoint.caller.sayText('please check my last bill today')
    await bench.clock.advance(1_500)
    // The socket stays up; nothing comes.
    const { handlers } = bench.endpoint
    bench.endpoint.caller.stop()
    bench.endpoint.caller.loss(100)
    await bench.clock.advance(6_000)
    const [said, answer] = await bench.lines()
    expect(said).toMatch(/^ada: please/)
    expect(answer).toBe('riley: of course')
    bench.endpoint.caller.loss(0)
    expect(handlers).toBeDefined()
    await bench.clock.advance(2_000)
    await expectAnswering(bench)
  })
})

describe('what a person may do', () => {
  test('one who never stops is cut into turns, and the call goes on', async () => {
    const bench = await openCall({ voice: { userTurn: { maxMs: 10_000 } } })
    void bench.endpoint.caller.sayText('on and on '.repeat(50))
    await bench.clock.advance(12_000)
    const [first] = await bench.kit.events(bench.roomId, { types: ['message'] })
    expect(first?.metadata['voice']).toMatchObject({ truncated: 'maxTurn' })
    bench.endpoint.caller.stop()
    await bench.clock.advance(20_000)
    await expectAnswering(bench)
  })

  test('noise that never ends and has no words keeps no turn open', async () => {
    const bench = await openCall({ voice: { userTurn: { maxMs: 10_000 } } })
    void bench.endpoint.caller.say(soundOf(25_000))
    await bench.clock.advance(26_000)
    expect(await bench.lines()).toEqual([])
    bench.endpoint.caller.stop()
    await bench.clock.advance(10_000)
    await expectAnswering(bench)
  })

  test('one who never speaks is away after 15 s, and welcome when they come back', async () => {
    const bench = await openCall()
    await bench.clock.advance(14_000)
    expect(bench.call.state.user).toBe('silent')
    await bench.clock.advance(2_000)
    expect(bench.call.state.user).toBe('away')
    await bench.clock.advance(60_000)
    expect(bench.call.state).toMatchObject({ agent: 'listening', isEnded: false })
    await expectAnswering(bench)
  })

  test('where it is set, one who never speaks is asked, then the call ends', async () => {
    const bench = await openCall({ voice: { idle: { prompts: 2, hangupMs: 10_000 } } })
    await bench.clock.advance(120_000)
    expect(bench.heard()).toBe('Are you still there? I cannot hear you. Is your microphone on?')
    expect(bench.call.state.isEnded).toBe(true)
    expect(bench.events.at(-1)).toMatchObject({ type: 'ended' })
  })

  test('hanging up in mid-word keeps what was said', async () => {
    const bench = await openCall()
    void bench.endpoint.caller.sayText('please check my last bill')
    await bench.clock.advance(1_200)
    bench.endpoint.caller.hangup()
    await bench.clock.advance(10_000)
    expect(await bench.call.ended).toBe('hangup')
    const [said, ...rest] = await bench.lines()
    expect(said).toMatch(/^ada: please/)
    expect(rest).toEqual([])
  })

  test('hanging up while the agent speaks keeps what was heard', async () => {
    const bench = await openCall({ agents: [talker('riley', ['one two three four five six seven eight nine ten.'])] })
    await say(bench, 'count', 3_000)
    bench.endpoint.caller.hangup()
    await bench.clock.advance(10_000)
    const lines = await bench.lines()
    expect(lines[0]).toBe('ada: count')
    expect(lines[1]).toMatch(/^riley: one.* \|$/)
    expect(bench.heard()).toContain((lines[1] ?? '').slice('riley: '.length, -2).split(' ')[0])
  })
})
