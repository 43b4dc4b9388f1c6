import { ConversationPipeline, maskCardNumbers, type KitOptions } from '@parley/kit'
import { postgresBackend } from '@parley/postgres'
import {
  noLogger,
  type ChatModel,
  type Clock,
  type ConversationStore,
  type DurableBackend,
  type IdSource,
  type Logger,
  type RoomEvent,
  type RoomId,
  type SqlDatabase,
} from '@parley/spec'
import { createEngine, type Engine } from '@parley/workflow'
import { pipelineId, stages } from '../agents/call-center-pipeline.ts'
import { createAgents, type SpeakingAgentId } from '../agents/create-agents.ts'
import type { HelpSearch } from '../help/help-search.ts'
import { createCallSummaries, type CallSummaries } from '../workflows/call-summaries.ts'
import { creditApproval } from '../workflows/credit-approval.ts'
import { createCreditDesk } from '../workflows/credit-desk.ts'
import { rulesLabel } from '../workflows/call-summary.ts'
import { loadPostCall } from '../workflows/post-call.ts'
import { runLog } from '../workflows/run-log.ts'
import { findLeftCredits, settleLeftCredits } from '../workflows/settle-left-credits.ts'
import { createSummaryModel } from '../workflows/summary-model.ts'
import { announceHandoff } from './announce-handoff.ts'
import { CallCenterRooms } from './call-center-rooms.ts'
import { hideTypedPin } from './hide-typed-pin.ts'
import { createSourceHooks } from './name-sources.ts'
import { noteCalls } from './note-calls.ts'
import { summarizeEnds } from './summarize-ends.ts'
import { tellCaller } from './tell-caller.ts'
import { tellInterrupted } from './tell-interrupted.ts'

/** What the call center's rooms run on. */
export interface CallCenterKitOptions {
  database: SqlDatabase
  store: ConversationStore
  clock: Clock
  ids: IdSource
  help: HelpSearch
  modelFor: (agentId: SpeakingAgentId) => ChatModel
  /** @default 6 000 */
  lineTestMs?: number
  logger?: Logger
  kit?: Partial<KitOptions>
  /** Writes summaries of conversations. @default rules */
  summaryModel?: { model: ChatModel; label: string }
}

/** Rooms with the call center's agents and its pipeline. */
export interface CallCenterKit {
  kit: CallCenterRooms
  /** Every agent a room has. */
  agentIds: readonly string[]
  /** Runs credits and summaries. Closed before the kit, so that what is at work is put aside and taken up later. */
  engine: Engine
  /** Where runs are kept. */
  backend: DurableBackend
  summaries: CallSummaries
}

const pageSize = 1_000
/** The same from start to start: what the last process held is free at once. */
const executorId = 'call-center'

/** Puts kit, agents and pipeline together. */
export async function createCallCenterKit(options: CallCenterKitOptions): Promise<CallCenterKit> {
  const { database, store, clock, ids, help, modelFor, lineTestMs = 6_000, logger = noLogger } = options
  const { summaryModel = { model: createSummaryModel(), label: rulesLabel } } = options
  const backend = postgresBackend({ database, clock, ids, executorId })
  const engine = createEngine({
    backend,
    clock,
    ids,
    executorId,
    logger,
    models: [summaryModel.model],
    hooks: [runLog(logger)],
  })
  const credit = creditApproval({ database, clock, ids })
  const postCall = await loadPostCall({
    rooms: () => kit,
    readLog: (roomId) => readLog(kit, roomId),
    modelLabel: summaryModel.label,
    now: () => new Date(clock.now()).toISOString(),
  })
  for (const workflow of [credit, postCall]) engine.register(workflow)
  const left = await findLeftCredits(engine, store, clock.now())
  // From here on nothing is waited for until the agents are there: the kit takes up what a stopped process left as soon
  // as it can, and needs its agents for that.
  const kit = new CallCenterRooms({ store, clock, ids, logger, ...options.kit })
  const summaries = createCallSummaries({ engine, workflow: postCall, rooms: kit, logger })
  const credits = createCreditDesk({ engine, backend, workflow: credit })
  const agents = createAgents({
    services: {
      database,
      clock,
      ids,
      help,
      credits,
      tellCaller: tellCaller(kit, summaries),
      lineTestMs,
    },
    modelFor,
    readLog: (roomId) => readLog(kit, roomId),
  })
  for (const agent of agents) kit.register(agent)
  const sources = createSourceHooks()
  kit.hook('onToolCall', sources.onToolCall, { name: 'helpSources' })
  kit.hook('beforeBroadcast', sources.beforeBroadcast, { name: 'helpSources', sourceKinds: ['agent'] })
  kit.hook('beforeBroadcast', maskCardNumbers(), { name: 'cardNumbers', redacts: true, sourceKinds: ['person'] })
  const hidePin = hideTypedPin((roomId) => kit.pendingRequests({ roomId, kind: 'input' }))
  kit.hook('beforeBroadcast', hidePin, { name: 'typedPin', redacts: true, sourceKinds: ['person'] })
  tellInterrupted(kit, clock)
  const pipeline = new ConversationPipeline({
    stages,
    defaultPhase: 'intake',
    supervisorId: 'supervisor',
    id: pipelineId,
  })
  pipeline.install(kit, agents, { announce: announceHandoff })
  noteCalls(kit, () => new Date(clock.now()).toISOString())
  summarizeEnds(kit, summaries)
  await engine.recover()
  await settleLeftCredits(left, { credits, rooms: kit })
  return { kit, agentIds: agents.map(({ channelId }) => channelId), engine, backend, summaries }
}

/** The whole log of a room, ascending. */
async function readLog(kit: CallCenterRooms, roomId: RoomId): Promise<RoomEvent[]> {
  const log: RoomEvent[] = []
  for (;;) {
    const page = await kit.events(roomId, { after: log.at(-1)?.index ?? -1, limit: pageSize })
    log.push(...page)
    if (page.length < pageSize) return log
  }
}
