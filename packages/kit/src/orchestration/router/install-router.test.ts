import { defineTool, type AnyTool } from '@parley/spec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { handOver, receiptsOf, say, scripted, testKit, transcript } from '../__fixtures__/orchestrated-kit.ts'
import { Pipeline } from '../pipeline/pipeline.ts'
import { ConversationRouter } from './conversation-router.ts'

describe('an installed router', () => {
  test('RO-1 RO-2 RO-8 stamps the decision and nothing else; only the target is asked, the others have it in their history', async () => {
    const { kit } = testKit()
    const sales = scripted('sales', ['Sales here.'])
    const support = scripted('support', ['Support here.'])
    const agents = [sales, support]
    for (const agent of agents) kit.register(agent)
    const router = new ConversationRouter({
      rules: [{ agentId: 'sales', conditions: { intents: ['buy'] } }],
      defaultAgentId: 'support',
    })
    const handler = router.install(kit, agents, { id: 'front' })
    expect(handler.agents['sales']).toBe(sales)
    expect(kit.orchestrations.get('front')?.router).toBe(router)
    const room = await kit.createRoom({ channels: ['sales', 'support'] })
    await say(kit, room.id, 'I buy', { metadata: { intent: 'buy' } })
    await say(kit, room.id, 'Help')
    expect(await transcript(kit, room.id)).toEqual([
      'ada: I buy',
      'sales: Sales here.',
      'ada: Help',
      'support: Support here.',
    ])
    const [first] = await kit.events(room.id)
    expect(first).toMatchObject({
      metadata: { intent: 'buy' },
      routing: { target: 'sales', reason: 'rule', observers: [], skipped: [] },
    })
    expect(sales.script.requests).toHaveLength(1)
    expect(JSON.stringify(support.script.requests[0]?.messages)).toContain('I buy')
    expect((await kit.getRoom(room.id)).orchestration).toBeUndefined()
    await kit.close()
  })

  test('RO-1 later hooks see the stamp, and a hook that routes anew is named in it', async () => {
    const { kit } = testKit()
    const agents = [scripted('sales', ['Sales.']), scripted('support', ['Support.'])]
    for (const agent of agents) kit.register(agent)
    new ConversationRouter({ defaultAgentId: 'support' }).install(kit, agents)
    const seen: unknown[] = []
    kit.hook(
      'beforeBroadcast',
      ({ event }) => {
        seen.push(event.routing?.target)
        if (event.source.kind !== 'person') return undefined
        return {
          action: 'modify',
          subject: { ...event, routing: { target: 'sales', observers: [], reason: 'rule', skipped: [] } },
        }
      },
      { name: 'vip', live: 'pass' },
    )
    const room = await kit.createRoom({ channels: ['sales', 'support'] })
    await say(kit, room.id, 'hello')
    expect(seen[0]).toBe('support')
    expect(await transcript(kit, room.id)).toEqual(['ada: hello', 'sales: Sales.'])
    const [first] = await kit.events(room.id)
    expect(first?.routing).toMatchObject({ target: 'sales', rule: 'hook:vip' })
    await kit.close()
  })

  test('RO-3 the supervisor observes people and agents and may stay silent; what it says asks nobody', async () => {
    const { kit } = testKit()
    const boss = scripted('boss', [{ text: '' }, 'Careful with that.', { text: '' }])
    const support = scripted('support', ['Support.'])
    const other = scripted('other', ['Other.'])
    for (const agent of [boss, support, other]) kit.register(agent)
    new ConversationRouter({ defaultAgentId: 'support', supervisorId: 'boss', observerVisibility: 'internal' }).install(
      kit,
      [boss, support, other],
    )
    const room = await kit.createRoom({ channels: ['boss', 'support', 'other'], agentResponsePolicy: 'addressedOnly' })
    await say(kit, room.id, 'hello')
    const said = await kit.events(room.id, { types: ['message'] })
    expect(said.map(({ source, visibility }) => [source.channelId, visibility])).toEqual([
      ['direct', 'all'],
      ['support', 'all'],
      ['boss', 'internal'],
    ])
    await say(kit, room.id, 'to other', { addressedTo: ['other'] })
    // Both people's lines and both answers; silence is no failure that is tried again.
    expect(boss.script.requests).toHaveLength(4)
    expect(
      (await receiptsOf(kit, room.id, 'turn')).filter(({ agentId }) => agentId === 'boss').map(({ end }) => end),
    ).toEqual(['empty', 'completed', 'empty', 'empty'])
    expect(support.script.requests).toHaveLength(1)
    await kit.close()
  })

  test('RO-5 RO-6 someone else answers when addressed, the active agent stays; each commit decides by the present state', async () => {
    const { kit } = testKit()
    const agents = [scripted('a', ['A.']), scripted('b', ['B.'])]
    const room = await kit.createRoom({ orchestration: new Pipeline({ agents }) })
    await say(kit, room.id, 'psst', { addressedTo: ['b'] })
    await say(kit, room.id, 'hello')
    expect(await transcript(kit, room.id)).toEqual(['ada: psst', 'b: B.', 'ada: hello', 'a: A.'])
    await kit.updateState(room.id, (state) => state.transition('b', { toAgent: 'b' }))
    await say(kit, room.id, 'and now')
    await kit.regenerate(room.id)
    await kit.settled(room.id)
    expect((await transcript(kit, room.id)).slice(4)).toEqual(['ada: and now', 'b: B.', 'b: B.'])
    await kit.updateState(room.id, (state) => state.transition('a', { toAgent: 'a' }))
    await kit.regenerate(room.id)
    await kit.settled(room.id)
    expect((await transcript(kit, room.id)).at(-1)).toBe('a: A.')
    await kit.close()
  })

  test('RO-7 by hand as a hook it routes, without handoff and without being stored', async () => {
    const { kit } = testKit()
    const a = scripted('a', [handOver('b'), 'A.'])
    for (const agent of [a, scripted('b', ['B.'])]) kit.register(agent)
    const router = new ConversationRouter({ defaultAgentId: 'a' })
    kit.hook('beforeBroadcast', router.asHook(), { priority: -100, live: 'pass' })
    const room = await kit.createRoom({ channels: ['a', 'b'] })
    await say(kit, room.id, 'hello')
    expect(await transcript(kit, room.id)).toEqual(['ada: hello', 'a: A.'])
    expect(a.script.requests[0]?.tools ?? []).toEqual([])
    expect(await kit.getRoom(room.id)).not.toHaveProperty('orchestration')
    await kit.close()
  })

  test('RO-9 one router decides: the room’s own before the kit’s; a second one is refused unless it replaces', async () => {
    const { kit } = testKit()
    const agents = [scripted('a', ['A.']), scripted('b', ['B.']), scripted('c', ['C.'])]
    for (const agent of agents) kit.register(agent)
    new ConversationRouter({ defaultAgentId: 'a' }).install(kit, agents, { id: 'one' })
    new ConversationRouter({ defaultAgentId: 'a' }).install(kit, agents, { id: 'one' })
    expect(() => new ConversationRouter({ defaultAgentId: 'b' }).install(kit, agents, { id: 'two' })).toThrow(
      expect.objectContaining({ code: 'router_already_installed' }),
    )
    const room = await kit.createRoom({ channels: ['a', 'b', 'c'] })
    const own = await kit.createRoom({ channels: ['a', 'b', 'c'] })
    const handler = new ConversationRouter({ defaultAgentId: 'c' }).install(kit, agents, { id: 'own', roomId: own.id })
    await handler.installed
    await say(kit, room.id, 'hello')
    await say(kit, own.id, 'hello')
    expect([await transcript(kit, room.id), await transcript(kit, own.id)]).toEqual([
      ['ada: hello', 'a: A.'],
      ['ada: hello', 'c: C.'],
    ])
    new ConversationRouter({ defaultAgentId: 'b' }).install(kit, agents, { id: 'two', replace: true })
    await say(kit, room.id, 'again')
    expect((await transcript(kit, room.id)).at(-1)).toBe('b: B.')
    await kit.close()
  })

  test('RO-8 with a room it is stored with it, and agents there can hand over', async () => {
    const { kit } = testKit()
    const agents = [scripted('a', [handOver('b')]), scripted('b', ['B.'])]
    for (const agent of agents) kit.register(agent)
    const room = await kit.createRoom({ channels: ['a', 'b'] })
    const handler = new ConversationRouter({ defaultAgentId: 'a' }).install(kit, agents, {
      roomId: room.id,
      phaseMap: { b: 'billing' },
    })
    await handler.installed
    expect((await kit.getRoom(room.id)).orchestration).toMatchObject({ kind: 'router', version: 1 })
    await say(kit, room.id, 'hello')
    expect(await transcript(kit, room.id)).toEqual(['ada: hello', 'b: B.'])
    expect(await kit.state(room.id)).toMatchObject({ phase: 'billing', activeAgentId: 'b' })
    await kit.close()
  })

  test('a router at another place among the hooks still decides', async () => {
    const { kit } = testKit()
    const agents = [scripted('a', ['A.']), scripted('b', ['B.'])]
    for (const agent of agents) kit.register(agent)
    new ConversationRouter({ defaultAgentId: 'b' }).install(kit, agents, { hookPriority: 50 })
    const seen: unknown[] = []
    kit.hook('beforeBroadcast', ({ event }) => void seen.push(event.routing?.target), {
      live: 'pass',
      sourceKinds: ['person'],
    })
    kit.hook('beforeBroadcast', ({ event }) => void seen.push(event.routing?.target), {
      live: 'pass',
      priority: 60,
      sourceKinds: ['person'],
    })
    const room = await kit.createRoom({ channels: ['a', 'b'] })
    await say(kit, room.id, 'hello')
    expect(seen).toEqual([undefined, 'b'])
    expect(await transcript(kit, room.id)).toEqual(['ada: hello', 'b: B.'])
    await kit.close()
  })
})

