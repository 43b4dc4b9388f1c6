import { Agent, allow, callAccessOf, ConversationPipeline, modify, type Kit } from '@parley/kit'
import { defineTool, type Channel, type TextToSpeech } from '@parley/spec'
import { createFakeTts, scriptedModel } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openCall, sayingAgent } from './__fixtures__/open-call.ts'

const handOff = (target: string, also: object = {}) => ({
  toolCalls: [
    { name: 'handoff_conversation', arguments: { target, reason: 'charge', summary: 'charged twice', ...also } },
  ],
})

/** Riley answers first, Morgan may take over. */
function pipelineOf(agents: Agent[]) {
  return (kit: Kit, roomId: string): void => {
    const [first, second] = agents
    const pipeline = new ConversationPipeline({
      stages: [
        { phase: 'intake', agentId: first?.channelId ?? '', next: 'billing' },
        { phase: 'billing', agentId: second?.channelId ?? '', next: null },
      ],
    })
    pipeline.install(kit, agents, { roomId })
  }
}

describe('the output of an agent in a call', () => {
  /** Riley, whose model gives a word every so often. */
  const slowly = (text: string, partMs: number) => ({
    agents: [],
    setUp: async (kit: Kit, roomId: string): Promise<void> => {
      const { clock } = callAccessOf(kit)
      kit.register(new Agent('riley', { name: 'Riley', model: scriptedModel([text], { partMs, clock }) }))
      await kit.attach(roomId, 'riley')
    },
  })

  test('C-2 it is spoken while it is made, and committed as it was heard', async () => {
    const text = 'The first sentence is there at once. The second one takes the model a while.'
    await using bench = await openCall(slowly(text, 200))
    void bench.endpoint.caller.sayText('hello')
    await bench.clock.advance(4_000)
    // Its first sentence is heard already; the log waits for what is heard of it all.
    expect(bench.heard().join(' ')).toMatch(/^The first/)
    expect(await bench.lines()).toEqual(['ada: hello'])
    await bench.clock.advance(10_000)
    expect(await bench.lines()).toEqual(['ada: hello', `riley: ${text}`])
    const [, said] = await bench.kit.events(bench.roomId, { types: ['message'] })
    expect(said?.metadata['voice']).toMatchObject({ callId: bench.call.id })
    expect(bench.errors).toEqual([])
  })

  test('C-2 members who read see it grow meanwhile', async () => {
    const { agents, setUp } = slowly('one two three four five', 100)
    const page: Channel = {
      channelId: 'page',
      channelType: 'websocket',
      category: 'transport',
      capabilities: { content: ['text'], live: 'deltas' },
      deliver: async () => ({ status: 'sent' }),
    }
    await using bench = await openCall({
      agents,
      setUp: async (kit, roomId) => {
        await setUp(kit, roomId)
        kit.register(page)
        await kit.attach(roomId, 'page')
      },
    })
    const seen: string[] = []
    bench.kit.subscribe(bench.roomId, ({ type }) => void seen.push(type), { types: ['outputDelta'] })
    void bench.endpoint.caller.sayText('hello')
    await bench.clock.advance(1_800)
    expect(seen.length).toBeGreaterThan(1)
    expect(await bench.lines()).toEqual(['ada: hello'])
    await bench.clock.advance(8_000)
  })

  test('C-2 HK-8 a hook that may change text holds speech and captions until it has passed it', async () => {
    await using bench = await openCall({ agents: [sayingAgent('riley', 'your code is 4711 my friend')] })
    bench.kit.hook(
      'beforeBroadcast',
      ({ event }) =>
        event.content.type === 'text'
          ? modify({ ...event, content: { ...event.content, text: event.content.text.replace('4711', 'secret') } })
          : allow(),
      { sourceKinds: ['agent'] },
    )
    void bench.endpoint.caller.sayText('hello')
    await bench.clock.advance(12_000)
    expect(bench.heard()).toEqual(['your code is secret my friend'])
    expect(await bench.lines()).toEqual(['ada: hello', 'riley: your code is secret my friend'])
    expect(JSON.stringify(bench.endpoint.views)).not.toContain('4711')
  })

  test('C-2 a sentence that beforeTts blocks is neither spoken nor captioned, and speech goes on with the next', async () => {
    const text =
      'This sentence is said as it stands here. This one holds a secret word that is long. This one is said again as it stands.'
    await using bench = await openCall({ agents: [sayingAgent('riley', text)] })
    bench.kit.hook('beforeTts', ({ text: sentence }) => {
      if (sentence.includes('secret')) throw new Error('the guard broke')
      return undefined
    })
    void bench.endpoint.caller.sayText('hello')
    await bench.clock.advance(25_000)
    expect(bench.heard().join(' ')).not.toContain('secret')
    expect(bench.heard().join(' ')).toContain('said again')
    expect(JSON.stringify(bench.endpoint.views)).not.toContain('secret')
    expect(await bench.receipts('sentenceBlocked')).toHaveLength(1)
  })
})

