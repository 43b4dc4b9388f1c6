import { Agent, ConversationPipeline, Kit } from '@parley/kit'
import { createVirtualClock, scriptedModel } from '@parley/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { keys, testServer } from '../__fixtures__/test-server.ts'
import { openSocket, type TestSocket } from '../__fixtures__/test-socket.ts'

const billingCase = z.object({ accountId: z.string() })

function desk(clock = createVirtualClock()) {
  const agent = (id: string) =>
    new Agent(id, { model: scriptedModel([`${id} speaks.`], { then: 'last' }), autoGreet: false })
  const kit = new Kit({ clock })
  onTestFinished(() => kit.close())
  const started = testServer({ kit, clock })
  const open = async (id = 'r') => {
    const stages = [
      { phase: 'intake', agentId: 'reception', next: 'billing' },
      { phase: 'billing', agentId: 'billing', contract: { schema: billingCase } },
    ]
    const agents = [agent('reception'), agent('billing')]
    for (const each of agents) kit.register(each)
    new ConversationPipeline({ stages }).install(kit, agents)
    await kit.createRoom({ id, organizationId: 'harbor', channels: ['reception', 'billing'] })
    for (const participantId of ['ada', 'kim', 'lee']) await kit.addMember(id, { id: participantId })
  }
  const post = (action: string, body: object, key = keys.admin) =>
    started.call('POST', `/v1/rooms/r/${action}`, { key, body })
  return { ...started, kit, clock, open, post }
}

describe('the desk', () => {
  test('HU-3 a room that waits is in the queue until exactly one colleague claims it; the loser learns by whom', async () => {
    const { call, open, post } = desk()
    await open()
    expect(
      (await post('mode', { mode: 'human', reason: 'wants a person', urgency: 'high', participant_id: 'kim' })).body,
    ).toMatchObject({ mode: 'human', active_agent_id: null })
    expect((await call('GET', '/v1/desk/queue')).body).toMatchObject({
      entries: [{ room_id: 'r', urgency: 'high', reason: 'wants a person', status: 'waiting' }],
    })
    expect((await call('GET', '/v1/desk/queue', { key: keys.foreign })).body).toEqual({ entries: [] })
    const claims = await Promise.all(['kim', 'lee'].map((participant_id) => post('claim', { participant_id })))
    expect(claims.map(({ status }) => status).sort()).toEqual([200, 409])
    const winner = claims[0]?.status === 200 ? 'kim' : 'lee'
    expect(claims.find(({ status }) => status === 409)?.body).toMatchObject({
      code: 'human_taken',
      error: { details: { taken_by: winner } },
    })
    expect((await call('GET', '/v1/desk/queue')).body).toEqual({ entries: [] })
  })

  test('HU-4 a takeover silences the agents at once; HU-5 handing back needs the contract', async () => {
    const { call, open, post, kit } = desk()
    await open()
    expect((await post('takeover', { participant_id: 'kim', reason: 'I know her' })).body).toMatchObject({
      mode: 'human',
      human: { status: 'active', claimed_by: 'kim' },
    })
    await call('POST', '/v1/rooms/r/events', { body: { text: 'hello?', participant_id: 'ada' } })
    await kit.settled('r')
    const refused = await post('handback', { target: 'billing', participant_id: 'kim' })
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'handoff_contract', errors: [{ path: expect.stringContaining('accountId') }] },
    })
    expect(
      (
        await post('handback', {
          target: 'billing',
          payload: { accountId: '204417' },
          note: 'I promised a credit',
          participant_id: 'kim',
        })
      ).body,
    ).toMatchObject({ accepted: true, new_agent_id: 'billing', new_phase: 'billing' })
    await kit.settled('r')
    const spoken = (await kit.events('r', { types: ['message'] })).map(({ source, content }) => [
      source.kind,
      content.type === 'text' ? content.text : '',
    ])
    expect(spoken).toEqual([
      ['person', 'hello?'],
      ['agent', 'billing speaks.'],
    ])
  })

  test('a desk may move a room between agents, pause them and let them go on', async () => {
    const { open, post } = desk()
    await open()
    expect(
      (await post('handoff', { target: 'nobody', reason: 'x', summary: 'y', participant_id: 'kim' })).body,
    ).toMatchObject({ status: 409, code: 'handoff_unknown_target' })
    expect(
      (
        await post('handoff', {
          target: 'billing',
          reason: 'a bill',
          summary: 'charged twice',
          payload: { accountId: '1' },
          participant_id: 'kim',
        })
      ).body,
    ).toMatchObject({ accepted: true })
    expect((await post('mode', { mode: 'paused', participant_id: 'kim' })).body).toMatchObject({ mode: 'paused' })
    expect((await post('mode', { mode: 'agent', participant_id: 'kim' })).body).toMatchObject({
      mode: 'agent',
      active_agent_id: 'billing',
    })
    expect((await post('claim', { participant_id: 'kim' })).body).toMatchObject({
      status: 409,
      code: 'human_not_waiting',
    })
    expect((await post('claim', {})).body).toMatchObject({
      status: 400,
      error: { details: { path: 'participant_id' } },
    })
  })

  test('HU-8 coaching needs the right of supervisors', async () => {
    const { open, post } = desk()
    await open()
    expect((await post('coach', { mode: 'monitor', participant_id: 'kim' }, keys.answerer)).body).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    expect((await post('coach', { mode: 'whisperAgent', participant_id: 'kim' }, keys.supervisor)).status).toBe(200)
    expect((await post('coach', { mode: 'shout', participant_id: 'kim' })).body).toMatchObject({
      status: 400,
      errors: [{ path: 'mode' }],
    })
  })
})

