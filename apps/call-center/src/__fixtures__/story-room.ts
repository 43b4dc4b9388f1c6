import { fileURLToPath } from 'node:url'
import { createMemoryStore } from '@parley/kit'
import { openDatabase } from '@parley/postgres'
import type { ChatModel, DurableBackend, Json, PendingRequest, RoomEvent, RoomId, SqlDatabase } from '@parley/spec'
import { createSeededIds, createVirtualClock, type VirtualClock } from '@parley/testing'
import type { Engine } from '@parley/workflow'
import { createLocalModels } from '../agents/local-models.ts'
import type { SpeakingAgentId } from '../agents/create-agents.ts'
import { loadHarbor } from '../business/load-harbor.ts'
import { createCallCenterKit } from '../rooms/call-center-kit.ts'
import type { CallSummaries } from '../workflows/call-summaries.ts'
import type { CallCenterRooms } from '../rooms/call-center-rooms.ts'
import { loadArticles } from '../help/load-articles.ts'
import { createPostgresHelp, indexArticles } from '../help/postgres-help.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Saturday, November 21, 2026. */
const storyNow = Date.UTC(2026, 10, 21, 9)

/** A call center in virtual time, with one embedded database. */
export interface StoryWorld {
  kit: CallCenterRooms
  clock: VirtualClock
  database: SqlDatabase
  engine: Engine
  backend: DurableBackend
  summaries: CallSummaries
  /** Begins a conversation. */
  open(name?: string): Promise<StoryRoom>
  close(): Promise<void>
}

/** One conversation as its caller sees it. */
export interface StoryRoom {
  id: RoomId
  /** Says something and gives what the agents answered, once all is quiet. */
  say(text: string): Promise<string>
  /** Answers the open request of a kind; `pin` answers a masked question. */
  pin(digits: string): Promise<string>
  answer(kind: PendingRequest['kind'], decision: 'approve' | 'reject' | 'answer', more?: { value?: Json; reason?: string }): Promise<string>
  /** Lets time pass. */
  wait(ms: number): Promise<string>
  log(): Promise<RoomEvent[]>
  agent(): Promise<string | null>
  phase(): Promise<string>
  requests(): Promise<PendingRequest[]>
}

/** Makes a world; `wrapModel` may put another adapter between the kit and the rules. */
export async function createStoryWorld({
  wrapModel = (model) => model,
}: { wrapModel?: (model: ChatModel, agentId: SpeakingAgentId) => ChatModel } = {}): Promise<StoryWorld> {
  const clock = createVirtualClock({ now: storyNow })
  const ids = createSeededIds(1)
  const database = await openDatabase('memory://')
  await loadHarbor(database, { clock })
  await indexArticles(database, await loadArticles(here('../../knowledge')))
  const help = createPostgresHelp(database)
  const models = await createLocalModels({ database, clock, rulesFolder: here('../../rules') })
  const { kit, agentIds, engine, backend, summaries } = await createCallCenterKit({
    database,
    store: createMemoryStore({ clock }),
    clock,
    ids,
    help,
    modelFor: (agentId) => wrapModel(models[agentId], agentId),
  })
  return {
    kit,
    clock,
    database,
    engine,
    backend,
    summaries,
    open: (name = 'Caller') => openRoom({ kit, clock, agentIds }, name),
    async close() {
      await engine.close()
      const closed = kit.close()
      await clock.advance(60_000)
      await closed
      await database.close()
    },
  }
}

async function openRoom({ kit, clock, agentIds }: { kit: CallCenterRooms; clock: VirtualClock; agentIds: readonly string[] }, name: string): Promise<StoryRoom> {
  const { id } = await kit.createRoom({ channels: [...agentIds] })
  const caller = await kit.ensureParticipant(id, { id: 'caller', displayName: name, role: 'member' })
  const log = (): Promise<RoomEvent[]> => kit.events(id, { limit: 1_000 })
  let read = 0

  /** Runs until nothing changes; PGlite answers in real time, so turns of the loop are given to it. */
  async function quiet(): Promise<string> {
    let idle = 0
    let seen = -1
    for (let turn = 0; turn < 20_000 && idle < 60; turn += 1) {
      await clock.advance(1)
      const { latestIndex } = await kit.getRoom(id)
      idle = latestIndex === seen ? idle + 1 : 0
      seen = latestIndex
    }
    const events = await log()
    const said = events.slice(read).flatMap(({ type, source, content }) =>
      type === 'message' && source.kind === 'agent' && content.type === 'text' ? [content.text] : [],
    )
    read = events.length
    return said.join(' ')
  }

  const room: StoryRoom = {
    id,
    log,
    async say(text) {
      await kit.send(id, { from: caller.id, text })
      return quiet()
    },
    pin(digits) {
      return room.answer('input', 'answer', { value: digits })
    },
    async answer(kind, decision, more = {}) {
      const [request] = await kit.pendingRequests({ roomId: id, kind })
      if (!request) throw new Error(`No ${kind} is open. The room says: ${JSON.stringify((await log()).at(-1)?.content)}`)
      const by = { kind: 'person' as const, id: kind === 'approval' ? 'kim' : caller.id }
      const result = await kit.answerRequest(request.id, { decision, by, ...more })
      if (result.outcome !== 'accepted') throw new Error(`The answer was ${JSON.stringify(result)}`)
      return quiet()
    },
    async wait(ms) {
      await clock.advance(ms)
      return quiet()
    },
    agent: async () => (await kit.state(id)).activeAgentId,
    phase: async () => (await kit.state(id)).phase,
    requests: () => kit.pendingRequests({ roomId: id }),
  }
  return room
}
