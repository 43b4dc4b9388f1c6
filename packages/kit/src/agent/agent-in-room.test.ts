import { defineTool, type RoomEvent } from '@parley/spec'
import { createSeededIds, createVirtualClock, scriptedModel } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Kit } from '../kit.ts'
import { Agent } from './agent.ts'

const lookup = defineTool({
  name: 'lookup',
  description: 'Looks an invoice up',
  input: z.object({ id: z.number() }),
  effect: 'pure',
  run: ({ id }) => ({ id, cents: 1200 }),
})

function openKit(): { kit: Kit; clock: ReturnType<typeof createVirtualClock> } {
  const clock = createVirtualClock()
  return { kit: new Kit({ clock, ids: createSeededIds(5) }), clock }
}

function said(events: RoomEvent[]): string[] {
  return events.flatMap(({ type, source, content }) => {
    if (content.type === 'text') return [`${source.channelId ?? source.kind}: ${content.text}`]
    return content.type === 'toolCall' ? [`${type} ${content.name}`] : []
  })
}

test('TL-11 in a room a turn commits its segments and tool events in order, and the next turn reads them', async () => {
  const { kit, clock } = openKit()
  const model = scriptedModel([
    { text: 'Let me look.', toolCalls: [{ name: 'lookup', arguments: { id: 7 } }] },
    'It is 12 euro.',
    'You are welcome.',
  ])
  kit.register(new Agent('billing', { model, tools: { lookup }, role: 'Clerk' }))
  const room = await kit.createRoom({ channels: ['billing'] })
  await kit.send(room.id, { from: 'ada', text: 'What do I owe?' })
  await clock.runToRest()
  await kit.send(room.id, { from: 'ada', text: 'Thanks' })
  await clock.runToRest()
  const events = await kit.events(room.id)
  expect(said(events)).toEqual([
    'direct: What do I owe?',
    'billing: Let me look.',
    'toolCallStarted lookup',
    'toolCallEnded lookup',
    'billing: It is 12 euro.',
    'direct: Thanks',
    'billing: You are welcome.',
  ])
  expect(model.requests[2]?.messages.map(({ role }) => role)).toEqual([
    'user',
    'assistant',
    'tool',
    'assistant',
    'user',
  ])
  const receipts = await kit.receipts(room.id, { kind: 'turn' })
  expect(receipts[0]?.data).toMatchObject({
    agentId: 'billing',
    end: 'completed',
    steps: 2,
    toolCalls: 1,
    calls: [{ name: 'lookup' }],
  })
  await kit.close()
})

test('RQ-7 in a room an approval leaves the talk going; the yes runs the tool and opens a turn that knows', async () => {
  const { kit, clock } = openKit()
  const ran: unknown[] = []
  const refund = defineTool({
    name: 'refund',
    description: 'Pays back',
    input: z.object({ cents: z.number() }),
    approval: true,
    run: (input) => (ran.push(input), { paid: true }),
  })
  const model = scriptedModel([
    { toolCalls: [{ name: 'refund', arguments: { cents: 500 } }] },
    'A colleague has to agree.',
    'It is paid.',
  ])
  kit.register(new Agent('billing', { model, tools: { refund } }))
  const room = await kit.createRoom({ channels: ['billing'] })
  await kit.send(room.id, { from: 'ada', text: 'My money back' })
  await clock.advance(10)
  const [request] = await kit.pendingRequests({ roomId: room.id })
  expect(request).toMatchObject({ kind: 'approval', mode: 'detach', tool: 'refund', arguments: { cents: 500 } })
  expect(ran).toEqual([])
  await kit.answerRequest(request?.id ?? '', { decision: 'approve', by: { kind: 'person', id: 'colleague' } })
  await clock.advance(10)
  expect(ran).toEqual([{ cents: 500 }])
  expect(JSON.stringify(model.requests[2]?.messages)).toContain('[Request outcome: refund approved]')
  expect(said(await kit.events(room.id)).at(-1)).toBe('billing: It is paid.')
  await kit.close()
})

test('AG-6 agents of one room read each other as speakers; no prompt of one is in the context of another', async () => {
  const { kit, clock } = openKit()
  const models = {
    triage: scriptedModel(['I am triage.'], { then: 'last' }),
    billing: scriptedModel(['I am billing.'], { then: 'last' }),
  }
  kit.register(
    new Agent('triage', {
      model: models.triage,
      systemPrompt: 'SECRET-TRIAGE',
      role: 'Receptionist',
      scope: 'SCOPE-TRIAGE',
    }),
  )
  kit.register(
    new Agent('billing', {
      model: models.billing,
      systemPrompt: 'SECRET-BILLING',
      role: 'Biller',
      scope: 'SCOPE-BILLING',
    }),
  )
  const room = await kit.createRoom({ channels: ['triage', 'billing'], agentResponsePolicy: 'addressedOnly' })
  for (const text of ['Hello', 'And now?']) {
    await kit.send(room.id, { from: 'ada', text })
    await clock.runToRest()
  }
  const read = JSON.stringify(models.billing.requests)
  expect(read).toContain('Receptionist (triage): I am triage.')
  expect(read).not.toMatch(/SECRET-TRIAGE|SCOPE-TRIAGE/)
  expect(JSON.stringify(models.triage.requests)).not.toMatch(/SECRET-BILLING|SCOPE-BILLING/)
  await kit.close()
})

test('TU-5 SO-4 a model that fails in a room: the line of the agent, one error in the cascade, no foreign text', async () => {
  const { kit, clock } = openKit()
  kit.register(
    new Agent('billing', { model: scriptedModel([new Error('key sk-1 refused')]), onFailure: 'I am having trouble.' }),
  )
  const room = await kit.createRoom({ channels: ['billing'] })
  const sent = await kit.send(room.id, { from: 'ada', text: 'Hello' })
  await clock.runToRest()
  const cascade = sent.outcome === 'committed' ? await sent.settled() : undefined
  expect(cascade?.errors.map(({ code }) => code)).toEqual(['model_unavailable'])
  const events = await kit.events(room.id)
  expect(events.map(({ content }) => ('text' in content ? content.text : ''))).toContain('I am having trouble.')
  expect(JSON.stringify([events, await kit.receipts(room.id)])).not.toContain('sk-1')
  await kit.close()
})

test('RQ-8 a confirmation holds its turn and nobody else; the word of the person closes it', async () => {
  const { kit, clock } = openKit()
  const ran: unknown[] = []
  const book = defineTool({
    name: 'book',
    description: 'Book the flight',
    input: z.object({}),
    confirm: true,
    run: () => void ran.push('booked'),
  })
  const model = scriptedModel([{ toolCalls: [{ name: 'book', arguments: {} }] }, 'Booked.'])
  kit.register(new Agent('travel', { model, tools: { book } }))
  const room = await kit.createRoom({ channels: ['travel'] })
  await kit.send(room.id, { from: 'ada', text: 'Book it' })
  await clock.advance(60_000)
  expect(await kit.pendingRequests({ roomId: room.id })).toMatchObject([{ kind: 'confirm', tool: 'book' }])
  await kit.send(room.id, { from: 'ada', text: 'yes' })
  await clock.advance(1_000)
  expect(ran).toEqual(['booked'])
  expect(said(await kit.events(room.id)).at(-1)).toBe('travel: Booked.')
  await kit.close()
})
