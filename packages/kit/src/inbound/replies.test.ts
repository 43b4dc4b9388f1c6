import { expect, test } from 'vitest'
import { block, modify } from '../hooks/hook-results.ts'
import { openKit, line, recordingTransport, says, scriptedAgent, textOf, textsOf } from '../__fixtures__/open-kit.ts'

const text = (said: string) => ({ type: 'text' as const, text: said })

test('IN-7 replies pass hooks and gates anew', async () => {
  const web = recordingTransport('web')
  const { kit } = openKit({}, [
    web,
    scriptedAgent('rude', says('a curse')),
    scriptedAgent('loud', says('loud')),
    scriptedAgent('reader', says('mine')),
  ])
  kit.hook('beforeBroadcast', ({ event }) => {
    if (textOf(event.content) === 'a curse') return block('x.rude')
    return textOf(event.content) === 'loud' ? modify({ ...event, content: text('quiet') }) : undefined
  })
  const { id } = await kit.createRoom({
    channels: ['web', 'rude', 'loud', { channelId: 'reader', access: 'readOnly' }],
    agentResponsePolicy: 'addressedOnly',
  })
  const sent = await kit.send(id, { from: 'ada', text: 'hi' })
  if (sent.outcome !== 'committed') throw new Error('the line is committed')
  expect(textsOf((await sent.settled()).replies)).toEqual(['quiet'])
  expect(web.said()).toEqual(['hi', 'quiet'])
  const blocked = (await kit.events(id)).filter(({ status }) => status === 'blocked')
  expect(blocked.map(({ blocked: why }) => why?.reason).toSorted()).toEqual(['source_read_only', 'x.rude'])
})

test('IN-7 chains and cascades are bounded: what is beyond is stored blocked, with a receipt and an event', async () => {
  const { kit, heard } = openKit({ limits: { maxChainDepth: 3 } }, [
    scriptedAgent('ping', says('ping')),
    scriptedAgent('pong', says('pong')),
  ])
  const { id } = await kit.createRoom({ channels: ['ping', 'pong'] })
  await kit.send(id, { from: 'ada', text: 'start', addressedTo: ['ping'] }, { wait: 'settled' })
  await kit.settled(id)
  const events = await kit.events(id)
  expect(events.map(({ chainDepth, status }) => [chainDepth, status])).toEqual([
    [0, 'committed'],
    [1, 'committed'],
    [2, 'committed'],
    [3, 'committed'],
    [4, 'blocked'],
  ])
  expect(events.at(-1)?.blocked).toEqual({ reason: 'chain_depth_limit' })
  expect(await kit.receipts(id, { kind: 'block' })).toMatchObject([
    { data: { reason: 'chain_depth_limit' }, eventIndex: 4 },
  ])
  expect(heard.filter(({ type }) => type === 'chainDepthExceeded')).toHaveLength(1)
  expect(await kit.observations(id)).toMatchObject([{ category: 'chain_depth_limit' }])
})

test('IN-7 replies to one message of a person have a bound of their own', async () => {
  const agents = ['a', 'b', 'c', 'd'].map((id) => scriptedAgent(id, says(`by ${id}`)))
  const { kit, heard } = openKit({ limits: { maxCascadeReplies: 3 } }, agents)
  const { id } = await kit.createRoom({ channels: ['a', 'b', 'c', 'd'], agentResponsePolicy: 'addressedOnly' })
  await kit.send(id, { from: 'ada', text: 'all' }, { wait: 'settled' })
  const replies = (await kit.events(id)).slice(1)
  expect(replies.map(({ status }) => status)).toEqual(['committed', 'committed', 'committed', 'blocked'])
  expect(replies.at(-1)?.blocked?.reason).toBe('cascade_limit')
  expect(await kit.receipts(id, { kind: 'block' })).toMatchObject([{ data: { reason: 'cascade_limit' } }])
  expect(heard.filter(({ type }) => type === 'cascadeLimit')).toHaveLength(1)
})

