import { ConversationPipeline } from '@parley/kit'
import { expect, test } from 'vitest'
import { createTestEndpoint, listen, type TestEndpoint } from '@parley/testing'
import type { DeskMode } from '../call/call-bridge.ts'
import { openCall, sayingAgent, type CallBench } from './__fixtures__/open-call.ts'

const long = 'One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen.'
const rights = ['desk:answer', 'calls:supervise']

function deskEndpoint({ clock }: CallBench, id: string): TestEndpoint {
  return createTestEndpoint({ clock, id })
}

/** What somebody heard of all that was mixed for them. */
function mixedFor(endpoint: TestEndpoint): string {
  return listen(endpoint.output.sent)
    .map(({ text }) => text.trim())
    .join(' ')
}

async function joined(bench: CallBench, mode: DeskMode, participantId: string = mode) {
  const endpoint = deskEndpoint(bench, participantId)
  const joining = bench.call.join(endpoint, { participantId, mode, rights })
  joining.catch(() => {})
  await bench.clock.advance(0)
  return { endpoint, leg: await joining }
}

test('X-4 HO-6 TM-16 a person takes the call over: the agent falls silent at once, both hear each other within 500 ms', async () => {
  await using bench = await openCall({ agents: [sayingAgent('riley', long)] })
  const { endpoint, clock, call } = bench
  void endpoint.caller.sayText('tell me all')
  await clock.advance(3_000)
  expect(endpoint.output.isPlaying).toBe(true)
  const tookMs = clock.monotonicMs()
  const { endpoint: desk, leg } = await joined(bench, 'takeover', 'dana')
  expect(endpoint.output.isPlaying).toBe(false)
  void desk.caller.sayText('this is dana')
  await clock.advance(4_000)
  const first = endpoint.output.sent.find(
    ({ atMs, samples }) => atMs > tookMs && samples.some((sample) => sample !== 0),
  )
  expect((first?.atMs ?? Infinity) - tookMs).toBeLessThan(500)
  expect(mixedFor(endpoint)).toContain('this is dana')
  expect((await bench.kit.state(bench.roomId)).mode).toBe('human')
  void endpoint.caller.sayText('hello dana')
  await clock.advance(4_000)
  expect(desk.heard().map(({ text }) => text.trim())).toEqual(['hello dana'])
  // Both are written down under their names, and no agent answers.
  expect((await bench.lines()).slice(2)).toEqual(['dana: this is dana', 'ada: hello dana'])
  expect(await bench.receipts('takenOver')).toMatchObject([{ by: 'dana', agentId: 'riley' }])
  expect(await bench.receipts('takeoverLate')).toEqual([])
  expect(leg.mode).toBe('takeover')
  expect(call.state.isEnded).toBe(false)
  expect(bench.errors).toEqual([])
})

test('X-4 giving back restores the agent with a summary in the log, and the person’s line closes', async () => {
  await using bench = await openCall({ agents: [sayingAgent('riley', 'i am back', 'of course')] })
  const { endpoint, clock } = bench
  const { endpoint: desk, leg } = await joined(bench, 'takeover', 'dana')
  await clock.advance(500)
  const given = leg.giveBack({ note: 'refund was promised' })
  await clock.advance(500)
  await given
  expect(desk.closedWith).toBe('agent')
  expect(await leg.ended).toBe('agent')
  const state = await bench.kit.state(bench.roomId)
  expect([state.mode, state.activeAgentId]).toEqual(['agent', 'riley'])
  const log = await bench.kit.events(bench.roomId)
  expect(JSON.stringify(log)).toContain('refund was promised')
  void endpoint.caller.sayText('are you there')
  await clock.advance(8_000)
  expect((await bench.lines()).filter((line) => line.startsWith('ada'))).toEqual(['ada: are you there'])
  expect((await bench.lines()).at(-1)).toMatch(/^riley: /)
})

test('X-4 BR-4 a person who hangs up after a takeover leaves the call to the agent', async () => {
  await using bench = await openCall({ agents: [sayingAgent('riley', 'i am back', 'sure')] })
  const { endpoint: desk, leg } = await joined(bench, 'takeover', 'dana')
  await bench.clock.advance(500)
  desk.caller.hangup()
  await bench.clock.advance(1_000)
  expect(await leg.ended).toBe('hangup')
  expect((await bench.kit.state(bench.roomId)).mode).toBe('agent')
  expect(bench.call.state.isEnded).toBe(false)
  expect(bench.errors).toEqual([])
})

test('BR-2 who listens in hears caller and agent, and nobody hears them or learns of them', async () => {
  await using bench = await openCall({ agents: [sayingAgent('riley', 'two payments of mine')] })
  const { endpoint, clock } = bench
  const { endpoint: desk } = await joined(bench, 'monitor', 'sam')
  void endpoint.caller.sayText('i was charged twice')
  await clock.advance(2_000)
  void desk.caller.sayText('mumble mumble')
  await clock.advance(6_000)
  const heard = desk
    .heard()
    .map(({ text }) => text.trim())
    .join(' ')
  expect(heard).toContain('i was charged twice')
  expect(heard).toContain('two payments of mine')
  expect(mixedFor(endpoint)).toBe('two payments of mine')
  expect(await bench.lines()).toEqual(['ada: i was charged twice', 'riley: two payments of mine'])
  expect(endpoint.views.filter(({ type }) => type === 'bridge').at(-1)).toMatchObject({ participants: [] })
})

