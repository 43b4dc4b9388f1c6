import { noLogger, type Json, type Logger, type Participant, type RoomEvent } from '@parley/spec'
import { createSeededIds, createVirtualClock, scriptedModel, type ScriptedTurn } from '@parley/testing'
import { createEngine, memoryBackend, type Engine } from '@parley/workflow'
import { afterEach, expect, test } from 'vitest'
import { createCallSummaries, type CallSummaries } from './call-summaries.ts'
import { loadPostCall } from './post-call.ts'
import { createSummaryModel } from './summary-model.ts'

const opened: Engine[] = []

afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close()
})

// What is read of an event and a participant; the other fields belong to the room.
const said = (index: number, kind: 'agent' | 'person', id: string, text: string): RoomEvent =>
  ({
    index,
    type: 'message',
    status: 'committed',
    visibility: 'all',
    source: kind === 'agent' ? { kind, channelId: id } : { kind, participantId: id },
    content: { type: 'text', text },
  }) as unknown as RoomEvent
const members = [{ id: 'ada', displayName: 'Ada', role: 'member' }] as unknown as Participant[]
/** Without a price a model is not asked under a budget. */
const price = { from: '2026-01-01T00:00:00Z', input: 250, output: 1_000 }
const talk = [said(0, 'agent', 'triage', 'Hello'), said(1, 'person', 'ada', 'Hi'), said(2, 'agent', 'triage', 'Bye.')]

interface Bench {
  engine: Engine
  summaries: CallSummaries
  log: RoomEvent[]
  metadata: { [key: string]: Json }
  warned: unknown[]
  clock: ReturnType<typeof createVirtualClock>
  /** Begins the run of the room's end and waits for it. */
  end(): Promise<Json>
}

/** The workflow around a room that is only a log and its metadata. */
async function bench({
  answers,
  patches = [],
}: { answers?: ScriptedTurn[]; patches?: boolean[] } = {}): Promise<Bench> {
  const clock = createVirtualClock({ now: Date.UTC(2026, 10, 21, 9) })
  const ids = createSeededIds(1)
  const log = [...talk]
  const metadata: { [key: string]: Json } = {}
  const warned: unknown[] = []
  const logger: Logger = { ...noLogger, error: (...told) => void warned.push(told) }
  const model =
    answers === undefined
      ? createSummaryModel()
      : scriptedModel(answers, { id: 'test/writer', card: { tier: 'small', price } })
  const engine = createEngine({ backend: memoryBackend({ clock, ids }), clock, ids, models: [model] })
  opened.push(engine)
  const rooms = {
    members: () => Promise.resolve(members),
    events: () => Promise.resolve(log.slice(-1)),
    getRoom: () => Promise.resolve({ metadata } as never),
    patchRoom(_room: string, changes: { metadata?: { set?: { [key: string]: Json } } }): Promise<never> {
      if (patches.shift() === false) return Promise.reject(new Error('the store is away'))
      return Promise.resolve(Object.assign(metadata, changes.metadata?.set) as never)
    },
  }
  const workflow = await loadPostCall({
    rooms: () => rooms,
    readLog: () => Promise.resolve([...log]),
    modelLabel: answers === undefined ? 'rules' : 'test/writer',
    now: () => new Date(clock.now()).toISOString(),
  })
  const summaries = createCallSummaries({ engine, workflow, rooms, logger })
  return {
    engine,
    summaries,
    log,
    metadata,
    warned,
    clock,
    async end() {
      await summaries.begin('room')
      const [run] = (await engine.list()).runs
      for (let tick = 0; tick < 200; tick += 1) await clock.advance(100)
      return (await engine.result(run?.id ?? '')).status
    },
  }
}

test('a conversation is summed up by rules, offline, with a receipt, and the summary is kept with the room', async () => {
  const { end, summaries, metadata, engine } = await bench()
  expect(await summaries.read('room')).toEqual({ status: 'none' })
  expect(await end()).toBe('completed')
  const summary = { reason: '', resolution: '', followUps: [], label: 'rules', agents: ['Riley'] }
  expect(await summaries.read('room')).toEqual({
    status: 'ready',
    summary: { ...summary, lastAnswer: 'Bye.', messageCount: 3 },
  })
  expect(metadata['summary']).toMatchObject({ runId: 'summary_room_2', writtenAt: '2026-11-21T09:00:00.000Z' })
  const receipts = await engine.receipts({ runId: 'summary_room_2' })
  expect(receipts).toMatchObject([{ decision: { modelId: 'local/summary-rules' }, execution: { status: 'success' } }])
})

test('where a model is there it writes the words, and is named; facts stay facts', async () => {
  const words = { reason: 'a greeting', resolution: 'Said hello.', followUps: ['We call you.'] }
  const { end, summaries } = await bench({ answers: [JSON.stringify(words)] })
  expect(await end()).toBe('completed')
  expect(await summaries.read('room')).toMatchObject({
    status: 'ready',
    summary: { ...words, label: 'test/writer', agents: ['Riley'], messageCount: 3 },
  })
})

test('a model that fails or does not keep to the contract loses nothing: the facts speak', async () => {
  const broken: ScriptedTurn[][] = [
    ['no JSON', 'no JSON'],
    [JSON.stringify({ reason: 7 }), JSON.stringify({ reason: 7 })],
  ]
  for (const answers of broken) {
    const { end, summaries, engine } = await bench({ answers })
    expect(await end()).toBe('partial')
    expect((await engine.receipts({ runId: 'summary_room_2' })).map(({ decision }) => decision.modelId)).toEqual([
      'test/writer',
      'test/writer',
    ])
    expect(await summaries.read('room')).toMatchObject({ status: 'ready', summary: { label: 'rules' } })
  }
})

test('a summary that could not be kept is tried again, then the run fails, and the conversation is as it was', async () => {
  const twice = await bench({ patches: [false, false, true] })
  expect(await twice.end()).toBe('completed')
  expect((await twice.summaries.read('room')).status).toBe('ready')
  const never = await bench({ patches: [false, false, false] })
  expect(await never.end()).toBe('failed')
  expect(await never.summaries.read('room')).toEqual({ status: 'failed' })
  expect(never.log).toHaveLength(3)
})

test('an end without a word since the last one is the same end; after another word there is another run', async () => {
  const { end, summaries, log, engine } = await bench()
  await end()
  await end()
  expect((await engine.list()).runs).toHaveLength(1)
  log.push(said(7, 'agent', 'billing', 'Back again.'))
  expect(await summaries.read('room')).toEqual({ status: 'none' })
  await end()
  expect(await summaries.read('room')).toMatchObject({ summary: { agents: ['Riley', 'Morgan'], messageCount: 4 } })
})

test('where nobody answered nothing is written, and no model is asked', async () => {
  const { end, summaries, log, engine } = await bench()
  log.splice(0, 3, said(0, 'person', 'ada', 'Hello?'))
  expect(await end()).toBe('completed')
  expect(await summaries.read('room')).toEqual({ status: 'empty' })
  expect(await engine.receipts({ runId: 'summary_room_0' })).toEqual([])
})

test('an end never fails, whatever becomes of its summary', async () => {
  const { engine, summaries, warned } = await bench()
  await engine.close()
  await expect(summaries.begin('room')).resolves.toBeUndefined()
  expect(warned).toMatchObject([['A conversation is not summed up.', { roomId: 'room', code: 'kit_closed' }]])
})