describe('a model that writes the call of a tool as text', () => {
  const ran: unknown[] = []
  const refund = defineTool({
    name: 'refund',
    description: 'Refunds an amount.',
    input: z.object({ amount: z.number() }),
    effect: 'idempotent',
    run: (input) => {
      ran.push(input)
      return 'done'
    },
  })
  const riley = (...script: Parameters<typeof scriptedModel>[0]): Agent => {
    ran.length = 0
    return new Agent('riley', { name: 'Riley', tools: [refund], model: scriptedModel(script, { then: 'last' }) })
  }

  test('S-2 makes the real call where name and arguments fit, and nothing of it is heard', async () => {
    const written = 'one moment please {"name": "refund", "arguments": {"amount": 4}}'
    await using bench = await openCall({
      agents: [riley(written, 'i have refunded it')],
      channel: { preemptive: { enabled: false } },
    })
    void bench.endpoint.caller.sayText('refund me')
    await bench.clock.advance(15_000)
    expect(ran).toEqual([{ amount: 4 }])
    expect(bench.heard().join(' ')).toBe('one moment please i have refunded it')
    expect(await bench.lines()).toEqual(['ada: refund me', 'riley: one moment please', 'riley: i have refunded it'])
    const ended = await bench.kit.events(bench.roomId, { types: ['toolCallEnded'] })
    expect(ended.map(({ content }) => content)).toMatchObject([{ name: 'refund', status: 'completed', result: 'done' }])
  })

  test('S-2 drops a call that does not fit, with a receipt', async () => {
    const written = 'one moment please {"name": "refund", "arguments": {"amount": "all"}}'
    await using bench = await openCall({ agents: [riley(written)], channel: { preemptive: { enabled: false } } })
    void bench.endpoint.caller.sayText('refund me')
    await bench.clock.advance(15_000)
    expect(ran).toEqual([])
    expect(bench.heard().join(' ')).toBe('one moment please')
    expect(await bench.receipts('spokenToolCall')).toMatchObject([{ name: 'refund' }])
  })
})

