import { allow, createMemoryStore, Kit, type Agent } from '@parley/kit'
import { createSeededIds, createTestEndpoint } from '@parley/testing'
import { expect, test } from 'vitest'
import { openCall, sayingAgent, type CallBench, type CallBenchOptions } from '../channel/__fixtures__/open-call.ts'
import type { CallLog } from './call-log.ts'
import { readCallLog } from './read-call-log.ts'
import { replayCall } from './replay-call.ts'

async function ended({ clock, call }: CallBench): Promise<void> {
  const ending = call.hangup()
  await clock.advance(3_000)
  await ending
}

async function stored(bench: CallBench): Promise<CallLog> {
  await ended(bench)
  const log = await readCallLog(bench.kit, bench.roomId, bench.call.id)
  if (log === null) throw new Error('no log')
  return log
}

const talking = (more: CallBenchOptions = {}, agents: Agent[] = [sayingAgent('riley', 'two payments', 'goodbye')]) =>
  openCall({ agents, channel: { interruption: { warmupMs: 0 } }, ...more })

/** Two turns, the first one cut into the answer. */
async function talk({ endpoint, clock }: CallBench): Promise<void> {
  void endpoint.caller.sayText('i was charged twice')
  await clock.advance(2_500)
  void endpoint.caller.sayText('give it back please')
  await clock.advance(8_000)
}

test('call log: stored with the room when the call ends, and another process replays it with the same decisions', async () => {
  const store = createMemoryStore()
  await using bench = await talking({ kit: { store } })
  await talk(bench)
  expect(await readCallLog(bench.kit, bench.roomId, bench.call.id)).toBeNull()
  const log = await stored(bench)
  expect(log.steps).toEqual(JSON.parse(JSON.stringify(bench.call.log)))
  // Nothing of the process that had the call is used.
  await using later = new Kit({ store, clock: bench.clock, ids: createSeededIds(9) })
  const read = await readCallLog(later, bench.roomId, bench.call.id)
  expect(read).toEqual(log)
  expect(replayCall(log)).toEqual({ kind: 'exact', steps: log.steps.length, difference: null })
  const patient = { ...log.settings.endpointing, minDelayMs: 900, plainMinDelayMs: 900 }
  const forecast = replayCall(log, { settings: { ...log.settings, endpointing: patient } })
  expect(forecast).toMatchObject({ kind: 'forecast', latencyChangeMs: 900 - log.settings.endpointing.minDelayMs })
  expect(bench.errors).toEqual([])
})

test('call log: it says second by second what sound came and went, by count, level and hash', async () => {
  await using bench = await talking()
  await talk(bench)
  const { frames = [], steps } = await stored(bench)
  const of = (side: string) => frames.filter((summary) => summary.side === side)
  const [heard, said] = [of('caller'), of('agent')]
  // Ten seconds of a line on which sound comes all the time.
  expect(heard.length).toBeGreaterThanOrEqual(9)
  expect(heard[0]).toMatchObject({
    frames: 50,
    samples: expect.any(Number),
    hash: expect.stringMatching(/^[0-9a-f]{8}$/),
  })
  expect(heard.some(({ rmsDbfs }) => rmsDbfs !== null)).toBe(true)
  expect(said.some(({ rmsDbfs }) => rmsDbfs !== null)).toBe(true)
  const instants = steps.map(({ atMs }) => atMs)
  expect(heard[0]?.atMs).toBeLessThanOrEqual(Math.max(...instants))
  // What is kept of a call that says the same again is the same.
  await using again = await talking()
  await talk(again)
  expect((await stored(again)).frames).toEqual(frames)
})

test('call log: of two calls in one room each has its own, and of an unknown one there is none', async () => {
  await using bench = await talking()
  await talk(bench)
  const first = await stored(bench)
  const endpoint = createTestEndpoint({ clock: bench.clock, id: 'second' })
  const second = await bench.voice.connect(endpoint, { roomId: bench.roomId, participantId: 'ada' })
  void endpoint.caller.sayText('me again')
  await bench.clock.advance(5_000)
  await second.hangup()
  await bench.clock.advance(0)
  const other = await readCallLog(bench.kit, bench.roomId, second.id)
  expect(JSON.stringify(other)).toContain('me again')
  expect(JSON.stringify(first)).not.toContain('me again')
  expect(await readCallLog(bench.kit, bench.roomId, 'nobody')).toBeNull()
})

test('D-4 call log: a secret is not in the stored log, and the rest of the call replays as it was', async () => {
  await using bench = await talking()
  const { call, clock, endpoint } = bench
  const asked = call.collect({ digits: 4, prompt: 'your pin please', sensitive: true })
  await clock.advance(3_000)
  void endpoint.caller.sayText('four seven one two')
  await clock.advance(6_000)
  expect(await asked).toMatchObject({ type: 'spoken' })
  await talk(bench)
  const log = await stored(bench)
  expect(JSON.stringify(log)).not.toMatch(/four|seven|4712/)
  const hidden = log.frames?.filter(({ hash }) => hash === null) ?? []
  expect(hidden.length).toBeGreaterThan(0)
  expect(hidden.length).toBeLessThan(log.frames?.length ?? 0)
  expect(JSON.stringify(log)).toContain('i was charged twice')
  expect(replayCall(log)).toMatchObject({ kind: 'exact', difference: null })
})

test.each(['onTranscription', 'beforeBroadcast'] as const)(
  'call log: where %s may change what is said, no word is stored and the decisions are still those',
  async (trigger) => {
    await using bench = await talking({
      setUp: (kit) => void kit.hook(trigger, () => allow(), { name: 'guard' }),
    })
    await talk(bench)
    const log = await stored(bench)
    expect(log.steps.length).toBeGreaterThan(10)
    expect(JSON.stringify(log)).not.toMatch(/charged|give it back|payments/)
    expect(replayCall(log)).toMatchObject({ kind: 'exact', difference: null })
  },
)

test('call log: none is stored where it is switched off', async () => {
  await using bench = await talking({ channel: { callLog: 'off' } })
  await talk(bench)
  await ended(bench)
  expect(await readCallLog(bench.kit, bench.roomId, bench.call.id)).toBeNull()
  expect(bench.call.log.length).toBeGreaterThan(0)
})

test('call log: a long one is stored in parts, and one with a part missing is none', async () => {
  await using bench = await talking()
  // Each of its characters is two of JavaScript's, so that a part may end within one.
  const emoji = '\u{1F4B6}'.repeat(50_001)
  bench.endpoint.caller.type(`so ${emoji}`, 'long')
  await bench.clock.advance(5_000)
  const log = await stored(bench)
  expect(JSON.stringify(log)).toContain(emoji)
  const parts = await bench.receipts('callLog')
  expect(parts.length).toBeGreaterThan(1)
  for (const { text } of parts) {
    expect(String(text).length).toBeLessThanOrEqual(65_536)
    expect(String(text).isWellFormed()).toBe(true)
  }
  const [receipt] = await bench.kit.receipts(bench.roomId, { kind: 'voice.callLog' })
  await bench.kit.store.receipts.remove(bench.roomId, [receipt?.id ?? ''])
  expect(await readCallLog(bench.kit, bench.roomId, bench.call.id)).toBeNull()
})
