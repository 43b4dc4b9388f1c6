import { ParleyError } from '@parley/spec'
import type {
  ChannelId,
  ConversationState,
  HandoffRequest,
  Room,
  RoomEvent,
  RoutingPredicate,
  Visibility,
} from '@parley/spec'
import type { KitCore } from '../core/core.ts'
import { existingRoom } from '../rooms/read-log.ts'
import { turnServices } from '../core/turn-services.ts'
import { beforeCommit, MISSED } from './before-commit.ts'
import { toSpec, type Orchestration, type OrchestrationDefinition } from './definitions/definition.ts'
import { initialState, installInRoom } from './definitions/install-in-room.ts'
import { migrateOrchestration, openRooms } from './definitions/migrate.ts'
import { Orchestrations } from './definitions/orchestrations.ts'
import { createRoomDefinitions } from './definitions/room-definitions.ts'
import { createGreetings } from './greetings/greetings.ts'
import { HandoffHandler } from './handoff/handoff-handler.ts'
import { createHandoffInterpreter } from './handoff/handoff-interpreter.ts'
import { createHandoffSetups } from './handoff/handoff-setups.ts'
import { parseHandoff } from './handoff/parse-handoff.ts'
import { askAnew, askedUnder, unansweredMessages } from './human/answer-unanswered.ts'
import { createHumanDesk } from './human/human-desk.ts'
import { endHumanMode } from './human/end-human-mode.ts'
import { createHumanTimeouts } from './human/human-timeouts.ts'
import { createLanguages } from './language/set-language.ts'
import { agentNameOf, isAgent, type OrchestratedAgent } from './orchestrated-agent.ts'
import type { KitOrchestration, OrchestrationRuntimeOptions } from './kit-orchestration.ts'
import { provideInternals, type OrchestrationHost } from './orchestration-host.ts'
import type { OrchestrationInternals } from './orchestration-internals.ts'
import { restorePipeline } from './pipeline/restore-pipeline.ts'
import { decideFor, presentState, routeEvent } from './route-event.ts'
import { ConversationRouter } from './router/conversation-router.ts'
import { restoreRouter } from './router/restore-router.ts'
import { createRouterHooks, DEFAULT_HOOK_PRIORITY, hookPriorityOf } from './router/router-hooks.ts'
import { updateState } from './state/change-state.ts'
import { getConversationState } from './state/room-state.ts'
import { modeChangedDraft, stateRecords } from './state/state-records.ts'
import { createTurnOffers } from './turn-offers.ts'
import { useUpNotes } from './use-up-notes.ts'
import { createStatusBus } from './status/status-bus.ts'

