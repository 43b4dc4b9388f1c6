import { Agent, block, ConversationPipeline, defineTool, type Kit } from '@parley/kit'
import { createFakeTts, createTestEndpoint, scriptedModel } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { expectAnswering, openCall, say, talker } from './call-bench.ts'

const counting = 'one two three four five six seven eight nine ten eleven twelve. '

/** A tool whose work the test ends. */
function slowTool() {
  const runs: { finish: (value: string) => void; signal: AbortSignal }[] = []
  const tool = defineTool({
    name: 'look_up',
    description: 'Looks something up.',
    input: z.object({}),
    run: (_input, { signal }) =>
      new Promise<string>((resolve, reject) => {
        runs.push({ finish: resolve, signal })
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      }),
  })
  return { tool, runs }
}

const lookingUp = { toolCalls: [{ name: 'look_up', arguments: {} }] }

describe('a tool', () => {
  test('that outlives the call is ended, and the log holds what was said', async () => {
    const { tool, runs } = slowTool()
    const bench = await openCall({
      agents: [talker('riley', [{ text: 'let me look', ...lookingUp }], { tools: [tool] })],
    })
    await say(bench, 'look it up', 4_000)
    expect(runs).toHaveLength(1)
    bench.endpoint.caller.hangup()
    await bench.clock.advance(12_000)
    expect(await bench.call.ended).toBe('hangup')
    expect(runs[0]?.signal.aborted).toBe(true)
    expect((await bench.lines()).slice(0, 2)).toEqual(['ada: look it up', 'riley: let me look'])
  })

  test('that ends within 5 s of the end of the call has its result kept', async () => {
    const { tool, runs } = slowTool()
    const bench = await openCall({ agents: [talker('riley', [lookingUp, 'done'], { tools: [tool] })] })
    await say(bench, 'look it up', 4_000)
    bench.endpoint.caller.hangup()
    await bench.clock.advance(3_000)
    expect(runs[0]?.signal.aborted).toBe(false)
    runs[0]?.finish('found')
    await bench.clock.advance(10_000)
    expect(JSON.stringify(await bench.kit.events(bench.roomId))).toContain('found')
  })

  test('that hangs does not keep the person from being answered', async () => {
    const { tool } = slowTool()
    const model = scriptedModel([lookingUp, 'i am here'], { then: 'last' })
    const bench = await openCall({ agents: [new Agent('riley', { name: 'riley', model, tools: [tool] })] })
    await say(bench, 'look it up', 4_000)
    await say(bench, 'are you there', 10_000)
    expect(await bench.lines()).toEqual(['ada: look it up', 'ada: are you there', 'riley: i am here'])
    expect(bench.call.state).toMatchObject({ agent: 'listening', isEnded: false })
  })
})

describe('a model', () => {
  test.each([
    ['fails', () => Promise.reject(new Error('with a key of somebody in it'))],
    ['never answers', () => new Promise<string>(() => {})],
  ] as const)('that %s is apologized for, and the next turn is answered', async (_how, answer) => {
    let isBroken = true
    const bench = await openCall({ agents: [talker('riley', [() => (isBroken ? answer() : 'of course')])] })
    await say(bench, 'good morning', 60_000)
    expect(bench.heard()).toMatch(/^Sorry/)
    expect(bench.heard()).not.toContain('key')
    isBroken = false
    await expectAnswering(bench)
  })

  test('that fails has its own line spoken, where the agent has one', async () => {
    let isBroken = true
    const answer = () => (isBroken ? Promise.reject(new Error('broken')) : 'of course')
    const bench = await openCall({ agents: [talker('riley', [answer], { onFailure: 'My desk is closed.' })] })
    await say(bench, 'good morning', 60_000)
    expect(bench.heard()).toBe('My desk is closed.')
    expect(await bench.lines()).toEqual(['ada: good morning', 'riley: My desk is closed.'])
    isBroken = false
    await expectAnswering(bench)
  })

  test('that says nothing leaves the call listening', async () => {
    const bench = await openCall({ agents: [talker('riley', ['', 'of course'])] })
    await say(bench, 'good morning', 30_000)
    expect((await bench.lines())[0]).toBe('ada: good morning')
    await expectAnswering(bench)
  })

  test('that talks for ever can be stopped, and what was heard is a prefix of what it said', async () => {
    const bench = await openCall({ agents: [talker('riley', [counting.repeat(40), 'of course'])] })
    await say(bench, 'count', 8_000)
    await say(bench, 'stop that please', 12_000)
    const lines = await bench.lines()
    expect(lines[0]).toBe('ada: count')
    expect(lines[1]).toMatch(/ \|$/)
    expect(counting.repeat(40).startsWith((lines[1] ?? '').slice('riley: '.length, -2))).toBe(true)
    expect(lines.slice(2)).toEqual(['ada: stop that please', 'riley: of course'])
    await expectAnswering(bench)
  })
})

