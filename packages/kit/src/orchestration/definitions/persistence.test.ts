import { createSeededIds, createVirtualClock } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createMemoryStore } from '../../store/memory-store.ts'
import { receiptsOf, say, scripted, testKit, transcript, type TestKit } from '../__fixtures__/orchestrated-kit.ts'
import { ConversationPipeline } from '../pipeline/conversation-pipeline.ts'
import { Pipeline } from '../pipeline/pipeline.ts'
import { ConversationRouter } from '../router/conversation-router.ts'
import type { Orchestration, OrchestrationDefinition } from './definition.ts'

let processes = 0

/** The next process on the same store, a second later; its ids are others. */
function restarted(
  store: ReturnType<typeof createMemoryStore>,
  { ready }: { ready?: (made: TestKit) => void } = {},
): TestKit {
  processes++
  const clock = createVirtualClock({ now: Date.UTC(2026, 0, 1, 0, 0, processes) })
  const made = testKit({ store: keepOpen(store), clock, ids: createSeededIds(100 + processes) })
  ready?.(made)
  return made
}

function keepOpen(store: ReturnType<typeof createMemoryStore>): ReturnType<typeof createMemoryStore> {
  return { ...store, close: async () => {} }
}

const stages = [
  { phase: 'desk', agentId: 'a', next: 'money' },
  { phase: 'money', agentId: 'b', next: null },
]

