import { createSeededIds, createVirtualClock } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { createMemoryStore } from '../../store/memory-store.ts'
import {
  handOver,
  receiptsOf,
  say,
  scripted,
  testKit,
  transcript,
  type TestKit,
} from '../__fixtures__/orchestrated-kit.ts'
import { Pipeline } from '../pipeline/pipeline.ts'
import type { HumanOptions } from './human-options.ts'

const code = { kind: 'code', id: 'desk' } as const
const grace = { kind: 'person', id: 'grace' } as const

async function desk(
  human: HumanOptions = {},
  made: TestKit = testKit(),
): Promise<TestKit & { roomId: string; agent: ReturnType<typeof scripted>; boss: ReturnType<typeof scripted> }> {
  const agent = scripted('agent', ['I help.'], { greeting: 'Welcome!' })
  const boss = scripted('boss', [{ text: '' }])
  const stages = [{ phase: 'help', agentId: 'agent' }]
  const room = await made.kit.createRoom({
    orchestration: new Pipeline({ agents: [agent, boss], stages, supervisorId: 'boss', human }),
  })
  return { ...made, roomId: room.id, agent, boss }
}

describe('asking for a person', () => {
  test('HU-1 HU-2 agents fall silent, messages are kept, only the supervisor observes', async () => {
    const { kit, roomId, agent, boss } = await desk()
    const asked: string[] = []
    kit.hook('onHumanRequested', ({ state }) => void asked.push(state.human?.reason ?? ''))
    kit.hook('onModeChanged', ({ from, to }) => void asked.push(`${from} to ${to}`))
    expect(await kit.requestHuman(roomId, { reason: 'angry', urgency: 'high' }, { by: code })).toMatchObject({
      accepted: true,
      newAgentId: null,
      newPhase: 'escalation',
    })
    await say(kit, roomId, 'hello?')
    await say(kit, roomId, 'agent, please', { addressedTo: ['agent'] })
    expect(await transcript(kit, roomId)).toEqual(['ada: hello?', 'ada: agent, please'])
    expect(agent.script.requests).toEqual([])
    expect(boss.script.requests.length).toBeGreaterThan(0)
    expect(
      (await kit.events(roomId, { types: ['message'] })).map(({ routing }) => [routing?.reason, routing?.observers]),
    ).toEqual([
      ['human_mode', ['boss']],
      ['human_mode', ['boss']],
    ])
    expect(asked.toSorted()).toEqual(['agent to human', 'angry'])
    expect(await kit.state(roomId)).toMatchObject({
      mode: 'human',
      activeAgentId: null,
      previousAgentId: 'agent',
      human: { status: 'waiting', urgency: 'high' },
    })
    expect(kit.status.recent({ roomId })).toMatchObject([{ action: 'human_request', status: 'completed' }])
    await kit.close()
  })

  test('HU-2 what the supervisor says beside people is internal', async () => {
    const { kit } = testKit()
    const boss = scripted('boss', ['Offer a refund.'])
    const room = await kit.createRoom({
      orchestration: new Pipeline({
        agents: [scripted('agent', ['?']), boss],
        stages: [{ phase: 'help', agentId: 'agent' }],
        supervisorId: 'boss',
      }),
    })
    await kit.requestHuman(room.id, { reason: 'r' }, { by: code })
    await say(kit, room.id, 'hello')
    const said = await kit.events(room.id, { types: ['message'] })
    expect(said.map(({ source, visibility }) => [source.kind, visibility])).toEqual([
      ['person', 'all'],
      ['agent', 'internal'],
    ])
    await kit.close()
  })

  test('HF-10 urgent ones come first, then who waits longest; SB-3 only of the organization asked for', async () => {
    const { kit, clock } = testKit()
    const rooms: string[] = []
    for (const [organizationId, urgency] of [
      ['acme', 'normal'],
      ['acme', 'normal'],
      ['acme', 'high'],
      ['other', 'high'],
    ] as const) {
      const room = await kit.createRoom({
        organizationId,
        orchestration: new Pipeline({ agents: [scripted('agent', ['?'])], id: 'p', human: { timeoutMs: 1e9 } }),
      })
      rooms.push(room.id)
      await kit.requestHuman(room.id, { reason: 'r', urgency }, { by: code })
      await clock.advance(1_000)
    }
    const queue = await kit.humanQueue({ organizationId: 'acme' })
    expect(queue.map(({ roomId }) => roomId)).toEqual([rooms[2], rooms[0], rooms[1]])
    expect(queue[1]?.waitingMs).toBe(4_000)
    expect(await kit.humanQueue({ limit: 1 })).toHaveLength(1)
    await kit.claim(rooms[0] ?? '', 'grace')
    expect(await kit.humanQueue({ organizationId: 'acme' })).toHaveLength(2)
    await kit.close()
  })

  test('HU-1 nobody there: the handoff is refused and the agent goes on', async () => {
    const { kit, roomId } = await desk({ available: () => false })
    expect(await kit.requestHuman(roomId, { reason: 'r' }, { by: code })).toMatchObject({
      code: 'handoff_human_unavailable',
    })
    expect((await kit.state(roomId)).mode).toBe('agent')
    await kit.close()
  })

  test('HU-1 keepAgent: the agent goes on until someone claims', async () => {
    const agent = scripted('agent', [handOver('human'), 'A colleague will join.', 'Meanwhile, I help.'])
    const { kit } = testKit()
    const room = await kit.createRoom({
      orchestration: new Pipeline({ agents: [agent], human: { whileWaiting: 'keepAgent' } }),
    })
    await say(kit, room.id, 'a person!')
    await say(kit, room.id, 'still there?')
    expect(await transcript(kit, room.id)).toEqual([
      'ada: a person!',
      'agent: A colleague will join.',
      'ada: still there?',
      'agent: Meanwhile, I help.',
    ])
    expect(await kit.humanQueue()).toMatchObject([{ roomId: room.id }])
    expect(await kit.claim(room.id, 'grace')).toEqual({ ok: true })
    expect(await kit.state(room.id)).toMatchObject({
      mode: 'human',
      phase: 'escalation',
      activeAgentId: null,
      previousAgentId: 'agent',
    })
    await say(kit, room.id, 'hello')
    expect((await transcript(kit, room.id)).at(-1)).toBe('ada: hello')
    await kit.close()
  })
})

