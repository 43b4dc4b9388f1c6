import type { Contract, Json, OrchestrationSpec, RoomId } from '@parley/spec'
import { derivedId, type Orchestration, type OrchestrationDefinition } from '../definitions/definition.ts'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import type { OrchestrationHost } from '../orchestration-host.ts'
import { installStrategy, registerAgents } from './install-strategy.ts'
import { loopDefinition, type StoredLoop } from './loop-definition.ts'
import { checkStrategy, isBadTeam } from './strategy-options.ts'

/** Options of a `Loop`. */
export interface LoopOptions {
  /** Writes, and speaks to people. */
  agent: OrchestratedAgent
  /** They judge drafts in child rooms. */
  reviewers: readonly OrchestratedAgent[]
  /** Drafts at most. @default 3 */
  maxIterations?: number
  /** In sequence each reviewer sees what was said before. @default 'sequential' */
  strategy?: 'sequential' | 'parallel'
  /** What reviewers answer; its `approved` and `feedback` are read. @default { approved: boolean, feedback: string } */
  verdict?: Contract
  /** The person is answered at once; the final version is sent when it is there. @default false */
  background?: boolean
  /** @default made of the options */
  id?: string
}

const known = ['agent', 'reviewers', 'maxIterations', 'strategy', 'verdict', 'background', 'id'] as const

/**
 * One agent writes, others review, until all approve or the iterations are used up.
 * @throws {ParleyError} `invalid_options`
 */
export class Loop implements Orchestration {
  readonly kind = 'loop'
  readonly id: string
  readonly #agent: OrchestratedAgent
  readonly #reviewers: readonly OrchestratedAgent[]
  readonly #stored: StoredLoop
  readonly #verdict: Contract | undefined

  constructor(options: LoopOptions) {
    const { agent, reviewers, maxIterations = 3, strategy = 'sequential', verdict, background = false } = options
    checkStrategy('Loop', options, known, [
      [typeof agent?.channelId !== 'string', 'agent', 'an agent'],
      [isBadTeam(reviewers, [agent?.channelId]), 'reviewers', 'a list of agents, each once, without the writer'],
      [!Number.isInteger(maxIterations) || maxIterations < 1, 'maxIterations', 'a whole number from 1'],
      [strategy !== 'sequential' && strategy !== 'parallel', 'strategy', '"sequential" or "parallel"'],
      [verdict !== undefined && verdict['~standard'] === undefined, 'verdict', 'a schema'],
    ])
    this.#agent = agent
    this.#reviewers = [...reviewers]
    this.#verdict = verdict
    this.#stored = {
      agentId: agent.channelId,
      reviewers: reviewers.map(({ channelId }) => channelId),
      maxIterations,
      strategy,
      background,
      hasVerdict: verdict !== undefined,
    }
    // Plain data through and through.
    this.id = options.id ?? derivedId('loop', this.#stored as unknown as Json)
  }

  /** Only the writer is in the room. */
  agents(): OrchestratedAgent[] {
    return [this.#agent]
  }

  install(kit: OrchestrationHost, roomId: RoomId): Promise<void> {
    return installStrategy(kit, this, roomId)
  }

  spec(): OrchestrationSpec {
    // Plain data through and through.
    return { kind: 'loop', id: this.id, version: 1, spec: this.#stored as unknown as Json }
  }

  define(kit: OrchestrationHost): OrchestrationDefinition {
    registerAgents(kit, this.#reviewers)
    return loopDefinition(kit, this.id, this.#stored, this.#verdict)
  }
}