describe('an agent without a model', () => {
  const hollow = (): Agent => new Agent('morgan', { name: 'Morgan', systemPrompt: 'You know bills.' })

  test('C-8 is skipped: a call like this one has nothing it could speak with', async () => {
    await using bench = await openCall({ agents: [hollow()] })
    void bench.endpoint.caller.sayText('hello')
    await bench.clock.advance(8_000)
    expect(await bench.lines()).toEqual(['ada: hello'])
    const turns = await bench.kit.receipts(bench.roomId, { kind: 'turn' })
    expect(turns.map(({ data }) => data)).toMatchObject([{ agentId: 'morgan', skipped: 'no_model' }])
    expect(bench.call.state).toMatchObject({ agent: 'listening', isEnded: false })
    expect(bench.errors).toEqual([])
  })

  test('C-8 cannot be handed to: the call stays with the present agent, who is told why', async () => {
    const model = scriptedModel([handOff('morgan'), 'i will see to it myself'])
    const agents = [new Agent('riley', { name: 'Riley', model }), hollow()]
    await using bench = await openCall({ agents, setUp: pipelineOf(agents) })
    void bench.endpoint.caller.sayText('i was charged twice')
    await bench.clock.advance(15_000)
    expect(await bench.lines()).toEqual(['ada: i was charged twice', 'riley: i will see to it myself'])
    expect((await bench.kit.state(bench.roomId)).activeAgentId).toBe('riley')
    expect(JSON.stringify(model.requests[1]?.messages)).toMatch(/handoff_target_unavailable/)
    expect(bench.heard()).toEqual(['i will see to it myself'])
  })
})

describe('a handoff in mid-call', () => {
  const voiced = (id: string, voice: string, ...script: Parameters<typeof scriptedModel>[0]): Agent =>
    new Agent(id, { name: id, voice, model: scriptedModel(script, { then: 'last' }) })

  test('HO-1 the switch adds no gap beyond the pause between two speakers', async () => {
    const agents = [
      voiced('riley', 'alice', { text: 'one moment please', ...handOff('morgan') }),
      voiced('morgan', 'bob', 'i see two payments'),
    ]
    await using bench = await openCall({ agents, setUp: pipelineOf(agents) })
    void bench.endpoint.caller.sayText('i was charged twice')
    await bench.clock.advance(15_000)
    const [before, after] = bench.endpoint.heard()
    expect([before?.voice, after?.voice]).toEqual(['alice', 'bob'])
    expect((after?.startMs ?? 0) - (before?.endMs ?? 0)).toBeLessThanOrEqual(200)
    expect(bench.errors).toEqual([])
  })

  test('HO-1 the present speech may go on for 6 s, then the other speaks', async () => {
    const long = 'one two three four five six seven eight nine ten eleven twelve. '.repeat(6)
    const agents = [
      voiced('riley', 'alice', { text: long, ...handOff('morgan') }),
      voiced('morgan', 'bob', 'i see two payments'),
    ]
    await using bench = await openCall({
      agents,
      setUp: pipelineOf(agents),
      channel: { preemptive: { enabled: false } },
    })
    void bench.endpoint.caller.sayText('i was charged twice')
    await bench.clock.advance(25_000)
    const heard = bench.endpoint.heard()
    const other = heard.find(({ voice }) => voice === 'bob')
    const spokenMs = (other?.startMs ?? 0) - (heard[0]?.startMs ?? 0)
    expect(spokenMs).toBeGreaterThan(5_500)
    expect(spokenMs).toBeLessThan(6_800)
  })

  test('HO-2 a voice that cannot be opened refuses the handoff: nothing is committed, and the call goes on', async () => {
    const engine = createFakeTts()
    const tts: TextToSpeech = {
      ...engine,
      open: (o, context) => (o.voice === 'bob' ? Promise.reject(new Error('no such line')) : engine.open(o, context)),
    }
    const agents = [
      voiced('riley', 'alice', handOff('morgan'), 'then i will do it'),
      voiced('morgan', 'bob', 'never said'),
    ]
    await using bench = await openCall({ agents, channel: { tts }, setUp: pipelineOf(agents) })
    const before = await bench.kit.state(bench.roomId)
    void bench.endpoint.caller.sayText('i was charged twice')
    await bench.clock.advance(15_000)
    const state = await bench.kit.state(bench.roomId)
    expect(state).toMatchObject({ activeAgentId: 'riley', phase: before.phase })
    expect(await bench.lines()).toEqual(['ada: i was charged twice', 'riley: then i will do it'])
    void bench.endpoint.caller.sayText('and now')
    await bench.clock.advance(10_000)
    expect((await bench.lines()).slice(2)).toEqual(['ada: and now', 'riley: then i will do it'])
  })

  test('HO-2 a voice that is never ready is refused after 8 s, and words of the person meanwhile are answered', async () => {
    const engine = createFakeTts()
    const tts: TextToSpeech = {
      ...engine,
      open: (o, context) => (o.voice === 'bob' ? new Promise(() => {}) : engine.open(o, context)),
    }
    const agents = [
      voiced('riley', 'alice', handOff('morgan'), 'i am still here'),
      voiced('morgan', 'bob', 'never said'),
    ]
    await using bench = await openCall({ agents, channel: { tts }, setUp: pipelineOf(agents) })
    void bench.endpoint.caller.sayText('i was charged twice')
    await bench.clock.advance(5_000)
    void bench.endpoint.caller.sayText('are you there')
    await bench.clock.advance(25_000)
    expect((await bench.kit.state(bench.roomId)).activeAgentId).toBe('riley')
    const lines = await bench.lines()
    expect(lines).toContain('ada: are you there')
    expect(lines.at(-1)).toBe('riley: i am still here')
    expect(bench.call.state.agent).toBe('listening')
  })
})