describe('claiming', () => {
  test('HU-3 exactly one wins, the others learn who; clients are told the name', async () => {
    const { kit, roomId } = await desk()
    await kit.ensureParticipant(roomId, { id: 'grace', channelId: 'direct', displayName: 'Grace H.' })
    await kit.requestHuman(roomId, { reason: 'r' }, { by: code })
    const told: unknown[] = []
    kit.subscribe(roomId, ({ data }) => void told.push(data), { types: ['conversation'] })
    const answers = await Promise.all(['grace', 'alan', 'joan'].map((id) => kit.claim(roomId, id)))
    expect(answers).toEqual([{ ok: true }, { ok: false, takenBy: 'grace' }, { ok: false, takenBy: 'grace' }])
    expect(await kit.claim(roomId, 'grace')).toEqual({ ok: true })
    expect(await kit.state(roomId)).toMatchObject({ human: { status: 'active', claimedBy: 'grace' } })
    expect(told).toContainEqual(expect.objectContaining({ mode: 'human', name: 'Grace H.' }))
    expect(await receiptsOf(kit, roomId, 'mode')).toMatchObject([
      { to: 'human' },
      { action: 'claimed', by: { id: 'grace' } },
    ])
    await kit.close()
  })

  test('a room that is not waiting cannot be claimed, nor handed back by someone else', async () => {
    const { kit, roomId } = await desk()
    await expect(kit.claim(roomId, 'grace')).rejects.toMatchObject({ code: 'human_not_waiting' })
    await kit.takeover(roomId, 'grace')
    await expect(
      kit.handBack(roomId, { target: 'agent' }, { by: { kind: 'person', id: 'alan' } }),
    ).rejects.toMatchObject({ code: 'human_not_claimed' })
    expect((await kit.state(roomId)).mode).toBe('human')
    await kit.close()
  })

  test('HU-4 a takeover silences a running agent at once; what was said stays', async () => {
    const made = testKit()
    const slow = scripted('agent', [
      async () => {
        await made.clock.sleep(60_000)
        return 'late'
      },
    ])
    const room = await made.kit.createRoom({ orchestration: new Pipeline({ agents: [slow] }) })
    const sent = await made.kit.send(room.id, { from: 'ada', text: 'hello' })
    expect(sent.outcome).toBe('committed')
    await made.clock.advance(1_000)
    expect(await made.kit.takeover(room.id, 'grace', { reason: 'I know her' })).toMatchObject({ accepted: true })
    await made.clock.advance(500)
    expect(await receiptsOf(made.kit, room.id, 'turn')).toMatchObject([{ end: 'aborted' }])
    expect(await made.kit.state(room.id)).toMatchObject({
      mode: 'human',
      human: { status: 'active', claimedBy: 'grace' },
    })
    expect(await transcript(made.kit, room.id)).toEqual(['ada: hello'])
    await made.clock.advance(100_000)
    expect(await transcript(made.kit, room.id)).toEqual(['ada: hello'])
    await made.kit.close()
  })

  test('HU-4 asked to, it waits for the end of the sentence, at most two seconds', async () => {
    const made = testKit()
    const slow = scripted('agent', [
      async () => {
        await made.clock.sleep(1_500)
        return 'just in time'
      },
    ])
    const room = await made.kit.createRoom({ orchestration: new Pipeline({ agents: [slow] }) })
    await made.kit.send(room.id, { from: 'ada', text: 'hello' })
    await made.clock.advance(100)
    const taking = made.kit.takeover(room.id, 'grace', { stop: 'sentence' })
    await made.clock.advance(2_000)
    expect(await taking).toMatchObject({ accepted: true })
    expect(await transcript(made.kit, room.id)).toEqual(['ada: hello', 'agent: just in time'])
    await made.kit.close()
  })

  test('HU-5 on handing back the agent goes on with what the colleague did, without greeting anew', async () => {
    const { kit, roomId, agent } = await desk()
    await kit.takeover(roomId, 'grace')
    await say(kit, roomId, 'I was charged twice')
    expect(await kit.handBack(roomId, { target: 'agent', note: 'Refunded 20 euros.' }, { by: grace })).toMatchObject({
      accepted: true,
      newAgentId: 'agent',
      newPhase: 'help',
    })
    await kit.settled(roomId)
    expect(await transcript(kit, roomId)).toEqual(['ada: I was charged twice', 'agent: I help.'])
    const read = JSON.stringify(agent.script.requests[0]?.messages)
    expect(read).toContain('Refunded 20 euros.')
    expect(read).toContain('I was charged twice')
    expect((await kit.state(roomId)).human).toBeUndefined()
    await kit.close()
  })
})