test('HU-6 a desk that is lost keeps its claim for 20 s, people are told after 5 s, then the agent from before goes on', async () => {
  const { server, call, kit, clock, open, post } = desk()
  onTestFinished(() => server.close({ drainMs: 0 }))
  await open()
  await call('POST', '/v1/rooms/r/events', { body: { text: 'hello', participant_id: 'ada' } })
  await kit.settled('r')
  await post('takeover', { participant_id: 'kim' })
  const { url } = await server.listen({ port: 0 })
  const passed: string[] = []
  kit.subscribe('r', ({ type, from }) => passed.push(`${type} ${from}`))
  await leave(kit, await sit(url))
  await clock.advance(4_999)
  expect(passed).not.toContain('x.desk.away kim')
  await clock.advance(1)
  while (!passed.includes('x.desk.away kim')) await clock.advance(0)
  const again = await sit(url)
  expect(passed).toContain('x.desk.back kim')
  await clock.advance(60_000)
  expect(await kit.state('r')).toMatchObject({ mode: 'human', human: { claimedBy: 'kim' } })
  await leave(kit, again)
  await clock.advance(19_999)
  expect((await kit.state('r')).mode).toBe('human')
  const handedBack = new Promise<void>((resolve) => kit.observe('onHandoff', () => resolve()))
  await clock.advance(1)
  await handedBack
  expect(await kit.state('r')).toMatchObject({ mode: 'agent', activeAgentId: 'reception' })
  expect((await post('takeover', { participant_id: 'kim' })).status).toBe(200)
})

test('HU-6 a room that no agent may take back waits for the next colleague', async () => {
  const { server, call, kit, clock, open, post } = desk()
  onTestFinished(() => server.close({ drainMs: 0 }))
  await open()
  // Billing takes nobody back without the case, which only a person can give.
  await post('handoff', {
    target: 'billing',
    reason: 'a bill',
    summary: 'charged twice',
    payload: { accountId: '1' },
    participant_id: 'kim',
  })
  await post('takeover', { participant_id: 'kim' })
  const { url } = await server.listen({ port: 0 })
  await leave(kit, await sit(url))
  await clock.advance(20_000)
  while ((await kit.state('r')).human?.status !== 'waiting') await clock.advance(0)
  expect((await call('GET', '/v1/desk/queue')).body).toMatchObject({ entries: [{ room_id: 'r', status: 'waiting' }] })
  expect((await post('claim', { participant_id: 'lee' })).status).toBe(200)
})

/** Kim sits down at the socket of the room. */
async function sit(url: string): Promise<TestSocket> {
  const socket = await openSocket(url, '/v1/rooms/r/ws')
  socket.send({ type: 'hello', token: keys.admin, participant_id: 'kim' })
  await socket.ofType('welcome')
  return socket
}

/** Resolves when the room was told that kim is gone. */
async function leave(kit: Kit, socket: TestSocket): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    const dispose = kit.subscribe('r', ({ type, from, data }) => {
      if (type !== 'presence' || from !== 'kim' || (data as { status?: string }).status !== 'offline') return
      dispose()
      resolve()
    })
  })
  socket.ws.close()
  await gone
}
