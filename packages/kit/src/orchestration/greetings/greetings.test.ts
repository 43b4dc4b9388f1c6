import { createSeededIds, createVirtualClock } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { createMemoryStore } from '../../store/memory-store.ts'
import { say, scripted, testKit, transcript, type TestKit } from '../__fixtures__/orchestrated-kit.ts'
import { HandoffHandler } from '../handoff/handoff-handler.ts'
import { Pipeline } from '../pipeline/pipeline.ts'
import { ConversationRouter } from '../router/conversation-router.ts'

let people = 0

/** Somebody comes into the room. */
async function connect({ kit }: TestKit, roomId: string): Promise<void> {
  people++
  await kit.ensureParticipant(roomId, { id: `person-${people}` })
}

describe('a new conversation', () => {
  test('GR-2 is greeted once, by the agent that is active; the others stay silent', async () => {
    const made = testKit()
    const agents = [scripted('a', ['A.'], { greeting: 'Welcome!' }), scripted('b', ['B.'], { greeting: 'Not me.' })]
    const room = await made.kit.createRoom({ orchestration: new Pipeline({ agents }) })
    await connect(made, room.id)
    await connect(made, room.id)
    await made.kit.settled(room.id)
    expect(await transcript(made.kit, room.id)).toEqual(['a: Welcome!'])
    await say(made.kit, room.id, 'hello')
    await connect(made, room.id)
    await made.kit.settled(room.id)
    expect(await transcript(made.kit, room.id)).toEqual(['a: Welcome!', 'ada: hello', 'a: A.'])
    await made.kit.close()
  })

  test('GR-2 without an active agent it is the default, else the only one; autoGreet false is silence', async () => {
    const made = testKit()
    const { kit } = made
    const agents = [
      scripted('a', ['A.'], { greeting: 'A greets.' }),
      scripted('b', ['B.'], { greeting: 'B greets.' }),
      scripted('shy', ['S.'], { greeting: 'never', autoGreet: false }),
    ]
    for (const agent of agents) kit.register(agent)
    const only = await kit.createRoom({ channels: ['b'] })
    const shy = await kit.createRoom({ channels: ['shy'] })
    const many = await kit.createRoom({ channels: ['a', 'b'] })
    const routed = await kit.createRoom({ channels: ['a', 'b'] })
    await new ConversationRouter({ defaultAgentId: 'a' }).install(kit, agents, { roomId: routed.id }).installed
    for (const room of [only, shy, many, routed]) await connect(made, room.id)
    for (const room of [only, shy, many, routed]) await kit.settled(room.id)
    expect(await Promise.all([only, shy, many, routed].map(({ id }) => transcript(kit, id)))).toEqual([
      ['b: B greets.'],
      [],
      [],
      ['a: A greets.'],
    ])
    await kit.close()
  })

  test('GR-2 a conversation that is under way is not greeted as new', async () => {
    const made = testKit()
    const room = await made.kit.createRoom({
      orchestration: new Pipeline({ agents: [scripted('a', ['A.'], { greeting: 'Welcome!' })] }),
    })
    await say(made.kit, room.id, 'hello', { addressedTo: [] })
    await made.clock.advance(1_000)
    await connect(made, room.id)
    await made.kit.settled(room.id)
    expect(await transcript(made.kit, room.id)).toEqual(['ada: hello'])
    await made.kit.close()
  })

  test('GR-3 the first message waits for a greeting in preparation, in order', async () => {
    const clock = createVirtualClock()
    const made = testKit({ clock })
    const a = scripted('a', ['Hello, I was asked to greet.', 'The answer.'], {
      greetingPrompt: 'Greet the person warmly.',
    })
    const room = await made.kit.createRoom({ orchestration: new Pipeline({ agents: [a] }) })
    await connect(made, room.id)
    await say(made.kit, room.id, 'my question')
    expect(await transcript(made.kit, room.id)).toEqual([
      'ada: my question',
      'a: Hello, I was asked to greet.',
      'a: The answer.',
    ])
    expect(clock.monotonicMs()).toBe(0)
    await made.kit.close()
  })

  test('GR-3 a greeting that hangs holds nobody up for more than five seconds', async () => {
    const clock = createVirtualClock()
    const made = testKit({ clock })
    made.kit.hook('beforeBroadcast', async ({ event }) => {
      if (event.source.kind === 'agent' && event.content.type === 'text' && event.content.text === 'Welcome!')
        return { action: 'block', reason: 'x.silenced' }
      return undefined
    })
    const blocked = await made.kit.createRoom({
      orchestration: new Pipeline({ agents: [scripted('a', ['A.'], { greeting: 'Welcome!' })] }),
    })
    await connect(made, blocked.id)
    await say(made.kit, blocked.id, 'hello')
    expect(await transcript(made.kit, blocked.id)).toEqual(['ada: hello', 'a: A.'])
    const slow = scripted('slow', [() => new Promise<string>(() => {})], {
      greetingPrompt: 'Greet.',
      whileBusy: 'restart',
    })
    const room = await made.kit.createRoom({ orchestration: new Pipeline({ agents: [slow], id: 'slow' }) })
    await connect(made, room.id)
    await made.kit.send(room.id, { from: 'ada', text: 'hello' })
    await clock.advance(4_900)
    expect(slow.script.requests).toHaveLength(1)
    await clock.advance(200)
    expect(slow.script.requests).toHaveLength(2)
    const closing = made.kit.close({ graceMs: 10 })
    await clock.advance(20)
    await closing
  })

  test('GR-4 is not greeted again after a restart or a handover', async () => {
    const store = { ...createMemoryStore(), close: async () => {} }
    const first = testKit({ store })
    const agents = [scripted('a', ['A.'], { greeting: 'Welcome!' }), scripted('b', ['B.'], { greeting: 'Billing!' })]
    const room = await first.kit.createRoom({ orchestration: new Pipeline({ agents }) })
    await connect(first, room.id)
    await first.kit.settled(room.id)
    await first.kit.handoff(
      room.id,
      { target: 'b', reason: 'r', summary: 's', opening: 'silent' },
      { by: { kind: 'code', id: 'x' } },
    )
    await connect(first, room.id)
    await first.kit.settled(room.id)
    await first.kit.close()
    const second = testKit({ store, ids: createSeededIds(2), clock: createVirtualClock({ now: Date.UTC(2026, 0, 2) }) })
    for (const agent of agents) second.kit.register(agent)
    await connect(second, room.id)
    await second.kit.settled(room.id)
    expect(await transcript(second.kit, room.id)).toEqual(['a: Welcome!'])
    await second.kit.close()
  })

  test('GR-5 a greeting prompt makes a turn without a word of a person', async () => {
    const made = testKit()
    const a = scripted('a', ['Good day!'], { greetingPrompt: 'Greet the person warmly.' })
    const room = await made.kit.createRoom({ orchestration: new Pipeline({ agents: [a] }) })
    await connect(made, room.id)
    await made.kit.settled(room.id)
    expect(await transcript(made.kit, room.id)).toEqual(['a: Good day!'])
    expect(JSON.stringify(a.script.requests[0]?.messages)).toContain('Greet the person warmly.')
    expect((await made.kit.events(room.id)).every(({ source }) => source.kind !== 'person')).toBe(true)
    await made.kit.close()
  })
})