describe('a handoff', () => {
  const handOff = {
    toolCalls: [
      { name: 'handoff_conversation', arguments: { target: 'billing', reason: 'charge', summary: 'charged twice' } },
    ],
  }
  const withPipeline = (agents: Agent[]) => (kit: Kit, roomId: string) => {
    const pipeline = new ConversationPipeline({
      stages: [
        { phase: 'intake', agentId: 'triage', next: 'billing' },
        { phase: 'billing', agentId: 'billing', next: null },
      ],
    })
    pipeline.install(kit, agents, { roomId })
  }
  const pair = (first: Parameters<typeof talker>[1]): Agent[] => [
    talker('triage', first, { voice: 'alice' }),
    talker('billing', ['i see two payments'], { voice: 'bob' }),
  ]

  test('while the agent speaks lets it finish, then the other speaks: nothing is said twice', async () => {
    const agents = pair([{ text: counting.trim(), ...handOff }])
    const bench = await openCall({ agents, setUp: withPipeline(agents) })
    await say(bench, 'i was charged twice', 20_000)
    expect(bench.heard()).toBe(`${counting.trim()} i see two payments`)
    expect(bench.call.state).toMatchObject({ agent: 'listening', isEnded: false })
  })

  test('into which the person speaks loses no word of theirs', async () => {
    const agents = pair([{ text: counting.trim(), ...handOff }, 'yes'])
    const bench = await openCall({ agents, setUp: withPipeline(agents) })
    await say(bench, 'i was charged twice', 4_000)
    await say(bench, 'and please be quick about it', 25_000)
    const lines = await bench.lines()
    expect(lines).toContain('ada: and please be quick about it')
    expect(bench.call.state).toMatchObject({ agent: 'listening', isEnded: false })
    // Whoever has the conversation now has answered the last words.
    expect(lines.at(-1)).toMatch(/^(triage|billing): /)
  })

  test('that is refused by a hook leaves the agent in the conversation', async () => {
    const agents = pair([handOff, 'then i do it myself'])
    const bench = await openCall({ agents, setUp: withPipeline(agents) })
    bench.kit.hook('beforeHandoff', () => block('rate_limited'))
    await say(bench, 'i was charged twice', 15_000)
    expect(bench.heard()).toBe('then i do it myself')
    expect((await bench.kit.state(bench.roomId)).activeAgentId).toBe('triage')
  })

  test('whose caller hangs up in the middle ends the call cleanly', async () => {
    const agents = pair([{ text: counting.trim(), ...handOff }])
    const bench = await openCall({ agents, setUp: withPipeline(agents) })
    await say(bench, 'i was charged twice', 4_000)
    bench.endpoint.caller.hangup()
    await bench.clock.advance(20_000)
    expect(await bench.call.ended).toBe('hangup')
    expect(bench.voice.calls).toEqual([])
    expect((await bench.lines())[1]).toMatch(/^triage: one.* \|$/)
  })
})