describe('after a restart', () => {
  test('PE-1 PE-2 a room goes on in its phase with its agent, without any installation', async () => {
    const store = createMemoryStore()
    const first = restarted(store)
    const room = await first.kit.createRoom({
      orchestration: new Pipeline({ agents: [scripted('a', ['A.']), scripted('b', ['B.'])], stages, id: 'shop' }),
    })
    await first.kit.handoff(room.id, { target: 'b', reason: 'r', summary: 's' }, { by: { kind: 'code', id: 'x' } })
    await first.kit.settled(room.id)
    expect((await first.kit.getRoom(room.id)).orchestration).toMatchObject({
      kind: 'pipeline',
      id: 'shop',
      version: 1,
      spec: { stages: [{ phase: 'desk', agentId: 'a', next: ['money'] }, { phase: 'money' }] },
    })
    await first.kit.close()

    const { kit, errors } = restarted(store)
    const a = scripted('a', ['A again.'])
    const b = scripted('b', [({ tools = [] }) => `B again, with ${tools.map(({ name }) => name).join()}.`])
    kit.register(a)
    kit.register(b)
    await say(kit, room.id, 'hello')
    expect((await transcript(kit, room.id)).slice(-2)).toEqual(['ada: hello', 'b: B again, with handoff_conversation.'])
    expect(a.script.requests).toEqual([])
    expect(
      await kit.handoff(room.id, { target: 'a', reason: 'r', summary: 's' }, { by: { kind: 'code', id: 'x' } }),
    ).toMatchObject({ code: 'handoff_transition_not_allowed' })
    expect(errors).toEqual([])
    await kit.close()
  })

  test('PE-1 functions are found again by the definition’s id', async () => {
    const store = createMemoryStore()
    const make = (
      agents: Parameters<ConversationRouter['install']>[1],
      kit: TestKit['kit'],
      roomId?: string,
    ): unknown =>
      new ConversationRouter({
        rules: [
          {
            agentId: 'b',
            conditions: { custom: ({ content }) => content.type === 'text' && content.text.includes('money') },
          },
        ],
        defaultAgentId: 'a',
      }).install(kit, agents, { id: 'words', ...(roomId === undefined ? {} : { roomId }) })
    const first = restarted(store)
    const agents = [scripted('a', ['A.']), scripted('b', ['B.'])]
    for (const agent of agents) first.kit.register(agent)
    const room = await first.kit.createRoom({ channels: ['a', 'b'] })
    make(agents, first.kit, room.id)
    await say(first.kit, room.id, 'about money')
    expect(await transcript(first.kit, room.id)).toEqual(['ada: about money', 'b: B.'])
    expect((await first.kit.getRoom(room.id)).orchestration?.spec).toMatchObject({
      rules: [{ conditions: { custom: { predicate: 'definition:rule-0' } } }],
    })
    await first.kit.close()

    const second = restarted(store)
    for (const agent of agents) second.kit.register(agent)
    await say(second.kit, room.id, 'more money')
    expect(second.errors).toMatchObject([{ code: 'orchestration_missing' }])
    const other = await second.kit.createRoom({ channels: ['a', 'b'] })
    make(agents, second.kit, other.id)
    await say(second.kit, room.id, 'and money')
    expect((await transcript(second.kit, room.id)).slice(2)).toEqual([
      'ada: more money',
      'ada: and money',
      'b: B.',
      'b: B.',
    ])
    await second.kit.close()
  })

  test('PE-3 without the definition or agent nobody is asked; later the waiting messages are answered', async () => {
    const store = createMemoryStore()
    const first = restarted(store)
    const contract = { schema: z.object({ id: z.string() }) }
    const staged = [
      { phase: 'desk', agentId: 'a', next: 'money' },
      { phase: 'money', agentId: 'b', contract },
    ]
    const pipeline = (): Pipeline =>
      new Pipeline({ agents: [scripted('a', ['A.']), scripted('b', ['B.'])], stages: staged, id: 'shop' })
    const room = await first.kit.createRoom({ orchestration: pipeline() })
    await first.kit.close()

    const { kit, errors } = restarted(store)
    const a = scripted('a', ['one', 'two', 'three'])
    kit.register(a)
    await say(kit, room.id, 'first')
    await say(kit, room.id, 'second')
    expect(await transcript(kit, room.id)).toEqual(['ada: first', 'ada: second'])
    expect((await kit.events(room.id, { types: ['message'] })).map(({ routing }) => routing?.reason)).toEqual([
      'orchestration_missing',
      'orchestration_missing',
    ])
    expect(errors).toMatchObject([
      { code: 'orchestration_missing', details: { missing: 'shop' } },
      { code: 'orchestration_missing' },
    ])
    kit.register(scripted('b', ['B.']))
    kit.orchestrations.register(pipeline().define(kit))
    await say(kit, room.id, 'third')
    expect((await transcript(kit, room.id)).toSorted()).toEqual([
      'a: one',
      'a: three',
      'a: two',
      'ada: first',
      'ada: second',
      'ada: third',
    ])
    expect(await receiptsOf(kit, room.id, 'routing')).toMatchObject([
      { target: 'a', supersedes: true },
      { target: 'a', supersedes: true },
    ])
    await say(kit, room.id, 'fourth')
    expect(a.script.requests).toHaveLength(4)
    await kit.close()
  })

  test('PE-3 an agent that is not registered, or a spec that cannot be read, is missing by name', async () => {
    const store = createMemoryStore()
    const first = restarted(store)
    const room = await first.kit.createRoom({
      orchestration: new Pipeline({ agents: [scripted('a', ['A.']), scripted('b', ['B.'])], stages, id: 'shop' }),
    })
    const broken = await first.kit.createRoom({ channels: ['a'] })
    await first.kit.close()
    const stored = await store.getRoom(broken.id)
    if (stored === null) throw new Error('no room')
    await store.updateRoom({ ...stored, orchestration: { kind: 'pipeline', id: 'garbage', version: 1, spec: 7 } })
    const { kit, errors } = restarted(store)
    kit.register(scripted('a', ['A.']))
    await say(kit, room.id, 'hello')
    await say(kit, broken.id, 'hello')
    expect(errors.map(({ code, details }) => [code, details])).toEqual([
      ['orchestration_missing', { roomId: room.id, missing: 'b' }],
      ['orchestration_missing', { roomId: broken.id, missing: 'garbage' }],
    ])
    expect([await transcript(kit, room.id), await transcript(kit, broken.id)]).toEqual([['ada: hello'], ['ada: hello']])
    kit.register(scripted('b', ['B.']))
    await say(kit, room.id, 'again')
    expect((await transcript(kit, room.id)).slice(1).toSorted()).toEqual(['a: A.', 'a: A.', 'ada: again'])
    await kit.close()
  })

  test('PE-1 the terms for people are stored and kept over a restart', async () => {
    const store = createMemoryStore()
    const first = restarted(store)
    const room = await first.kit.createRoom({
      orchestration: new Pipeline({
        agents: [scripted('a', ['A.'])],
        human: { timeoutMs: 5_000, onTimeout: 'resume' },
      }),
    })
    await first.kit.close()
    const { kit } = restarted(store)
    kit.register(scripted('a', ['A.']))
    await kit.requestHuman(room.id, { reason: 'r' }, { by: { kind: 'code', id: 'x' } })
    const { human } = await kit.state(room.id)
    expect(Date.parse(human?.expiresAt ?? '') - Date.parse(human?.requestedAt ?? '')).toBe(5_000)
    await kit.close()
  })

  test('PE-4 rooms keep their version until they are migrated; phases that are gone are reported', async () => {
    const { kit } = testKit()
    const agents = [scripted('a', ['A.']), scripted('b', ['B.'])]
    const pipeline = (phases: string[]): Pipeline =>
      new Pipeline({
        id: 'shop',
        agents,
        stages: phases.map((phase, position) => ({
          phase,
          agentId: position === 0 ? 'a' : 'b',
          next: phases[position + 1] ?? null,
        })),
      })
    const old = await kit.createRoom({ orchestration: pipeline(['desk', 'money']) })
    const moved = await kit.createRoom({ orchestration: pipeline(['desk', 'money']) })
    await kit.handoff(moved.id, { target: 'b', reason: 'r', summary: 's' }, { by: { kind: 'code', id: 'x' } })
    const fresh = await kit.createRoom({ orchestration: pipeline(['desk', 'finance']) })
    expect(fresh.orchestration?.version).toBe(2)
    expect((await kit.getRoom(old.id)).orchestration?.version).toBe(1)
    expect(
      await kit.handoff(
        old.id,
        { target: 'b', reason: 'r', summary: 's', phase: 'finance' },
        { by: { kind: 'code', id: 'x' } },
      ),
    ).toMatchObject({ code: 'handoff_phase_not_allowed', allowed: ['money'] })
    expect(await kit.migrateOrchestration('shop', { from: 1, to: 2 })).toEqual({
      migrated: [old.id],
      unknownPhases: [{ roomId: moved.id, phase: 'money' }],
    })
    expect(await kit.migrateOrchestration('shop', { from: 1, to: 2, phases: { money: 'finance' } })).toEqual({
      migrated: [moved.id],
      unknownPhases: [],
    })
    expect(await kit.state(moved.id)).toMatchObject({ phase: 'finance', activeAgentId: 'b' })
    await expect(kit.migrateOrchestration('shop', { from: 2, to: 9 })).rejects.toMatchObject({
      code: 'orchestration_missing',
    })
    await kit.close()
  })
})