test('OR-3 one agent serves several rooms in several orchestrations at once, without mix-up', async () => {
  const shared = scripted('shared', [({ tools = [] }) => `I may reach ${targets(tools).join(' ') || 'nobody'}`])
  const { kit } = testKit()
  const left = new Pipeline({ agents: [shared, scripted('left', ['L.'])], allowHuman: false })
  const right = new Pipeline({
    agents: [shared, scripted('right', ['R.']), scripted('more', ['M.'])],
    stages: [
      { phase: 'x', agentId: 'shared', next: ['y', 'z'] },
      { phase: 'y', agentId: 'right' },
      { phase: 'z', agentId: 'more' },
    ],
    allowHuman: false,
  })
  const one = await kit.createRoom({ orchestration: left })
  const two = await kit.createRoom({ orchestration: right })
  const lone = await kit.createRoom({ channels: ['shared'], orchestration: null })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(one.id, two.id, lone.id), { minLength: 1, maxLength: 30 }),
      async (rooms) => {
        const before = new Map(
          await Promise.all([one, two, lone].map(async ({ id }) => [id, (await transcript(kit, id)).length] as const)),
        )
        await Promise.all(rooms.map((id) => kit.send(id, { from: 'ada', text: 'hello' }, { wait: 'settled' })))
        for (const [id, expected] of [
          [one.id, 'I may reach left'],
          [two.id, 'I may reach right more'],
          [lone.id, 'I may reach nobody'],
        ] as const) {
          const said = (await transcript(kit, id)).slice(before.get(id)).filter((line) => line.startsWith('shared: '))
          expect(said).toEqual(rooms.filter((asked) => asked === id).map(() => `shared: ${expected}`))
        }
      },
    ),
    { numRuns: 20 },
  )
  expect(shared.options).not.toHaveProperty('tools')
  await kit.close()
})

