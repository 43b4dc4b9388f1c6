import { fileURLToPath } from 'node:url'
import { createMemoryStore } from '@parley/kit'
import { openDatabase } from '@parley/postgres'
import type { ConversationStore, SqlDatabase } from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import { afterEach, expect, test } from 'vitest'
import { createLocalModels } from '../agents/local-models.ts'
import { loadHarbor } from '../business/load-harbor.ts'
import { createCallCenterKit } from '../rooms/call-center-kit.ts'

const startMs = Date.UTC(2026, 10, 21, 9)
const databases: SqlDatabase[] = []
afterEach(async () => {
  for (const database of databases.splice(0)) await database.close()
})

/** Stands still, as a process that was killed does, where the room would be told what came of a request. */
function dyingStore(store: ConversationStore): { store: ConversationStore; died: Promise<void> } {
  const death = Promise.withResolvers<void>()
  const dying: ConversationStore = new Proxy(store, {
    get(target, name, receiver) {
      const found: unknown = Reflect.get(target, name, receiver)
      if (typeof found !== 'function') return found
      return (...given: unknown[]): unknown => {
        if (JSON.stringify(given)?.includes('request_outcome')) {
          death.resolve()
          return new Promise(() => {})
        }
        return found.apply(target, given)
      }
    },
  })
  return { store: dying, died: death.promise }
}

/** A process on a database and a store, at a time. */
async function startProcess(database: SqlDatabase, store: ConversationStore, nowMs: number, seed: number) {
  const clock = createVirtualClock({ now: nowMs })
  const models = await createLocalModels({
    database,
    clock,
    rulesFolder: fileURLToPath(new URL('../../rules', import.meta.url)),
  })
  const made = await createCallCenterKit({
    database,
    store,
    clock,
    ids: createSeededIds(seed),
    help: { search: async () => [] },
    modelFor: (agentId) => models[agentId],
  })
  const settle = async (done: () => Promise<boolean>): Promise<void> => {
    for (let turn = 0; turn < 20_000 && !(await done()); turn += 1) await clock.advance(1)
  }
  const words = async (roomId: string): Promise<string[]> =>
    (await made.kit.events(roomId, { types: ['message'], limit: 1_000 })).flatMap(({ content, source }) =>
      content.type === 'text' && source.kind === 'agent' ? [content.text] : [],
    )
  const quiet = async (roomId: string): Promise<void> => {
    let seen = -1
    let idle = 0
    await settle(async () => {
      const { latestIndex } = await made.kit.getRoom(roomId)
      idle = latestIndex === seen ? idle + 1 : 0
      seen = latestIndex
      return idle > 60
    })
  }
  return { ...made, clock, words, quiet }
}

test('apps 1.6 a credit that was paid when the process died is told at the next start, once, and not again', async () => {
  const database = await openDatabase('memory://')
  databases.push(database)
  await loadHarbor(database, { clock: createVirtualClock({ now: startMs }) })
  const kept = createMemoryStore({ clock: createVirtualClock({ now: startMs }) })
  const { store, died } = dyingStore(kept)

  const first = await startProcess(database, store, startMs, 1)
  const { id } = await first.kit.createRoom({ channels: [...first.agentIds] })
  await first.kit.ensureParticipant(id, { id: 'caller', displayName: 'Ada', role: 'member' })
  const say = async (text: string): Promise<void> => {
    await first.kit.send(id, { from: 'caller', text })
    await first.quiet(id)
  }
  await say('I was charged twice')
  await say('204417')
  const [pin] = await first.kit.pendingRequests({ roomId: id, kind: 'input' })
  await first.kit.answerRequest(pin?.id ?? '', {
    decision: 'answer',
    value: '4821',
    by: { kind: 'person', id: 'caller' },
  })
  await first.quiet(id)
  await say('yes please')
  const [asked] = await first.kit.pendingRequests({ roomId: id, kind: 'approval' })
  await first.kit.answerRequest(asked?.id ?? '', { decision: 'approve', by: { kind: 'person', id: 'kim' } })
  let isDead = false
  void died.then(() => (isDead = true))
  for (let turn = 0; turn < 5_000 && !isDead; turn += 1) await first.clock.advance(1)
  expect(isDead).toBe(true)
  const runs = await first.engine.list({ workflow: 'credit-approval' })
  expect(runs.runs).toMatchObject([{ status: 'completed' }])
  expect((await first.words(id)).join(' ')).not.toContain('is credited')

  const outcome = 'Good news: $79.00 is credited to invoice INV-2210.'
  for (const [at, seed] of [
    [60_000, 2],
    [120_000, 3],
  ] as const) {
    const next = await startProcess(database, kept, startMs + at, seed)
    await next.quiet(id)
    expect((await next.words(id)).filter((text) => text === outcome)).toHaveLength(1)
    await next.engine.close()
    const closed = next.kit.close()
    await next.clock.advance(60_000)
    await closed
  }
  const { rows } = await database.query('SELECT cents FROM harbor.credits')
  expect(rows).toEqual([{ cents: 7_900 }])
}, 60_000)