describe('nobody comes', () => {
  test('HU-1 after 90 seconds the agent is back, and is told to offer other ways', async () => {
    const { kit, clock, roomId, agent } = await desk()
    await kit.requestHuman(roomId, { reason: 'angry' }, { by: code })
    await say(kit, roomId, 'hello?')
    await clock.advance(89_000)
    expect((await kit.state(roomId)).mode).toBe('human')
    await clock.advance(2_000)
    expect(await kit.state(roomId)).toMatchObject({ mode: 'agent', phase: 'help', activeAgentId: 'agent' })
    expect(await transcript(kit, roomId)).toEqual(['ada: hello?', 'agent: I help.'])
    expect(JSON.stringify(agent.script.requests[0]?.messages)).toContain('Nobody was free')
    expect(await kit.humanQueue()).toEqual([])
    await kit.close()
  })

  test('a claim in time, or onTimeout stay, keeps people in charge', async () => {
    const claimed = await desk()
    await claimed.kit.requestHuman(claimed.roomId, { reason: 'r' }, { by: code })
    await claimed.clock.advance(80_000)
    await claimed.kit.claim(claimed.roomId, 'grace')
    await claimed.clock.advance(100_000)
    expect((await claimed.kit.state(claimed.roomId)).mode).toBe('human')
    expect(claimed.clock.pending).toBe(0)
    await claimed.kit.close()
    const staying = await desk({ onTimeout: 'stay' })
    await staying.kit.requestHuman(staying.roomId, { reason: 'r' }, { by: code })
    await staying.clock.advance(1_000_000)
    expect((await staying.kit.state(staying.roomId)).mode).toBe('human')
    await staying.kit.close()
  })

  test('HU-9 waiting survives a restart, and closing the room ends it', async () => {
    const store = { ...createMemoryStore(), isProcessLocal: false, close: async () => {} }
    const first = await desk({}, testKit({ store }))
    const second = await first.kit.createRoom({ orchestration: new Pipeline({ agents: [first.agent], id: 'two' }) })
    for (const roomId of [first.roomId, second.id]) await first.kit.requestHuman(roomId, { reason: 'r' }, { by: code })
    await first.kit.close()
    const clock = createVirtualClock({ now: Date.UTC(2026, 0, 1, 0, 0, 30) })
    const later = testKit({ store, clock, ids: createSeededIds(2) })
    for (const agent of [first.agent, first.boss]) later.kit.register(agent)
    await clock.advance(0)
    expect(await later.kit.humanQueue()).toMatchObject([{ waitingMs: 30_000 }, { waitingMs: 30_000 }])
    await later.kit.closeRoom(second.id)
    expect(await later.kit.humanQueue()).toHaveLength(1)
    await clock.advance(59_000)
    expect((await later.kit.state(first.roomId)).mode).toBe('human')
    await clock.advance(2_000)
    expect((await later.kit.state(first.roomId)).mode).toBe('agent')
    expect(await transcript(later.kit, second.id)).toEqual([])
    await later.kit.reopen(second.id)
    expect(await later.kit.humanQueue()).toEqual([])
    await say(later.kit, second.id, 'back again')
    expect(await transcript(later.kit, second.id)).toEqual(['ada: back again', 'agent: I help.'])
    await later.kit.close()
  })
})

