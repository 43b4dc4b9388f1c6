import type { Agent } from '@parley/kit'
import { expect, test } from 'vitest'
import { createTestEndpoint, type TestEndpoint } from '@parley/testing'
import type { DialOut, DialResult } from '../transfer/dial-out.ts'
import { openCall, sayingAgent, type CallBench } from './__fixtures__/open-call.ts'

/** Lines that answer as told, one after another. */
class Lines implements DialOut {
  readonly dialled: string[] = []
  readonly legs: TestEndpoint[] = []
  bench: CallBench | undefined
  readonly #answers: ('accepted' | Exclude<DialResult, { outcome: 'accepted' }> | 'never')[]

  constructor(...answers: ('accepted' | Exclude<DialResult, { outcome: 'accepted' }> | 'never')[]) {
    this.#answers = answers
  }

  async dial(to: string, { signal }: { signal: AbortSignal }): Promise<DialResult> {
    this.dialled.push(to)
    const answer = this.#answers.shift() ?? 'never'
    if (answer === 'never')
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    if (answer !== 'accepted') return answer
    if (this.bench === undefined) throw new Error('The lines have no clock yet.')
    const leg = createTestEndpoint({ clock: this.bench.clock, id: to, direction: 'outbound' })
    this.legs.push(leg)
    return { outcome: 'accepted', leg }
  }
}

async function withLines(
  lines: Lines,
  agents: Agent[] = [sayingAgent('riley', 'I am back.', 'Yes.', 'Yes.')],
): Promise<CallBench> {
  const bench = await openCall({ agents, channel: { dialOut: lines, interruption: { warmupMs: 0 } } })
  lines.bench = bench
  return bench
}

const textOf = (endpoint: TestEndpoint | undefined): string =>
  (endpoint?.heard() ?? []).map(({ text }) => text.trim()).join(' ')

test('X-1 cold: the announcement is heard before it rings, "transferred" only after acceptance, then both talk', async () => {
  const lines = new Lines('accepted')
  await using bench = await withLines(lines)
  const { call, clock, endpoint } = bench
  const transfer = call.transfer({
    kind: 'cold',
    to: 'sales',
    announce: 'one moment',
    transferredText: 'you are put through',
  })
  await clock.advance(200)
  expect(lines.dialled).toEqual([])
  await clock.advance(6_000)
  expect(await transfer).toEqual({ outcome: 'accepted' })
  expect(lines.dialled).toEqual(['sales'])
  expect(bench.heard().join(' ')).toBe('one moment you are put through')
  void endpoint.caller.sayText('hello sales')
  await clock.advance(5_000)
  expect(textOf(lines.legs[0])).toBe('hello sales')
  expect((await bench.kit.state(bench.roomId)).mode).toBe('human')
  expect(await bench.receipts('transfer')).toMatchObject([{ kind: 'cold', outcome: 'accepted' }])
  expect(bench.errors).toEqual([])
})

test('X-1 X-3 not accepted: the agent goes on and is told why; our own limit ends endless ringing', async () => {
  for (const [answer, outcome, reason] of [
    [{ outcome: 'busy' }, { outcome: 'busy' }, 'the line was busy'],
    [{ outcome: 'failed', sipCode: 503 }, { outcome: 'failed', sipCode: 503 }, 'code 503'],
    ['never', { outcome: 'noAnswer' }, 'nobody answered'],
  ] as const) {
    const requests: string[] = []
    const agent = sayingAgent('riley', (request) => {
      requests.push(JSON.stringify(request))
      return 'sorry about that'
    })
    const lines = new Lines(answer)
    await using bench = await withLines(lines, [agent])
    const told: string[] = []
    bench.kit.observe('onTransfer', ({ to, outcome: what }) => void told.push(`${to} ${what}`))
    const transfer = bench.call.transfer({ kind: 'cold', to: 'sales', timeoutMs: 5_000 })
    await bench.clock.advance(7_100)
    expect(await transfer).toEqual(outcome)
    await bench.clock.advance(5_000)
    expect(requests.join('')).toContain(reason)
    expect(bench.heard()).toEqual(['sorry about that'])
    expect(told).toEqual([`sales ${outcome.outcome}`])
  }
})