describe('sendGreeting', () => {
  test('GR-1 is the active agent’s message, from the map or the agent, by language; without an agent nothing happens', async () => {
    const { kit } = testKit()
    const agents = [
      scripted('a', ['A.'], { greeting: { English: 'Welcome!', French: 'Bienvenue !' } }),
      scripted('b', ['B.']),
    ]
    for (const agent of agents) kit.register(agent)
    const handler = new HandoffHandler(kit, new ConversationRouter())
    const room = await kit.createRoom({ channels: ['a', 'b'] })
    await handler.sendGreeting(room.id)
    expect(await transcript(kit, room.id)).toEqual([])
    await kit.updateState(room.id, (state) =>
      state.transition('handling', { toAgent: 'a' }).with({ language: 'French' }),
    )
    await handler.sendGreeting(room.id)
    await handler.sendGreeting(room.id)
    await kit.updateState(room.id, (state) => state.transition('handling', { toAgent: 'b' }))
    await handler.sendGreeting(room.id)
    expect(await transcript(kit, room.id)).toEqual(['a: Bienvenue !'])
    const installed = new ConversationRouter({ defaultAgentId: 'b' }).install(kit, agents, { id: 'mapped' })
    installed.greetingMap = { b: 'From the map.' }
    await installed.sendGreeting(room.id)
    await installed.sendGreeting('nowhere')
    expect((await kit.events(room.id, { types: ['message'] })).map(({ source }) => source.kind)).toEqual([
      'agent',
      'agent',
    ])
    expect((await transcript(kit, room.id)).at(-1)).toBe('b: From the map.')
    await kit.close()
  })
})