describe('hooks of a call', () => {
  test('that hang have 150 ms: the turn is stored blocked, and the person is asked to say it again', async () => {
    const bench = await openCall()
    let hangs = true
    bench.kit.hook('onTranscription', () => (hangs ? new Promise<never>(() => {}) : undefined))
    await say(bench, 'good morning', 15_000)
    expect(bench.heard()).toMatch(/^Sorry, I could not take that/)
    expect((await bench.lines()).join(' ')).not.toContain('good morning')
    hangs = false
    await expectAnswering(bench)
  })

  test('that fail while speech is on do not stop the far end from falling silent', async () => {
    const bench = await openCall({ agents: [talker('riley', [counting.repeat(4), 'of course'])] })
    bench.kit.hook('onBargeIn', () => Promise.reject(new Error('no')))
    bench.kit.hook('onSpeechStart', () => new Promise<never>(() => {}))
    await say(bench, 'count', 5_000)
    const said = bench.endpoint.caller.sayText('stop that please')
    await bench.clock.advance(2_500)
    expect(bench.call.state.agent).not.toBe('speaking')
    await bench.clock.advance(10_000)
    await said
    await expectAnswering(bench)
  })
})

describe('a line', () => {
  test('that comes and goes all the time ends in one answer', async () => {
    const bench = await openCall()
    const said = bench.endpoint.caller.sayText('good morning')
    for (let n = 0; n < 40; n++) {
      bench.endpoint.caller.lose()
      await bench.clock.advance(40)
      bench.endpoint.caller.resume()
      await bench.clock.advance(60)
    }
    await bench.clock.advance(10_000)
    await said
    expect((await bench.lines()).filter((line) => line.startsWith('riley'))).toEqual(['riley: of course'])
    await expectAnswering(bench)
  })

  test('that loses a third of its frames under noise still gives single turns', async () => {
    const bench = await openCall()
    bench.endpoint.caller.loss(3)
    bench.endpoint.caller.noise(-60)
    await say(bench, 'good morning', 15_000)
    const lines = await bench.lines()
    expect(lines.filter((line) => line.startsWith('ada')).length).toBeLessThanOrEqual(1)
    bench.endpoint.caller.loss(0)
    bench.endpoint.caller.noise(undefined)
    await bench.clock.advance(10_000)
    await expectAnswering(bench)
  })

  test('whose output is never heard of settles by its watchdog, and the call listens', async () => {
    const bench = await openCall({ voice: { tts: createFakeTts() } })
    const { output } = bench.endpoint
    const open = output.open.bind(output)
    let isDeaf = true
    // It takes sound and tells nothing of it.
    output.open = (segment) =>
      isDeaf
        ? {
            segmentId: segment.segmentId,
            capture: () => 'ok',
            ready: () => Promise.resolve(),
            words: () => {},
            flush: () => {},
          }
        : open(segment)
    await say(bench, 'good morning', 60_000)
    expect(bench.events).toContainEqual({ type: 'stall', stage: 'output' })
    expect(bench.call.state).toMatchObject({ agent: 'listening', isEnded: false })
    isDeaf = false
    await expectAnswering(bench)
  })
})

describe('calls at once', () => {
  test('do not know of each other: one that breaks leaves the others alone', async () => {
    const bench = await openCall()
    const rooms = await Promise.all(Array.from({ length: 20 }, () => bench.kit.createRoom({ channels: ['riley'] })))
    const lines = rooms.map(() => createTestEndpoint({ clock: bench.clock }))
    const calls = await Promise.all(
      rooms.map((room, n) =>
        bench.voice.connect(lines[n] ?? bench.endpoint, { roomId: room.id, participantId: `p${n}` }),
      ),
    )
    for (const line of lines) void line.caller.sayText('good morning')
    await bench.clock.advance(1_000)
    for (const line of lines.slice(0, 10)) line.caller.hangup()
    await bench.clock.advance(10_000)
    expect(calls.map(({ state }) => state.isEnded)).toEqual([
      ...Array<boolean>(10).fill(true),
      ...Array<boolean>(10).fill(false),
    ])
    for (const line of lines.slice(10)) expect(line.heard().map(({ text }) => text.trim())).toEqual(['of course'])
    expect(bench.voice.calls).toHaveLength(11)
  })
})