describe('the voice of an utterance', () => {
  const withVoices = (): Agent =>
    new Agent('riley', {
      name: 'Riley',
      voice: 'alice',
      voices: { de: 'bob' },
      model: scriptedModel(['yes'], { then: 'last' }),
    })
  const voiceHeard = async (options: Parameters<typeof openCall>[0]): Promise<string | undefined> => {
    await using bench = await openCall(options)
    void bench.endpoint.caller.sayText('hello')
    await bench.clock.advance(8_000)
    return bench.endpoint.heard()[0]?.voice
  }

  test('G-4 AG-5 is of the call, then of the language, then of the agent, then of the map, then the default', async () => {
    const plain = (): Agent => sayingAgent('riley', 'yes')
    const mapped = { voiceMap: { riley: 'carol' }, defaultVoice: 'dave' }
    expect(
      await voiceHeard({ agents: [withVoices()], channel: mapped, connect: { voice: 'erin', language: 'de' } }),
    ).toBe('erin')
    expect(await voiceHeard({ agents: [withVoices()], channel: mapped, connect: { language: 'de' } })).toBe('bob')
    expect(await voiceHeard({ agents: [withVoices()], channel: mapped })).toBe('alice')
    expect(await voiceHeard({ agents: [plain()], channel: mapped })).toBe('carol')
    expect(await voiceHeard({ agents: [plain()], channel: { defaultVoice: 'dave' } })).toBe('dave')
  })

  test('G-4 may be a map by engine', async () => {
    const riley = new Agent('riley', {
      name: 'Riley',
      voice: { other: 'alice', 'fake-tts': 'bob' },
      model: scriptedModel(['yes']),
    })
    expect(await voiceHeard({ agents: [riley] })).toBe('bob')
  })

  test('G-4 is resolved anew for each turn', async () => {
    await using bench = await openCall({ agents: [withVoices()] })
    void bench.endpoint.caller.sayText('hello')
    await bench.clock.advance(8_000)
    const changed = bench.call.setLanguage('de')
    await bench.clock.advance(100)
    await changed
    void bench.endpoint.caller.sayText('guten tag')
    await bench.clock.advance(8_000)
    expect(bench.endpoint.heard().map(({ voice }) => voice)).toEqual(['alice', 'bob'])
  })

  test('G-4 that its engine does not list is voice_unknown, with the list', async () => {
    const riley = new Agent('riley', { name: 'Riley', voice: 'nobody', model: scriptedModel(['yes']) })
    await expect(openCall({ agents: [riley] })).rejects.toMatchObject({
      code: 'voice_unknown',
      details: { voice: 'nobody', agentId: 'riley', known: expect.arrayContaining(['alice', 'bob']) },
    })
  })
})