test('PE-5 the kit’s orchestration is the default for new rooms; a room may have another, or none', async () => {
  const { kit } = testKit({ orchestration: new Pipeline({ agents: [scripted('a', ['A.'])], id: 'default' }) })
  const other = new Pipeline({ agents: [scripted('b', ['B.'])], id: 'other' })
  expect((await kit.createRoom()).orchestration?.id).toBe('default')
  expect((await kit.createRoom({ orchestration: other })).orchestration?.id).toBe('other')
  const none = await kit.createRoom({ orchestration: null, channels: ['a', 'b'] })
  expect(none.orchestration).toBeNull()
  expect(none.conversation).toBeUndefined()
  await kit.close()
})

describe('an installed pipeline', () => {
  test('PL-4 OR-2 sets phase and agent: at once for a room, at creation and with the next event for the others', async () => {
    const { kit } = testKit()
    const agents = [scripted('a', ['A.']), scripted('b', ['B.'])]
    for (const agent of agents) kit.register(agent)
    const pipeline = new ConversationPipeline({ stages })
    const existing = await kit.createRoom({ channels: ['a', 'b'] })
    const kept = await kit.createRoom({ channels: ['a', 'b'] })
    await kit.updateState(kept.id, (state) => state.transition('money', { toAgent: 'b' }))
    const [router, handler] = pipeline.install(kit, agents)
    expect(router).toBeInstanceOf(ConversationRouter)
    expect(handler).toHaveProperty('greetingMap')
    const created = await kit.createRoom({ channels: ['a', 'b'] })
    expect(created.conversation).toMatchObject({ phase: 'desk', activeAgentId: 'a' })
    expect((await kit.getRoom(existing.id)).conversation).toBeUndefined()
    await say(kit, existing.id, 'hello')
    expect((await kit.getRoom(existing.id)).conversation).toMatchObject({
      phase: 'desk',
      activeAgentId: 'a',
      version: 1,
    })
    expect(await transcript(kit, existing.id)).toEqual(['ada: hello', 'a: A.'])
    await say(kit, kept.id, 'hello')
    expect(await transcript(kit, kept.id)).toEqual(['ada: hello', 'b: B.'])
    expect(await kit.state(kept.id)).toMatchObject({ phase: 'money', activeAgentId: 'b' })
    const own = await kit.createRoom({ channels: ['a', 'b'], orchestration: null })
    const installed = pipeline.install(kit, agents, { roomId: own.id })
    await installed.handler.installed
    expect(await kit.getRoom(own.id)).toMatchObject({
      orchestration: { kind: 'pipeline' },
      conversation: { phase: 'desk', activeAgentId: 'a' },
    })
    await kit.close()
  })

  test('PL-5 each turn’s tool offers exactly what can be reached from the present phase', async () => {
    const { kit } = testKit()
    const offered = ({ tools = [] }: { tools?: { name: string; parameters: unknown }[] }): string => {
      const tool = tools.find(({ name }) => name === 'handoff_conversation')
      return JSON.stringify(
        (tool?.parameters as { properties: { target: unknown } } | undefined)?.properties.target ?? null,
      )
    }
    const agents = [scripted('a', [offered]), scripted('b', [offered], { purpose: 'Knows invoices.' })]
    const room = await kit.createRoom({ orchestration: new Pipeline({ agents, stages, allowHuman: false }) })
    await say(kit, room.id, 'hello')
    await kit.updateState(room.id, (state) => state.transition('money', { toAgent: 'b' }))
    await say(kit, room.id, 'hello')
    const [, first, , second] = await transcript(kit, room.id)
    expect(first).toContain('"enum":["b"]')
    expect(first).toContain('- b: Knows invoices.')
    expect(second).toBe('b: null')
    await kit.close()
  })

  test('PL-6 with greetOnHandoff the receiver greets once; a channel that is no voice channel is refused', async () => {
    const { kit } = testKit()
    const agents = [scripted('a', ['A.']), scripted('b', ['B.'], { greeting: 'Billing, good day.' })]
    const room = await kit.createRoom({ orchestration: new Pipeline({ agents, stages, greetOnHandoff: true }) })
    await kit.handoff(room.id, { target: 'b', reason: 'r', summary: 's' }, { by: { kind: 'code', id: 'x' } })
    await say(kit, room.id, 'hello')
    expect(await transcript(kit, room.id)).toEqual(['b: Billing, good day.', 'ada: hello', 'b: B.'])
    expect(() => new ConversationPipeline({ stages }).install(kit, agents, { voiceChannelId: 'direct' })).toThrow(
      expect.objectContaining({ code: 'channel_mismatch' }),
    )
    await kit.close()
  })

  test('PL-1 unreachable stages are warned of when it is installed', async () => {
    const { kit } = testKit()
    const warnings: unknown[] = []
    kit.on('warning', ({ data }) => void warnings.push(data))
    new ConversationPipeline({ stages: [...stages, { phase: 'island', agentId: 'b' }] }).install(kit, [
      scripted('a', []),
      scripted('b', []),
    ])
    expect(warnings).toEqual([{ what: 'pipeline_unreachable', phases: ['island'] }])
    await kit.close()
  })

  test('SG-2 without stages each agent leads to the next, beginning with the first', async () => {
    const pipeline = new Pipeline({ agents: [scripted('a', []), scripted('b', []), scripted('c', [])] })
    expect(pipeline.pipeline.getAllowedTransitions()).toEqual({ a: ['b'], b: ['c'], c: [] })
    const { kit } = testKit()
    const room = await kit.createRoom({ orchestration: pipeline })
    expect(await kit.state(room.id)).toMatchObject({ phase: 'a', activeAgentId: 'a' })
    expect((await kit.bindings(room.id)).map(({ channelId }) => channelId).toSorted()).toEqual(['a', 'b', 'c'])
    expect(() => new Pipeline({ agents: [] })).toThrow(expect.objectContaining({ code: 'invalid_options' }))
    await kit.close()
  })
})