test('X-2 warm: the held caller drives nobody, the colleague is briefed and accepts by key, then all talk', async () => {
  const lines = new Lines('accepted')
  await using bench = await withLines(lines)
  const { call, clock, endpoint } = bench
  const transfer = call.transfer({ kind: 'warm', to: 'sales', briefing: 'ada was charged twice' })
  await clock.advance(500)
  void endpoint.caller.sayText('is anybody there')
  await clock.advance(4_000)
  const [colleague] = lines.legs
  expect(textOf(colleague)).toBe('ada was charged twice')
  expect(await bench.lines()).toEqual([])
  expect(endpoint.output.sent.some(({ samples }) => samples.some((sample) => sample !== 0))).toBe(true)
  colleague?.caller.dtmf('1')
  await clock.advance(500)
  expect(await transfer).toEqual({ outcome: 'accepted' })
  void endpoint.caller.sayText('hello sales')
  await clock.advance(4_000)
  expect(textOf(colleague)).toBe('ada was charged twice hello sales')
  expect((await bench.lines()).at(-1)).toBe('ada: hello sales')
  expect(bench.errors).toEqual([])
})

test('X-2 declined by word, the agent has the call again; a second one accepts by word', async () => {
  const lines = new Lines('accepted', 'accepted')
  await using bench = await withLines(lines)
  const first = bench.call.transfer({ kind: 'warm', to: 'sales', briefing: 'ada' })
  await bench.clock.advance(2_000)
  void lines.legs[0]?.caller.sayText('no sorry')
  await bench.clock.advance(3_000)
  expect(await first).toEqual({ outcome: 'declined' })
  expect(lines.legs[0]?.closedWith).toBe('transfer')
  await bench.clock.advance(4_000)
  expect(bench.heard()).toEqual(['I am back.'])
  const second = bench.call.transfer({ kind: 'warm', to: 'support', briefing: 'ada' })
  await bench.clock.advance(2_000)
  void lines.legs[1]?.caller.sayText('yes')
  await bench.clock.advance(3_000)
  expect(await second).toEqual({ outcome: 'accepted' })
})

test('X-2 a caller who hangs up meanwhile: the colleague is told and let go', async () => {
  const lines = new Lines('accepted')
  await using bench = await withLines(lines)
  const transfer = bench.call.transfer({ kind: 'warm', to: 'sales', briefing: 'ada', callerLeftText: 'they are gone' })
  await bench.clock.advance(2_000)
  bench.endpoint.caller.hangup()
  await bench.clock.advance(5_000)
  expect(await transfer).toEqual({ outcome: 'callerLeft' })
  expect(textOf(lines.legs[0])).toBe('ada they are gone')
  expect(lines.legs[0]?.closedWith).toBe('transfer')
})

test('X-2 a colleague who hangs up leaves the caller to the agent, who knows', async () => {
  const requests: string[] = []
  const agent = sayingAgent('riley', (request) => {
    requests.push(JSON.stringify(request))
    return 'here I am again'
  })
  const lines = new Lines('accepted')
  await using bench = await withLines(lines, [agent])
  const transfer = bench.call.transfer({ kind: 'cold', to: 'sales' })
  await bench.clock.advance(1_000)
  expect(await transfer).toEqual({ outcome: 'accepted' })
  lines.legs[0]?.caller.hangup()
  await bench.clock.advance(6_000)
  expect((await bench.kit.state(bench.roomId)).mode).toBe('agent')
  expect(requests.join('')).toContain('has hung up')
  expect(bench.heard()).toEqual(['here I am again'])
  expect(bench.call.state.isEnded).toBe(false)
})

test('X-1 a call transfers once at a time, and not without a way to dial', async () => {
  const lines = new Lines('never')
  await using bench = await withLines(lines)
  void bench.call.transfer({ kind: 'cold', to: 'sales' })
  await expect(bench.call.transfer({ kind: 'cold', to: 'support' })).rejects.toMatchObject({
    code: 'voice_transfer_failed',
  })
  await using plain = await openCall()
  await expect(plain.call.transfer({ kind: 'cold', to: 'sales' })).rejects.toMatchObject({ code: 'invalid_options' })
})