function targets(tools: readonly { name: string; parameters: unknown }[]): string[] {
  const tool = tools.find(({ name }) => name === 'handoff_conversation')
  const parameters = tool?.parameters as { properties?: { target?: { enum?: string[] } } } | undefined
  return parameters?.properties?.target?.enum ?? []
}

test('OR-4 every tool gets its room from the turn', async () => {
  const rooms: string[] = []
  const where: AnyTool = defineTool({
    name: 'where',
    description: 'Tells the room.',
    input: z.object({}),
    run: (_input, context) => void rooms.push(context.room.id),
  })
  const a = scripted(
    'a',
    [
      ({ messages }) =>
        JSON.stringify(messages).includes('"where"') ? 'done' : { toolCalls: [{ name: 'where', arguments: {} }] },
    ],
    { tools: [where] },
  )
  const { kit } = testKit()
  kit.register(a)
  const one = await kit.createRoom({ channels: ['a'] })
  const two = await kit.createRoom({ channels: ['a'] })
  await Promise.all([say(kit, one.id, 'hello'), say(kit, two.id, 'hello')])
  expect(rooms.toSorted()).toEqual([one.id, two.id].toSorted())
  await kit.close()
})

test('OR-5 the routing receipt is the stamp on the event', async () => {
  const { kit } = testKit()
  const room = await kit.createRoom({ orchestration: new Pipeline({ agents: [scripted('a', ['A.'])] }) })
  await say(kit, room.id, 'hello')
  const [first] = await kit.events(room.id)
  expect(first?.routing).toEqual({ target: 'a', observers: [], reason: 'sticky', skipped: [] })
  expect(await receiptsOf(kit, room.id, 'turn')).toMatchObject([{ agentId: 'a', end: 'completed' }])
  await kit.close()
})