describe('pausing', () => {
  test('HU-7 messages are kept; on resuming the newest is answered once, with the others in view', async () => {
    const { kit, roomId, agent, boss } = await desk()
    await kit.pause(roomId, { by: code, reason: 'fire drill' })
    await say(kit, roomId, 'one')
    await say(kit, roomId, 'two')
    expect(await transcript(kit, roomId)).toEqual(['ada: one', 'ada: two'])
    expect(boss.script.requests).toEqual([])
    await kit.resume(roomId, { by: code })
    await kit.resume(roomId, { by: code })
    await kit.settled(roomId)
    expect(await transcript(kit, roomId)).toEqual(['ada: one', 'ada: two', 'agent: I help.'])
    expect(JSON.stringify(agent.script.requests[0]?.messages)).toMatch(/one.*two/)
    expect(
      (await kit.events(roomId, { types: ['modeChanged'] })).map(
        ({ content }) => content.type === 'system' && content.data,
      ),
    ).toMatchObject([
      { from: 'agent', to: 'paused', reason: 'fire drill' },
      { from: 'paused', to: 'agent' },
    ])
    expect(await receiptsOf(kit, roomId, 'routing')).toMatchObject([{ target: 'agent', supersedes: true }])
    await kit.close()
  })
})

test('HU-7 on resuming nobody is asked about what is hidden from them', async () => {
  const { kit, roomId, agent } = await desk()
  await kit.pause(roomId, { by: code })
  await say(kit, roomId, 'between us', { visibility: 'transport' })
  await kit.resume(roomId, { by: code })
  await kit.settled(roomId)
  expect(agent.script.requests).toEqual([])
  await kit.close()
})

