import { checkOptions } from '@parley/spec'
import type { ChannelId, PipelineStage } from '@parley/spec'
import { HUMAN } from '../handoff/handoff-rules.ts'
import type { HandoffHandler } from '../handoff/handoff-handler.ts'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import type { OrchestrationHost } from '../orchestration-host.ts'
import { ConversationRouter } from '../router/conversation-router.ts'
import { checkStages, type CheckedStage } from './check-stages.ts'
import { installPipeline, type PipelineInstallOptions } from './install-pipeline.ts'

/** Options of a `ConversationPipeline`. */
export interface ConversationPipelineOptions {
  stages: readonly PipelineStage[]
  /** Where a conversation begins. @default the first stage's phase */
  defaultPhase?: string
  supervisorId?: ChannelId
  /** A person may be asked for from every phase. @default true */
  allowHuman?: boolean
  /** @default made of the stages */
  id?: string
}

/** What installing a pipeline gives: by name, or in order. */
export interface InstalledPipeline extends Iterable<ConversationRouter | HandoffHandler> {
  router: ConversationRouter
  handler: HandoffHandler
  [Symbol.iterator](): Iterator<ConversationRouter | HandoffHandler>
}

/**
 * Stages with allowed moves between them; makes rules, a phase map and transition limits of them.
 * @throws {ParleyError} `pipeline_invalid { stage, field }`, `invalid_options`
 */
export class ConversationPipeline {
  readonly stages: readonly CheckedStage[]
  readonly defaultPhase: string | undefined
  readonly supervisorId: ChannelId | undefined
  readonly allowHuman: boolean
  readonly id: string | undefined
  /** Stages that nothing leads to. */
  readonly unreachable: readonly string[]

  constructor(options: ConversationPipelineOptions) {
    checkOptions('ConversationPipeline', options, ['stages', 'defaultPhase', 'supervisorId', 'allowHuman', 'id'])
    const { stages, unreachable } = checkStages(options.stages, options.defaultPhase)
    this.stages = stages
    this.unreachable = unreachable
    this.defaultPhase = options.defaultPhase
    this.supervisorId = options.supervisorId
    this.allowHuman = options.allowHuman ?? true
    this.id = options.id
  }

  /** The stage a conversation begins in. */
  get firstStage(): CheckedStage | undefined {
    return this.stages.find(({ phase }) => phase === this.defaultPhase) ?? this.stages[0]
  }

  /** One rule per stage: its agent in its phase, in order; the default is the first stage's agent. */
  toRouter(): ConversationRouter {
    const rules = this.stages
      .map(({ agentId, phase }, priority) => ({ agentId, conditions: { phases: [phase] }, priority, name: phase }))
      .filter(({ agentId }) => agentId !== HUMAN)
    const { firstStage, supervisorId } = this
    const hasDefault = firstStage !== undefined && firstStage.agentId !== HUMAN
    return new ConversationRouter({
      rules,
      ...(hasDefault ? { defaultAgentId: firstStage.agentId } : {}),
      ...(supervisorId === undefined ? {} : { supervisorId }),
    })
  }

  /** Agent to the first phase it owns. */
  getPhaseMap(): Record<ChannelId, string> {
    const map: Record<ChannelId, string> = {}
    for (const { agentId, phase } of this.stages) if (!Object.hasOwn(map, agentId)) map[agentId] = phase
    return map
  }

  /** Phase to the phases that may follow: `next`, then `canReturnTo`, without repeats. */
  getAllowedTransitions(): Record<string, readonly string[]> {
    return Object.fromEntries(
      this.stages.map(({ phase, next, canReturnTo }) => [phase, [...new Set([...next, ...canReturnTo])]]),
    )
  }

  /**
   * Installs routing, handoff and transition limits in one call, for one room or for all that have none of their own.
   * @throws {ParleyError} `router_already_installed`, `alias_invalid`, `channel_mismatch`
   */
  install(
    kit: OrchestrationHost,
    agents: readonly OrchestratedAgent[],
    options: PipelineInstallOptions = {},
  ): InstalledPipeline {
    const { router, handler } = installPipeline(this, kit, agents, options)
    return {
      router,
      handler,
      *[Symbol.iterator]() {
        yield router
        yield handler
      },
    }
  }
}