test('IN-8 regenerate answers the last message of a person anew, by the present state, and keeps the old reply', async () => {
  let round = 0
  const agent = scriptedAgent('bot', async function* ({ event }) {
    round += 1
    yield { type: 'textDelta', text: `take ${round} on ${textOf(event.content)}` }
  })
  const { kit } = openKit({}, [recordingTransport('web'), agent, scriptedAgent('expert', says('an expert view'))])
  const { id } = await kit.createRoom({ channels: ['web', 'bot'] })
  await kit.send(id, { from: 'ada', text: 'first' }, { wait: 'settled' })
  await kit.send(id, { from: 'ada', text: 'second' }, { wait: 'settled' })
  const former = (await kit.events(id)).at(-1)
  expect(await kit.regenerate(id)).toMatchObject({ event: { content: text('second') }, agentIds: ['bot'] })
  await kit.settled(id)
  const events = await kit.events(id)
  expect(textsOf(events)).toEqual(['first', 'take 1 on first', 'second', 'take 2 on second', 'take 3 on second'])
  expect(events.at(-1)).toMatchObject({ metadata: { supersedes: former?.id }, causeId: events[2]?.id })
  await kit.detach(id, 'bot')
  await kit.attach(id, 'expert')
  expect(await kit.regenerate(id)).toMatchObject({ agentIds: ['expert'] })
  await kit.settled(id)
  expect(textsOf(await kit.events(id)).at(-1)).toBe('an expert view')
  const empty = await kit.createRoom()
  await expect(kit.regenerate(empty.id)).rejects.toMatchObject({ code: 'event_not_found' })
})

test('IN-9 injected events go to whom they name, else are only stored, and ask nobody', async () => {
  const [web, desk] = [recordingTransport('web'), recordingTransport('desk')]
  let turns = 0
  const agent = scriptedAgent('bot', async function* () {
    turns += 1
  })
  const { kit } = openKit({}, [web, desk, agent])
  kit.hook('beforeBroadcast', ({ event }, ctx) => {
    if (event.source.kind !== 'person') return undefined
    ctx.inject({ content: text('for the desk') }, { to: ['desk', 'bot'] })
    ctx.inject({ content: text('for the record') })
    ctx.task({ title: 'look at it' })
    ctx.observation({ content: 'noted' })
    return textOf(event.content) === 'blocked' ? block('x.no') : undefined
  })
  const { id } = await kit.createRoom({ channels: ['web', 'desk', 'bot'] })
  await kit.send(id, { from: 'ada', text: 'hello' }, { wait: 'settled' })
  await kit.settled(id)
  expect(turns).toBe(1)
  expect(web.said()).toEqual(['hello'])
  expect(desk.said()).toEqual(['hello', 'for the desk'])
  expect(textsOf(await kit.events(id))).toEqual(['hello', 'for the desk', 'for the record'])
  // Step 11: what hooks added is kept when the event itself is blocked.
  await kit.send(id, { from: 'ada', text: 'blocked' })
  await kit.settled(id)
  expect((await kit.events(id)).slice(3).map(({ status, content }) => [status, textOf(content)])).toEqual([
    ['blocked', 'blocked'],
    ['committed', 'for the desk'],
    ['committed', 'for the record'],
  ])
  expect(await kit.tasks(id)).toHaveLength(2)
  expect(await kit.observations(id)).toHaveLength(2)
  expect(turns).toBe(1)
})

test('IN-10 a webhook is read only after its signature was found good', async () => {
  const order: string[] = []
  const hooked = recordingTransport('hooked', {
    verifyWebhook: ({ headers }) => (order.push('verify'), Promise.resolve(headers['signature'] === 'good')),
    parseWebhook: ({ body }) => (
      order.push('parse'),
      Promise.resolve([line('hooked', 'ada', new TextDecoder().decode(body))])
    ),
  })
  const { kit } = openKit({}, [recordingTransport('plain'), hooked])
  const request = {
    body: new TextEncoder().encode('hello'),
    url: 'https://example.test/hook',
    headers: { signature: 'bad' },
  }
  await expect(kit.processWebhook('plain', request)).rejects.toMatchObject({ code: 'webhook_unverified' })
  await expect(kit.processWebhook('unknown', request)).rejects.toMatchObject({ code: 'channel_not_registered' })
  await expect(kit.processWebhook('hooked', request)).rejects.toMatchObject({ code: 'webhook_signature' })
  expect(order).toEqual(['verify'])
  expect((await kit.store.findRooms({})).items).toEqual([])
  expect(await kit.processWebhook('hooked', { ...request, headers: { signature: 'good' } })).toMatchObject([
    { outcome: 'committed', event: { content: text('hello') } },
  ])
  expect(order).toEqual(['verify', 'verify', 'parse'])
})

test('IN-10 a verifier that fails lets nothing pass', async () => {
  const hooked = recordingTransport('hooked', {
    verifyWebhook: () => Promise.reject(new Error('secret sk-123 is missing')),
    parseWebhook: () => Promise.resolve([line('hooked', 'ada', 'hello')]),
  })
  const { kit } = openKit({}, [hooked])
  const failed = kit.processWebhook('hooked', { body: new Uint8Array(), url: '', headers: {} })
  await expect(failed).rejects.toMatchObject({
    code: 'webhook_signature',
    message: expect.not.stringContaining('sk-123'),
  })
  expect((await kit.store.findRooms({})).items).toEqual([])
})