/** Makes the orchestration of a kit. A room that uses none of it costs nothing. */
export function createOrchestrationRuntime(core: KitCore, options: OrchestrationRuntimeOptions = {}): KitOrchestration {
  const orchestrations = new Orchestrations()
  const host: OrchestrationHost = { orchestrations }
  orchestrations.registerKind('router', restoreRouter)
  orchestrations.registerKind('pipeline', restorePipeline)
  const setups = createHandoffSetups()
  const definitions = createRoomDefinitions(host, (agentId) => core.registry.get(agentId) !== undefined)
  const status = createStatusBus({
    clock: core.clock,
    ids: core.ids,
    onError: (thrown) => core.reportError(thrown, { stage: 'status' }),
    posted: (entry) => {
      core.hooks.fire('onStatusPosted', { entry }, { roomId: entry.roomId })
      if (core.framework.has('statusPosted')) {
        core.framework.emit({
          type: 'statusPosted',
          roomId: entry.roomId,
          data: { agentId: entry.agentId, action: entry.action, status: entry.status },
        })
      }
    },
  })
  const predicate = (name: string): Exclude<RoutingPredicate, { predicate: string }> | undefined =>
    options.predicates?.[name]
  const plainRouter = new ConversationRouter()
  let plainHandler: HandoffHandler | undefined
  let kitWideId: string | undefined

  const definitionOf = (room: Pick<Room, 'orchestration'>): OrchestrationDefinition | undefined => {
    const found = definitions.of(room)
    return found !== undefined && 'definition' in found ? found.definition : undefined
  }
  const agent = (agentId: ChannelId, room?: Pick<Room, 'orchestration'>): OrchestratedAgent | undefined => {
    const channel = core.registry.get(agentId)
    if (isAgent(channel)) return channel
    return (room === undefined ? definitions.kitWide : definitionOf(room))?.handler?.agents[agentId]
  }
  const handlerOf = (room: Pick<Room, 'orchestration'>, agentId?: ChannelId): HandoffHandler =>
    definitionOf(room)?.handler ??
    (agentId === undefined ? undefined : setups.handler(agentId)) ??
    (plainHandler ??= new HandoffHandler(
      host,
      plainRouter,
      options.human === undefined ? {} : { human: options.human },
    ))

  const handoffs = createHandoffInterpreter(() => internals)
  const greetings = createGreetings(() => internals)
  const languages = createLanguages(() => core, agent)
  const timeouts = createHumanTimeouts(() => internals)
  const internals: OrchestrationInternals = {
    core,
    definitions,
    setups,
    status,
    handoffs,
    greetings,
    languages,
    human: options.human ?? {},
    handlerOf,
    agent,
    nameOf: (agentId) => (agentId === null || agentId === undefined ? '' : agentNameOf(agent(agentId), agentId)),
    decide: (reading, event, state) => decideFor(internals, reading, event, state, predicate),
    installForRoom: (definition, version, roomId) => {
      routerHooks.ensure(definition)
      return installInRoom(core, definition, version, roomId)
    },
    installForKit(definition, { replace }) {
      if (kitWideId !== undefined && kitWideId !== definition.id && !replace)
        throw alreadyInstalled(kitWideId, definition.id)
      if (kitWideId !== undefined && kitWideId !== definition.id) setups.removeScope(`definition:${kitWideId}`)
      routerHooks.ensure(definition)
      kitWideId = definition.id
      definitions.kitWide = definition
    },
    waitsBeside: !core.locks.isProcessLocal,
    armTimeout: (roomId, expiresAt) => timeouts.arm(roomId, expiresAt),
  }
  provideInternals(orchestrations, internals)
  const human = createHumanDesk(internals)
  const offers = createTurnOffers(internals, { orchestrations, definitionOf })
  const routerHooks = createRouterHooks(core, definitionOf, (payload) => routeEvent(internals, payload, predicate))
  core.hooks.add('onRoomClosed', ({ room }) => endHumanMode(internals, room.id), { name: 'orchestration' })

  /** Messages that came while this process lacked what it needed are answered before the one that found it. */
  const catchUp = async (room: Room, state: ConversationState): Promise<void> => {
    if (state.toJSON()[MISSED] === undefined || definitionOf(room) === undefined) return
    const missed = await unansweredMessages(internals, room.id, 'orchestration_missing')
    const context = await core.store.loadContext(room.id, { tail: 0 })
    if (context !== null && missed.length > 0) await askAnew(internals, context, missed)
  }

  const stateRead = (room: Room): ConversationState | undefined => {
    try {
      return getConversationState(room)
    } catch {
      return undefined // unreadable: `route` has said so and asked nobody
    }
  }

  return {
    orchestrations,
    status,
    human,
    internals,
    routes: ({ orchestration, conversation }) =>
      conversation !== undefined ||
      definitions.kitWide !== undefined ||
      (orchestration !== undefined && orchestration !== null),
    route(payload) {
      const { room } = payload
      const isPlain =
        room.conversation === undefined &&
        (room.orchestration ?? undefined) === undefined &&
        definitions.kitWide === undefined
      if (isPlain || hookPriorityOf(definitionOf(room)) !== DEFAULT_HOOK_PRIORITY) return undefined
      const state = room.conversation === undefined ? undefined : stateRead(room)
      const isMissed = state !== undefined && state.toJSON()[MISSED] !== undefined && definitionOf(room) !== undefined
      if (!isMissed) return routeEvent(internals, payload, predicate)
      return catchUp(room, state).then(() => routeEvent(internals, payload, predicate))
    },
    beforeCommit: (locked, event) => beforeCommit(internals, locked, event),
    stateRecords: (room, before, after) => {
      const drafts = stateRecords(core, room, before, after)
      if (before.mode === after.mode) return drafts
      return [
        ...drafts,
        modeChangedDraft(core, room, { from: before.mode, to: after.mode, by: { kind: 'code', id: 'store' } }),
      ]
    },
    tools: (context) => offers.tools(context),
    notes: (context) => offers.notes(context),
    connected: (roomId, since) => greetings.connected(roomId, since),
    greeting: (roomId) => greetings.pending(roomId),
    speaker(room) {
      const state = stateRead(room)
      if (state === undefined || state.mode !== 'agent') return null
      const definition = definitionOf(room)
      return state.activeAgentId ?? definition?.initial?.activeAgentId ?? definition?.router.defaultAgentId ?? null
    },
    language: (room, agentId) => {
      const state = stateRead(room)
      return state?.language ?? agent(agentId, room)?.language
    },
    agentName: (agentId) => agentNameOf(agent(agentId), agentId),
    visibility: (room, event, agentId) => observerVisibility(definitionOf(room), room, event, agentId),
    async decideAnew(room, event) {
      const context = await core.store.loadContext(room.id, { tail: 0 })
      if (context === null) return []
      const decision = internals.decide(context, event, presentState(internals, context.room))
      return askedUnder(context, event, decision)
    },
    async turnEnded(context, state) {
      handoffs.turnEnded(context.turnId)
      greetings.turnEnded(context)
      await useUpNotes(core, context, state)
      const room = turnServices(context)?.reading?.room
      const definition = room === undefined ? undefined : definitionOf(room)
      await definition?.turnEnded?.(context, state)
    },
    async state(roomId) {
      return presentState(internals, await existingRoom(core, roomId))
    },
    updateState: (roomId, change) => updateState(core, roomId, change),
    async handoff(roomId, { target, reason, summary, payload, phase, urgent, opening }, { by, signal }) {
      const room = await existingRoom(core, roomId)
      const handler = handlerOf(room, by.kind === 'agent' ? by.id : undefined)
      const args = { target, reason, summary, next_phase: phase, urgent, payload }
      const parsed = parseHandoff(args, by)
      const callerId = by.kind === 'agent' ? by.id : null
      if (!parsed.ok) return handler.handle(roomId, callerId, args, { by })
      const request: HandoffRequest = parsed.request
      return handler.request(roomId, request, { callerId, signal, opening })
    },
    joinHandoffs: (roomId, participant) => handoffs.join(roomId, participant),
    resumeHandoffs: (roomId) => handoffs.resume(roomId),
    async recover() {
      for await (const room of openRooms(core)) {
        timeouts.note(room)
        if (room.conversation?.human !== undefined && room.conversation.mode === 'agent') internals.waitsBeside = true
        // Only a handoff whose note is not used up may lack its opening.
        if ((room.conversation?.handoff?.turnsLeft ?? 0) <= 0) continue
        await handoffs
          .resume(room.id)
          .catch((thrown: unknown) => core.reportError(thrown, { stage: 'recovery', roomId: room.id }))
      }
    },
    migrateOrchestration: (id, migrate) => migrateOrchestration(core, orchestrations, id, migrate),
    forNewRoom(given) {
      if (given === null) return { orchestration: null, agents: [] }
      const orchestration = given ?? options.orchestration
      if (orchestration === undefined) {
        const initialKitWide = definitions.kitWide?.initial
        if (initialKitWide === undefined) return undefined
        return {
          orchestration: undefined,
          agents: [],
          conversation: { ...initialState(initialKitWide, core.now()).toJSON(), version: 1 },
        }
      }
      const { definition, version } = define(orchestration)
      const { initial } = definition
      return {
        orchestration: toSpec(definition, version),
        agents: orchestration.agents(),
        ...(initial === undefined
          ? {}
          : { conversation: { ...initialState(initial, core.now()).toJSON(), version: 1 } }),
      }
    },
    async install(orchestration, roomId) {
      const { definition, version } = define(orchestration)
      await internals.installForRoom(definition, version, roomId)
    },
    async close() {
      timeouts.close()
      greetings.close()
      routerHooks.dispose()
    },
  }

  function define(orchestration: Orchestration): { definition: OrchestrationDefinition; version: number } {
    const registered = orchestrations.get(orchestration.id)
    const definition = orchestration.define(host)
    routerHooks.ensure(definition)
    // The same strategy given for many rooms is one definition: the first one made stays.
    const equal =
      registered !== undefined && registered.kind === definition.kind
        ? orchestrations
            .list()
            .find(
              (entry) =>
                entry.definition.id === definition.id &&
                JSON.stringify(entry.definition.spec) === JSON.stringify(definition.spec),
            )
        : undefined
    if (equal !== undefined) return equal
    const version = orchestrations.register(definition)
    return { definition, version }
  }
}

/** What an observer says: as the router has it; beside people only for them and the desk. */
function observerVisibility(
  definition: OrchestrationDefinition | undefined,
  room: Room,
  { routing }: Pick<RoomEvent, 'routing'>,
  agentId: ChannelId,
): Visibility | undefined {
  if (routing === undefined || !routing.observers.includes(agentId)) return undefined
  if (room.conversation?.mode === 'human') return 'internal'
  const visibility = definition?.router.observerVisibility
  return visibility === 'all' ? undefined : visibility
}

function alreadyInstalled(present: string, id: string): ParleyError {
  return new ParleyError({
    code: 'router_already_installed',
    message: `The orchestration ${present} is installed for the whole kit already. Install ${id} for a room, or with replace: true.`,
    details: { installed: present, id },
  })
}
