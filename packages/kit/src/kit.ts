import { checkOptions, type Room } from '@parley/spec'
import { createChannelsApi } from './api/channels-api.ts'
import { createConversationsApi } from './api/conversations-api.ts'
import { createDeskApi } from './api/desk-api.ts'
import { createHooksApi } from './api/hooks-api.ts'
import type { KitApi } from './api/kit-api.ts'
import { createLifecycle, type Lifecycle } from './api/lifecycle-api.ts'
import { createLogApi } from './api/log-api.ts'
import { createMembersApi } from './api/members-api.ts'
import { createMessagesApi } from './api/messages-api.ts'
import { createRoomsApi } from './api/rooms-api.ts'
import { serveCalls } from './api/serve-calls.ts'
import { createSourcesApi } from './api/sources-api.ts'
import { createTurnsApi } from './api/turns-api.ts'
import { createDirectChannel } from './channels/direct-channel.ts'
import { createParts, type PartsOptions } from './core/create-parts.ts'
import { isKitBound } from './core/kit-bound.ts'
import { createRoomHandle } from './core/room-handle.ts'
import { createKitOrchestration } from './orchestration/create-kit-orchestration.ts'
import type { OrchestrationRuntimeOptions } from './orchestration/kit-orchestration.ts'
import type { Orchestration } from './orchestration/definitions/definition.ts'
import type { Orchestrations } from './orchestration/definitions/orchestrations.ts'
import type { HumanOptions } from './orchestration/human/human-options.ts'
import type { StatusBus } from './orchestration/status/status-bus.ts'
import { facadeWrites } from './rooms/facade-writes.ts'
import { checkPolicy } from './rooms/lifecycle.ts'
import { createStoreFacade, type ConversationStoreFacade } from './rooms/store-facade.ts'
import { createTimers } from './rooms/timers.ts'
import { createSourceRunner } from './sources/source-runner.ts'

/** Options of a kit; everything has a default. */
export interface KitOptions extends PartsOptions {
  agentResponsePolicy?: Room['agentResponsePolicy']
  /** How agents of new rooms work together, unless the room says otherwise. */
  orchestration?: Orchestration
  /** Predicates of routing rules, by name: rooms store the name. */
  predicates?: OrchestrationRuntimeOptions['predicates']
  /** How people are asked to take over. */
  human?: HumanOptions
}

const kitKeys = [
  'store',
  'clock',
  'ids',
  'locks',
  'backplane',
  'telemetry',
  'logger',
  'identity',
  'inboundRouter',
  'orchestration',
  'predicates',
  'guard',
  'limits',
  'ephemeralTypes',
  'agentResponsePolicy',
  'deps',
  'human',
]

// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- `serveCalls` gives the class every call: its table has a row for each key of `KitApi`
export interface Kit extends KitApi {}

/** Manages rooms, channels and agents. Everything that happens in a room is committed once, to its one log. */
export class Kit {
  readonly #api: KitApi
  readonly #lifecycle: Lifecycle
  /** The store, without `commit`: what is saved here goes through lock and log. */
  readonly store: ConversationStoreFacade
  /** Definitions that rooms refer to by id. */
  readonly orchestrations: Orchestrations
  /** What agents did, across rooms: a bounded log in memory. */
  readonly status: StatusBus

  static {
    serveCalls(Kit.prototype, { apiOf: (kit) => kit.#api, checkOpen: (kit) => kit.#lifecycle.checkOpen() })
  }

  /** @throws {ParleyError} `invalid_options` for an unknown option or limit */
  constructor(options: KitOptions = {}) {
    checkOptions('new Kit', options, kitKeys)
    const { orchestration: ofNewRooms, predicates, human, agentResponsePolicy = 'chain' } = options
    checkPolicy(agentResponsePolicy)
    let made: ReturnType<typeof createKitOrchestration> | undefined
    const assembled = createParts(options, {
      handle: (roomId) => createRoomHandle(this, roomId),
      policy: agentResponsePolicy,
      orchestration: (parts) =>
        (made = createKitOrchestration(parts, { orchestration: ofNewRooms, predicates, human })),
    })
    if (made === undefined) throw new TypeError('assembling the parts makes their orchestration')
    const orchestration = made
    const { parts } = assembled
    parts.registry.add(createDirectChannel())
    const timers = createTimers(parts)
    const sources = createSourceRunner(parts, (message, o) => this.processInbound(message, o))
    this.store = createStoreFacade(parts.store, facadeWrites(parts))
    this.orchestrations = orchestration.orchestrations
    this.status = orchestration.status
    this.#lifecycle = createLifecycle(assembled, { timers, sources })
    this.#api = {
      ...createRoomsApi(parts, orchestration, timers),
      ...createChannelsApi(parts, (channel) => {
        if (isKitBound(channel)) channel.bindKit(this)
      }),
      ...createMembersApi(parts),
      ...createMessagesApi(parts),
      ...createLogApi(parts),
      ...createTurnsApi(parts),
      ...createHooksApi(parts),
      ...createConversationsApi(orchestration),
      ...createDeskApi(parts, orchestration.human),
      ...createSourcesApi(parts, sources),
      ...this.#lifecycle.api,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