test('HF-3 a handoff that was recorded and not opened is opened after a restart, once', async () => {
  const store = persistent(createMemoryStore())
  const first = restarted(store)
  const hanging = scripted('b', [() => new Promise<string>(() => {})])
  const room = await first.kit.createRoom({
    orchestration: new Pipeline({ agents: [scripted('a', ['A.']), hanging], stages }),
  })
  await first.kit.handoff(room.id, { target: 'b', reason: 'r', summary: 's' }, { by: { kind: 'code', id: 'x' } })
  const closing = first.kit.close({ graceMs: 10 })
  await first.clock.advance(20)
  await closing
  // As a process that died right after the commit leaves it: the mark of the opening is not there.
  const marks = (await store.receipts.list({ roomId: room.id, kind: 'handoff' })).items.filter(({ id }) =>
    id.startsWith('opened_'),
  )
  expect(marks).toHaveLength(1)
  await store.receipts.remove(
    room.id,
    marks.map(({ id }) => id),
  )
  for (const expected of [['b: Here I am.'], ['b: Here I am.']]) {
    const next = restarted(store, {
      ready: ({ kit }) =>
        [scripted('a', ['A.']), scripted('b', ['Here I am.'])].forEach((agent) => kit.register(agent)),
    })
    await next.clock.advance(100)
    await next.kit.settled(room.id)
    expect(await transcript(next.kit, room.id)).toEqual(expected)
    await next.kit.close()
  }
})

