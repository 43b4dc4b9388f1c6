import { Agent, block, modify } from '@parley/kit'
import type { ChatRequest } from '@parley/spec'
import {
  createFakeStt,
  createScriptedBackchannelDetector,
  createScriptedTurnDetector,
  scriptedModel,
} from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { openCall, sayingAgent, type CallBench, type CallBenchOptions } from './__fixtures__/open-call.ts'

const counting = 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen.'

/** Riley answers `count` with a long speech and everything else with `sure`. */
function counter(): Agent {
  const answer = ({ messages }: ChatRequest): string => {
    const last = messages.findLast(({ role }) => role === 'user')
    return JSON.stringify(last).includes('count') ? counting : 'sure'
  }
  return new Agent('riley', { name: 'Riley', model: scriptedModel([answer], { then: 'last' }) })
}

async function counted(options: CallBenchOptions = {}): Promise<CallBench> {
  const bench = await openCall({
    agents: [counter()],
    ...options,
    channel: { ...options.channel, interruption: { warmupMs: 0, ...options.channel?.interruption } },
  })
  void bench.endpoint.caller.sayText('count')
  await bench.clock.advance(3_000)
  expect(bench.call.state.agent).toBe('speaking')
  return bench
}

const noise = (ms: number): Int16Array =>
  Int16Array.from({ length: ms * 16 }, (_, n) => 9_000 * Math.sin((n * 2 * Math.PI * 3_700) / 16_000))

describe('what a person says', () => {
  test('C-1 is one event with its words, their times, the language and how sure it is', async () => {
    await using bench = await openCall({ connect: { language: 'en' } })
    void bench.endpoint.caller.sayText('where is my refund')
    await bench.clock.advance(8_000)
    const [said] = await bench.kit.events(bench.roomId, { types: ['message'] })
    expect(said?.source).toMatchObject({ kind: 'person', participantId: 'ada', medium: 'voice' })
    expect(said?.content).toMatchObject({ type: 'text', text: 'where is my refund', language: 'en' })
    const speech = said?.content.type === 'text' ? said.content.speech : undefined
    const atMs = { startMs: expect.any(Number), endMs: expect.any(Number) }
    expect(speech?.words).toMatchObject(['where', 'is', 'my', 'refund'].map((text) => ({ text, ...atMs })))
    expect(speech?.confidence).toBe(0.99)
    expect(said?.metadata['voice']).toMatchObject({ callId: bench.call.id, source: 'speech' })
  })

  test('C-1 passes the hooks of the inbound pipeline like any other message', async () => {
    await using bench = await openCall()
    bench.kit.hook('beforeBroadcast', ({ event }) =>
      event.source.kind === 'person' && event.content.type === 'text'
        ? modify({ ...event, content: { ...event.content, text: 'something else' } })
        : undefined,
    )
    void bench.endpoint.caller.sayText('hello')
    await bench.clock.advance(8_000)
    expect((await bench.lines())[0]).toBe('ada: something else')
  })

  test('C-1 onTranscription may change it, and blocked it is shown to nobody and asked for again', async () => {
    await using bench = await openCall()
    bench.kit.hook('onTranscription', (payload) =>
      payload.text.includes('card') ? block('hook_failed') : modify(payload.text.toUpperCase()),
    )
    void bench.endpoint.caller.sayText('hello')
    await bench.clock.advance(8_000)
    void bench.endpoint.caller.sayText('my card')
    await bench.clock.advance(12_000)
    expect(await bench.lines()).toEqual(['ada: HELLO', 'riley: all right', 'ada: redacted'])
    expect(bench.heard().at(-1)).toMatch(/^Sorry, I could not take that/)
    expect(JSON.stringify(bench.endpoint.views)).not.toContain('card')
  })
})