test('BR-2 a whisper to the agent is an instruction that nobody hears', async () => {
  const requests: string[] = []
  const agents = [
    sayingAgent('riley', (request) => {
      requests.push(JSON.stringify(request))
      return 'ten percent off'
    }),
  ]
  const pipeline = new ConversationPipeline({ stages: [{ phase: 'intake', agentId: 'riley', next: null }] })
  await using bench = await openCall({
    agents,
    setUp: (kit, roomId) => void pipeline.install(kit, agents, { roomId }),
  })
  const { endpoint, clock } = bench
  const { endpoint: desk } = await joined(bench, 'whisperAgent', 'sam')
  void desk.caller.sayText('offer ten percent')
  await clock.advance(4_000)
  void endpoint.caller.sayText('that is too much')
  await clock.advance(8_000)
  expect(requests.join('')).toContain('offer ten percent')
  expect(mixedFor(endpoint)).toBe('ten percent off')
})

test('BR-2 a whisper to the colleague is heard by them only', async () => {
  await using bench = await openCall()
  const { endpoint, clock } = bench
  const { endpoint: human } = await joined(bench, 'takeover', 'dana')
  const { endpoint: boss } = await joined(bench, 'whisperHuman', 'sam')
  await clock.advance(100)
  void boss.caller.sayText('be kind')
  await clock.advance(4_000)
  expect(human.heard().map(({ text }) => text.trim())).toEqual(['be kind'])
  expect(mixedFor(endpoint)).toBe('')
})

test('BR-2 BR-3 barging in is heard by all, and leaving the mode is silence again', async () => {
  await using bench = await openCall()
  const { endpoint, clock } = bench
  const { endpoint: boss, leg } = await joined(bench, 'monitor', 'sam')
  await leg.coach('barge')
  expect(endpoint.views.filter(({ type }) => type === 'bridge').at(-1)).toMatchObject({ participants: ['sam'] })
  void boss.caller.sayText('hello everyone')
  await clock.advance(4_000)
  expect(mixedFor(endpoint)).toBe('hello everyone')
  await leg.coach('monitor')
  void boss.caller.sayText('secret')
  await clock.advance(4_000)
  expect(mixedFor(endpoint)).toBe('hello everyone')
  expect(await bench.receipts('coached')).toMatchObject([
    { mode: 'monitor', by: 'sam' },
    { mode: 'barge', by: 'sam' },
    { mode: 'monitor', by: 'sam' },
  ])
})

test('BR-2 taking over needs desk:answer, listening needs calls:supervise', async () => {
  await using bench = await openCall()
  for (const [mode, has] of [
    ['takeover', 'calls:supervise'],
    ['monitor', 'desk:answer'],
    ['barge', 'rooms:write'],
  ] as const) {
    const joining = bench.call.join(deskEndpoint(bench, mode), { participantId: 'eve', mode, rights: [has] })
    await expect(joining).rejects.toMatchObject({ code: 'forbidden' })
  }
  expect((await bench.kit.state(bench.roomId)).mode).toBe('agent')
})

test('BR-1 the eleventh line is refused, and a closed call takes all lines with it', async () => {
  await using bench = await openCall()
  const legs = []
  for (let index = 0; index < 8; index++) legs.push(await joined(bench, 'monitor', `sam-${index}`))
  await expect(joined(bench, 'monitor', 'sam-9')).rejects.toMatchObject({ code: 'voice_bridge_full' })
  await bench.call.hangup()
  expect(legs.map(({ endpoint }) => endpoint.closedWith)).toEqual(Array(8).fill('agent'))
})

test('BR-2 who has joined is shown how loud each side is, ten times a second and not beyond silence; the caller is not', async () => {
  await using bench = await openCall({ agents: [sayingAgent('riley', 'two payments of mine')] })
  const { endpoint, clock } = bench
  const { endpoint: desk, leg } = await joined(bench, 'monitor', 'sam')
  const shown = () => desk.views.flatMap((view) => (view.type === 'levels' ? [view] : []))
  const loudest = (side: 'caller' | 'agent' | 'desk'): number => Math.max(-100, ...shown().map((view) => view[side]))
  await clock.advance(2_000)
  expect(shown()).toEqual([])
  void endpoint.caller.sayText('i was charged twice')
  await clock.advance(1_000)
  expect(shown().length).toBeGreaterThan(4)
  expect(shown().length).toBeLessThanOrEqual(10)
  expect([loudest('caller') > -60, loudest('agent')]).toEqual([true, -100])
  await clock.advance(6_000)
  expect(loudest('agent')).toBeGreaterThan(-60)
  // A supervisor who is not heard is no side of the call.
  void desk.caller.sayText('mumble')
  await clock.advance(2_000)
  expect(loudest('desk')).toBe(-100)
  await leg.coach('barge')
  void desk.caller.sayText('hello everyone')
  await clock.advance(4_000)
  expect(loudest('desk')).toBeGreaterThan(-60)
  await clock.advance(20_000)
  const silent = shown().length
  await clock.advance(5_000)
  expect(shown().length).toBe(silent)
  expect(shown().at(-1)).toEqual({ type: 'levels', caller: -100, agent: -100, desk: -100 })
  expect(endpoint.views.filter(({ type }) => type === 'levels')).toEqual([])
})