/** A store as one that outlives its process. */
function persistent(store: ReturnType<typeof createMemoryStore>): ReturnType<typeof createMemoryStore> {
  return { ...store, isProcessLocal: false }
}

test('OR-2 a kind of one’s own takes events over, works on them outside the lock, and is restored by its kind', async () => {
  const store = createMemoryStore()
  const handled: string[] = []
  const echo = (kit: TestKit['kit'], id: string): OrchestrationDefinition => ({
    kind: 'loop',
    id,
    spec: { echo: true },
    router: new ConversationRouter(),
    agentIds: [],
    takesOver: ({ source }) => source.kind === 'person',
    handle: async (event) => {
      handled.push(event.id)
      await kit.sendEvent(event.roomId, 'a', { content: { type: 'text', text: 'echo' } })
    },
  })
  const first = restarted(store)
  const a = scripted('a', ['A.'])
  const strategy: Orchestration = {
    kind: 'loop',
    id: 'echo',
    agents: () => [a],
    install: async () => {},
    spec: () => ({ kind: 'loop', id: 'echo', version: 1, spec: { echo: true } }),
    define: () => echo(first.kit, 'echo'),
  }
  const room = await first.kit.createRoom({ orchestration: strategy })
  await say(first.kit, room.id, 'hello')
  expect(await transcript(first.kit, room.id)).toEqual(['ada: hello', 'a: echo'])
  await first.kit.close()
  const second = restarted(store)
  second.kit.orchestrations.registerKind('loop', ({ id }) => echo(second.kit, id))
  second.kit.register(a)
  await say(second.kit, room.id, 'again')
  expect((await transcript(second.kit, room.id)).slice(2)).toEqual(['ada: again', 'a: echo'])
  expect(handled).toHaveLength(2)
  expect(a.script.requests).toEqual([])
  await second.kit.close()
})