describe('a person who speaks while the agent does', () => {
  test('B-2 with mode off changes nothing, and the call can still interrupt', async () => {
    await using bench = await counted({ channel: { interruption: { mode: 'off' } } })
    void bench.endpoint.caller.sayText('stop that please now')
    await bench.clock.advance(2_500)
    expect(bench.call.state.agent).toBe('speaking')
    bench.call.interrupt({ force: true })
    await bench.clock.advance(500)
    expect(bench.call.state.agent).not.toBe('speaking')
    await bench.clock.advance(5_000)
    expect(await bench.lines()).toEqual(expect.arrayContaining([expect.stringMatching(/^riley: one.* \|$/)]))
  })

  test('TM-10 while nobody may interrupt, what is said is not heard, and never answered later', async () => {
    await using bench = await openCall({ agents: [counter()], channel: { interruption: { warmupMs: 0 } } })
    const handle = bench.call.say(counting, { interruptible: false })
    await bench.clock.advance(1_000)
    void bench.endpoint.caller.sayText('stop that please now')
    await bench.clock.advance(20_000)
    expect(await handle).toMatchObject({ status: 'done' })
    expect(await bench.lines()).toEqual([`riley: ${counting}`])
    void bench.endpoint.caller.sayText('and now')
    await bench.clock.advance(8_000)
    expect((await bench.lines()).slice(1)).toEqual(['ada: and now', 'riley: sure'])
  })

  test('TM-10 an answer that begins when the agent is heard to have finished is heard whole, though that is known later', async () => {
    await using bench = await openCall({ agents: [counter()], endpoint: { reportDelayMs: 180 } })
    void bench.call.say('one two', { interruptible: false })
    while (bench.heard().join(' ') !== 'one two') await bench.clock.advance(20)
    await bench.clock.advance(40)
    void bench.endpoint.caller.sayText('when is that')
    await bench.clock.advance(8_000)
    expect(await bench.lines()).toEqual(['riley: one two', 'ada: when is that', 'riley: sure'])
  })

  test('TM-10 with queue it is answered when the agent has finished', async () => {
    await using bench = await openCall({
      agents: [counter()],
      channel: { interruption: { warmupMs: 0, whileUninterruptible: 'queue' } },
    })
    void bench.call.say(counting, { interruptible: false })
    await bench.clock.advance(1_000)
    void bench.endpoint.caller.sayText('and then what')
    await bench.clock.advance(20_000)
    expect(await bench.lines()).toEqual([`riley: ${counting}`, 'ada: and then what', 'riley: sure'])
  })

  test('TM-10 what a guard protects is protected: the first utterance, until the first turn', async () => {
    await using bench = await openCall({
      agents: [counter()],
      channel: { interruption: { warmupMs: 0, guards: ['firstUtterance'] } },
    })
    const first = bench.call.say(counting)
    await bench.clock.advance(1_000)
    void bench.endpoint.caller.sayText('stop that please now')
    await bench.clock.advance(15_000)
    expect(await first).toMatchObject({ status: 'done' })
    const second = bench.call.say(counting)
    await bench.clock.advance(1_000)
    void bench.endpoint.caller.sayText('stop that please now')
    await bench.clock.advance(15_000)
    expect(await second).toMatchObject({ status: 'interrupted' })
  })

  test('B-9 mm-hm leaves it running, and is in the log as what it is', async () => {
    await using bench = await counted({ channel: { backchannelDetector: createScriptedBackchannelDetector(['yeah']) } })
    void bench.endpoint.caller.sayText('yeah')
    await bench.clock.advance(12_000)
    expect(bench.heard().join(' ')).toBe(counting)
    expect(await bench.lines()).toEqual(['ada: count', `riley: ${counting}`])
    const backchannels = await bench.kit.events(bench.roomId, { types: ['backchannel'] })
    expect(backchannels.map(({ content }) => content)).toMatchObject([{ text: 'yeah' }])
  })

  test('TM-12 a cough pauses at most, and speech goes on where it stopped', async () => {
    await using bench = await counted()
    void bench.endpoint.caller.say(noise(700))
    await bench.clock.advance(15_000)
    expect(bench.heard().join(' ').replaceAll(/\s+/g, ' ')).toBe(counting)
    expect(await bench.lines()).toEqual(['ada: count', `riley: ${counting}`])
    expect(bench.errors).toEqual([])
  })

  test('B-4 words below minWords are kept, and count with what follows', async () => {
    await using bench = await counted({ channel: { interruption: { minWords: 3 } } })
    void bench.endpoint.caller.sayText('please stop')
    await bench.clock.advance(4_000)
    void bench.endpoint.caller.sayText('right now')
    await bench.clock.advance(12_000)
    const said = (await bench.lines()).filter((line) => line.startsWith('ada'))
    expect(said.join(' ')).toContain('please stop')
    expect(said.join(' ')).toContain('right now')
  })

  test('B-5 interruption stops at the first utterance that forbids it', async () => {
    await using bench = await openCall({ channel: { interruption: { warmupMs: 0 } } })
    const first = bench.call.say('this one may be cut off at any time by anybody')
    const second = bench.call.say('this one must be said', { interruptible: false })
    const third = bench.call.say('and so must this')
    await bench.clock.advance(500)
    bench.call.interrupt()
    await bench.clock.advance(10_000)
    expect(await first).toMatchObject({ status: 'interrupted' })
    expect(await second).toMatchObject({ status: 'done', heardText: 'this one must be said' })
    expect(await third).toMatchObject({ status: 'done' })
  })

  test('B-6 before the first frame is audible nothing is committed and nothing is heard later', async () => {
    await using bench = await openCall({ agents: [counter()] })
    const handle = bench.call.say('never to be heard')
    bench.call.interrupt({ force: true })
    await bench.clock.advance(8_000)
    expect(await handle).toMatchObject({ status: 'interrupted', heardText: '' })
    expect(bench.heard()).toEqual([])
    expect(await bench.lines()).toEqual([])
  })

  test('B-3 a transcript alone interrupts where speech was not detected', async () => {
    await using bench = await counted()
    bench.endpoint.handlers?.onTranscript({ id: 'x', text: 'stop it now', final: true })
    await bench.clock.advance(6_000)
    const lines = await bench.lines()
    expect(lines[1]).toMatch(/^riley: one.* \|$/)
    expect(lines.slice(2)).toEqual(['ada: stop it now', 'riley: sure'])
  })

  test('B-1 typing and keys interrupt at once', async () => {
    await using bench = await counted()
    bench.endpoint.caller.type('wait')
    await bench.clock.advance(8_000)
    const typed = await bench.lines()
    expect(typed[1]).toMatch(/^riley: one.* \|$/)
    expect(typed.slice(2)).toEqual(['ada: wait', 'riley: sure'])
    void bench.endpoint.caller.sayText('count')
    await bench.clock.advance(3_000)
    bench.endpoint.caller.dtmf('5')
    await bench.clock.advance(20)
    expect(bench.call.state.agent).not.toBe('speaking')
    await bench.clock.advance(12_000)
    const keyed = (await bench.lines()).slice(4)
    expect(keyed[0]).toBe('ada: count')
    expect(keyed[1]).toMatch(/^riley: one.* \|$/)
    expect(keyed.slice(2)).toEqual(['riley: sure'])
  })
})

