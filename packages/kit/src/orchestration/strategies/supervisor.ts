import type { ChannelId, Json, OrchestrationSpec, RoomId } from '@parley/spec'
import { derivedId, type Orchestration, type OrchestrationDefinition } from '../definitions/definition.ts'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import type { OrchestrationHost } from '../orchestration-host.ts'
import { installStrategy, registerAgents } from './install-strategy.ts'
import type { RefineTask } from './run-supervisor.ts'
import { checkStrategy, isBadTeam, isPositive } from './strategy-options.ts'
import { supervisorDefinition, type StoredSupervisor } from './supervisor-definition.ts'

/** Options of a `Supervisor`. */
export interface SupervisorOptions {
  /** The one agent people talk to. */
  supervisor: OrchestratedAgent
  /** They work in child rooms. */
  workers: readonly OrchestratedAgent[]
  /** `null`: the model chooses whom to give what. Else all workers get the task. @default null */
  strategy?: 'sequential' | 'parallel' | null
  /** Each message of a person goes to the workers before the supervisor is asked; needs a strategy. @default false */
  autoDelegate?: boolean
  /** The person is answered at once; results are sent when they are there. @default false */
  background?: boolean
  /** The supervisor approves each result or has it done again. @default false */
  review?: boolean
  /** How often a result may be done again. @default 3 */
  maxRevisions?: number
  /** Time of one task. @default 120 000 */
  taskTimeoutMs?: number
  /** Channels of the room that workers speak on too. @default none */
  shareChannels?: ChannelId[]
  /** Puts a task in other words for a worker. */
  refineTask?: RefineTask
  /** The first failure ends the run. @default false */
  failFast?: boolean
  /** @default made of the options */
  id?: string
}

const known = [
  'supervisor',
  'workers',
  'strategy',
  'autoDelegate',
  'background',
  'review',
  'maxRevisions',
  'taskTimeoutMs',
  'shareChannels',
  'refineTask',
  'failFast',
  'id',
] as const

/**
 * One agent talks with people and has others do the work, each in a room of its own.
 * @throws {ParleyError} `invalid_options`
 */
export class Supervisor implements Orchestration {
  readonly kind = 'supervisor'
  readonly id: string
  readonly #supervisor: OrchestratedAgent
  readonly #workers: readonly OrchestratedAgent[]
  readonly #stored: StoredSupervisor
  readonly #refineTask: RefineTask | undefined

  constructor(options: SupervisorOptions) {
    const { supervisor, workers, strategy = null, autoDelegate = false, background = false, review = false } = options
    const { maxRevisions = 3, taskTimeoutMs = 120_000, shareChannels = [], refineTask, failFast = false } = options
    checkStrategy('Supervisor', options, known, [
      [typeof supervisor?.channelId !== 'string', 'supervisor', 'an agent'],
      [isBadTeam(workers, [supervisor?.channelId]), 'workers', 'a list of agents, each once, without the supervisor'],
      [
        strategy !== null && strategy !== 'sequential' && strategy !== 'parallel',
        'strategy',
        '"sequential", "parallel" or null',
      ],
      [autoDelegate && strategy === null, 'strategy', '"sequential" or "parallel" with autoDelegate'],
      [!Number.isInteger(maxRevisions) || maxRevisions < 0, 'maxRevisions', 'a whole number from 0'],
      [!isPositive(taskTimeoutMs), 'taskTimeoutMs', 'a positive number of milliseconds'],
      [!Array.isArray(shareChannels), 'shareChannels', 'a list of channel ids'],
      [refineTask !== undefined && typeof refineTask !== 'function', 'refineTask', 'a function'],
    ])
    this.#supervisor = supervisor
    this.#workers = [...workers]
    this.#refineTask = refineTask
    this.#stored = {
      supervisorId: supervisor.channelId,
      workers: workers.map(({ channelId }) => channelId),
      strategy,
      autoDelegate,
      background,
      review,
      maxRevisions,
      taskTimeoutMs,
      shareChannels: [...shareChannels],
      failFast,
      refines: refineTask !== undefined,
    }
    // Plain data through and through.
    this.id = options.id ?? derivedId('supervisor', this.#stored as unknown as Json)
  }

  /** Only the supervisor is in the room. */
  agents(): OrchestratedAgent[] {
    return [this.#supervisor]
  }

  install(kit: OrchestrationHost, roomId: RoomId): Promise<void> {
    return installStrategy(kit, this, roomId)
  }

  spec(): OrchestrationSpec {
    // Plain data through and through.
    return { kind: 'supervisor', id: this.id, version: 1, spec: this.#stored as unknown as Json }
  }

  define(kit: OrchestrationHost): OrchestrationDefinition {
    registerAgents(kit, this.#workers)
    return supervisorDefinition(kit, this.id, this.#stored, this.#refineTask)
  }
}