describe('coaching', () => {
  test('HU-8 each mode is what it says, and each change is in the log', async () => {
    const { kit, roomId, agent } = await desk()
    for (const id of ['ada', 'grace']) await kit.ensureParticipant(roomId, { id, channelId: 'direct' })
    await kit.coach(roomId, 'grace', 'monitor')
    expect(await kit.send(roomId, { from: 'grace', text: 'psst' })).toMatchObject({
      outcome: 'blocked',
      reason: 'not_authorized',
    })
    await kit.coach(roomId, 'grace', 'whisperAgent')
    await kit.send(roomId, { from: 'grace', text: 'offer a refund' }, { wait: 'settled' })
    expect(agent.script.requests).toEqual([])
    await say(kit, roomId, 'hello')
    await say(kit, roomId, 'again')
    const read = agent.script.requests.map(({ messages }) => JSON.stringify(messages).includes('offer a refund'))
    expect(read).toEqual([true, false])
    await kit.coach(roomId, 'grace', 'barge')
    await kit.send(roomId, { from: 'grace', text: 'Grace here' }, { wait: 'settled' })
    await say(kit, roomId, 'oh, hello')
    expect(agent.script.requests).toHaveLength(2)
    await say(kit, roomId, 'agent?', { addressedTo: ['agent'] })
    expect(agent.script.requests).toHaveLength(3)
    await kit.coach(roomId, 'grace', 'off')
    const changes = (await kit.events(roomId)).flatMap(({ content }) =>
      content.type === 'system' && content.code === 'coach_changed' ? [content.data] : [],
    )
    expect(changes).toEqual([
      { participantId: 'grace', from: 'off', to: 'monitor' },
      { participantId: 'grace', from: 'monitor', to: 'whisperAgent' },
      { participantId: 'grace', from: 'whisperAgent', to: 'barge' },
      { participantId: 'grace', from: 'barge', to: 'off' },
    ])
    await kit.close()
  })

  test('HU-8 whispering to the colleague reaches that colleague alone', async () => {
    const { kit, roomId } = await desk()
    await kit.ensureParticipant(roomId, { id: 'grace', channelId: 'desk-grace' })
    await kit.ensureParticipant(roomId, { id: 'alan', channelId: 'direct' })
    await kit.takeover(roomId, 'grace')
    await kit.coach(roomId, 'alan', 'whisperHuman')
    await kit.send(roomId, { from: 'alan', text: 'mind the tone' }, { wait: 'settled' })
    const whisper = (await kit.events(roomId, { types: ['message'] })).at(-1)
    expect(whisper?.visibility).toEqual({ only: ['desk-grace'] })
    await kit.close()
  })

  test('HU-8 the host decides who may', async () => {
    const { kit, roomId } = await desk({
      authorize: (action, participant) => participant?.id === 'grace' && action !== 'barge',
    })
    for (const id of ['grace', 'alan']) await kit.ensureParticipant(roomId, { id, channelId: 'direct' })
    await kit.coach(roomId, 'grace', 'monitor')
    await expect(kit.coach(roomId, 'grace', 'barge')).rejects.toMatchObject({ code: 'forbidden' })
    await expect(kit.coach(roomId, 'alan', 'monitor')).rejects.toMatchObject({ code: 'forbidden' })
    await expect(kit.coach(roomId, 'nobody', 'monitor')).rejects.toMatchObject({ code: 'participant_not_found' })
    await kit.close()
  })
})

test('SB-2 handoffs post their status, and entries with a room are told to hooks', async () => {
  const { kit, roomId } = await desk()
  const told: string[] = []
  kit.hook('onStatusPosted', ({ entry }) => void told.push(`${entry.action} ${entry.status}`))
  kit.status.post({ agentId: 'x', action: 'no room', status: 'info' })
  await kit.requestHuman(roomId, { reason: 'r' }, { by: code })
  await kit.handoff(roomId, { target: 'nobody', reason: 'r', summary: 's' }, { by: code })
  await kit.settled(roomId)
  expect(told).toEqual(['human_request completed', 'handoff failed'])
  await kit.close()
})
