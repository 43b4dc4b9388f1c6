import { ConversationPipeline, maskCardNumbers, type KitOptions } from '@parley/kit'
import type {
  ChatModel,
  Clock,
  ConversationStore,
  IdSource,
  Logger,
  RoomEvent,
  RoomId,
  SqlDatabase,
} from '@parley/spec'
import { pipelineId, stages } from '../agents/call-center-pipeline.ts'
import { createAgents, type SpeakingAgentId } from '../agents/create-agents.ts'
import type { HelpSearch } from '../help/help-search.ts'
import { createDeskApproval } from '../tools/credit-approval.ts'
import { announceHandoff } from './announce-handoff.ts'
import { CallCenterRooms } from './call-center-rooms.ts'
import { hideTypedPin } from './hide-typed-pin.ts'
import { createSourceHooks } from './name-sources.ts'
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
}

/** Rooms with the call center's agents and its pipeline. */
export interface CallCenterKit {
  kit: CallCenterRooms
  /** Every agent a room has. */
  agentIds: readonly string[]
}

const pageSize = 1_000

/** Puts kit, agents and pipeline together. */
export async function createCallCenterKit(options: CallCenterKitOptions): Promise<CallCenterKit> {
  const { database, store, clock, ids, help, modelFor, lineTestMs = 6_000, logger } = options
  const creditApproval = await createDeskApproval(database, clock)
  // From here on nothing is waited for: the kit takes up what a stopped process left as soon as it can, and needs its
  // agents for that.
  const kit = new CallCenterRooms({ store, clock, ids, ...(logger === undefined ? {} : { logger }), ...options.kit })
  const agents = createAgents({
    services: { database, clock, ids, help, creditApproval, lineTestMs },
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
  return { kit, agentIds: agents.map(({ channelId }) => channelId) }
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