describe('a person who is muted, holds a key, or is held', () => {
  test('TM-15 muting ends what was open, and nobody waits', async () => {
    await using bench = await openCall()
    void bench.endpoint.caller.sayText('hello there my dear friend')
    await bench.clock.advance(1_200)
    bench.endpoint.caller.mute(true)
    await bench.clock.advance(6_000)
    const [said, answer] = await bench.lines()
    expect(said).toMatch(/^ada: hello/)
    expect(answer).toBe('riley: all right')
  })

  test('TM-15 push-to-talk: pressing interrupts at once, releasing commits', async () => {
    await using bench = await openCall({ agents: [counter()], channel: { endpointing: { mode: 'manual' } } })
    const { caller } = bench.endpoint
    const talk = async (text: string, ms: number): Promise<void> => {
      caller.talk(true)
      await bench.clock.advance(100)
      expect(bench.call.state.agent).not.toBe('speaking')
      void caller.sayText(text)
      await bench.clock.advance(ms)
      expect((await bench.lines()).at(-1)).not.toBe(`ada: ${text}`)
      caller.talk(false)
    }
    await talk('count', 1_500)
    await bench.clock.advance(3_000)
    expect(bench.call.state.agent).toBe('speaking')
    await talk('what now', 3_000)
    await bench.clock.advance(8_000)
    const lines = await bench.lines()
    expect([lines[0], ...lines.slice(2)]).toEqual(['ada: count', 'ada: what now', 'riley: sure'])
    expect(lines[1]).toMatch(/^riley: one.* \|$/)
  })

  test('BR-3 who is held drives nobody, and is heard again afterwards', async () => {
    await using bench = await openCall()
    bench.call.hold()
    void bench.endpoint.caller.sayText('can you hear me')
    await bench.clock.advance(8_000)
    expect(await bench.lines()).toEqual([])
    bench.call.resume()
    void bench.endpoint.caller.sayText('and now')
    await bench.clock.advance(8_000)
    expect(await bench.lines()).toEqual(['ada: and now', 'riley: all right'])
  })
})