test('BG-1 hold music is for the held caller, and is no part of what the agent said', async () => {
  await using bench = await openCall()
  const { call, endpoint, clock } = bench
  call.hold()
  await clock.advance(2_000)
  const sounding = endpoint.output.sent.filter(({ samples }) => samples.some((sample) => sample !== 0))
  expect(sounding.length).toBeGreaterThan(20)
  call.resume()
  await clock.advance(2_000)
  const sent = endpoint.output.sent.length
  await clock.advance(1_000)
  expect(endpoint.output.sent.length).toBe(sent)
  expect(bench.heard()).toEqual([])
  expect(call.ledger.utterances()).toEqual([])
})

test('BG-1 ambience goes on under and after speech, and an interruption does not end it', async () => {
  await using bench = await openCall({ channel: { background: { ambience: 'room' } } })
  const { call, endpoint, clock } = bench
  void call.say('one two three four five six')
  await clock.advance(500)
  call.interrupt({ force: true })
  const atMs = clock.monotonicMs()
  await clock.advance(1_000)
  const after = endpoint.output.sent.filter((piece) => piece.atMs > atMs + 20)
  expect(after.length).toBeGreaterThanOrEqual(48)
  expect(after.every(({ samples }) => samples.some((sample) => sample !== 0))).toBe(true)
})

test('BG-1 thinking sounds from 300 ms on until the first word', async () => {
  let release = (_text: string): void => {}
  const slow = new Promise<string>((resolve) => (release = resolve))
  await using bench = await openCall({
    agents: [sayingAgent('riley', () => slow)],
    channel: { background: { thinking: 'keyboard' } },
  })
  const { endpoint, clock } = bench
  void endpoint.caller.sayText('think about it')
  await clock.advance(5_000)
  const isSounding = ({ samples }: { samples: Int16Array }): boolean => samples.some((sample) => sample !== 0)
  const first = endpoint.output.sent.find(isSounding)
  const thinking = bench.call.log.find(({ effects }) => JSON.stringify(effects).includes('"agent":"thinking"'))
  expect((first?.atMs ?? 0) - (thinking?.atMs ?? 0)).toBeGreaterThanOrEqual(280)
  expect((first?.atMs ?? 0) - (thinking?.atMs ?? 0)).toBeLessThan(700)
  release('done')
  await clock.advance(3_000)
  const sent = endpoint.output.sent.length
  await clock.advance(1_000)
  expect(endpoint.output.sent.slice(sent).some(isSounding)).toBe(false)
  expect(bench.heard()).toEqual(['done'])
})

test('X-2 BR-2 BR-3 declined by one colleague, accepted by another; a supervisor whispers to that colleague only', async () => {
  const lines = new Lines('accepted', 'accepted')
  await using bench = await withLines(lines)
  const { call, clock, endpoint } = bench
  const first = call.transfer({ kind: 'warm', to: 'sales', briefing: 'ada' })
  await clock.advance(1_500)
  void endpoint.caller.sayText('hello hello')
  lines.legs[0]?.caller.dtmf('2')
  await clock.advance(500)
  expect(await first).toEqual({ outcome: 'declined' })
  const second = call.transfer({ kind: 'warm', to: 'support', briefing: 'ada' })
  await clock.advance(3_000)
  lines.legs[1]?.caller.dtmf('1')
  await clock.advance(500)
  expect(await second).toEqual({ outcome: 'accepted' })
  const supervisor = createTestEndpoint({ clock, id: 'boss' })
  const joining = call.join(supervisor, { participantId: 'boss', mode: 'whisperHuman', rights: ['calls:supervise'] })
  await clock.advance(0)
  await joining
  const before = endpoint.output.sent.length
  void supervisor.caller.sayText('offer a refund')
  await clock.advance(4_000)
  expect(textOf(lines.legs[1])).toBe('ada offer a refund')
  expect(
    endpoint.output.sent.slice(before).some(({ samples }) => samples.some((sample) => Math.abs(sample) > 100)),
  ).toBe(false)
})