describe('the room', () => {
  test('TM-16 paused: what is said is written down, nobody answers; back with the agent the next turn is answered', async () => {
    await using bench = await openCall({ agents: [sayingAgent('riley', 'all right', 'all right')] })
    await bench.kit.pause(bench.roomId, { by: { kind: 'person', id: 'morgan' } })
    await bench.clock.advance(100)
    void bench.endpoint.caller.sayText('anybody')
    await bench.clock.advance(8_000)
    expect(await bench.lines()).toEqual(['ada: anybody'])
    await bench.kit.resume(bench.roomId, { by: { kind: 'person', id: 'morgan' } })
    await bench.clock.advance(100)
    void bench.endpoint.caller.sayText('and now')
    await bench.clock.advance(8_000)
    expect((await bench.lines()).slice(1)).toEqual(['ada: and now', 'riley: all right'])
  })
})

describe('a turn', () => {
  test('TM-2 is held open by a prediction that more is to come, for the longest delay', async () => {
    const turnDetector = createScriptedTurnDetector({ script: [0.1] })
    await using bench = await openCall({ channel: { turnDetector } })
    void bench.endpoint.caller.sayText('my number is')
    await bench.clock.advance(2_800)
    expect(await bench.lines()).toEqual([])
    await bench.clock.advance(8_000)
    expect(await bench.lines()).toEqual(['ada: my number is', 'riley: all right'])
  })

  test('TM-5 two sentences with a pause are one turn and one answer', async () => {
    await using bench = await openCall({ agents: [counter()] })
    void bench.endpoint.caller.sayText('my number is')
    await bench.clock.advance(1_100)
    void bench.endpoint.caller.sayText('four seven')
    await bench.clock.advance(8_000)
    expect(await bench.lines()).toEqual(['ada: my number is four seven', 'riley: sure'])
  })

  test('TM-11 that is too long is cut, marked as cut, and the rest is another turn', async () => {
    await using bench = await openCall({
      agents: [sayingAgent('riley', 'all right', 'all right')],
      channel: { userTurn: { maxMs: 3_000 }, stt: createFakeStt() },
    })
    void bench.endpoint.caller.sayText('on and on and on and on and on and on and on and on and on and on')
    await bench.clock.advance(15_000)
    const said = await bench.kit.events(bench.roomId, { types: ['message'] })
    expect(said[0]?.metadata['voice']).toMatchObject({ truncated: 'maxTurn' })
  })
})
