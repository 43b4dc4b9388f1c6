import { checkOptions, ParleyError } from '@parley/spec'
import type { ChannelId, Content, HandoffPlan, OrchestrationSpec, PipelineStage, RoomId } from '@parley/spec'
import { derivedId, type Orchestration, type OrchestrationDefinition } from '../definitions/definition.ts'
import type { HumanOptions } from '../human/human-options.ts'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import { internalsOf, type OrchestrationHost } from '../orchestration-host.ts'
import { ConversationPipeline } from './conversation-pipeline.ts'
import { pipelineDefinition, pipelineSpec, type PipelineInstallOptions } from './install-pipeline.ts'

/** Options of the strategy `Pipeline`. */
export interface PipelineOptions {
  agents: readonly OrchestratedAgent[]
  /** @default one stage per agent in order, each leading to the next; its phase is the agent's id */
  stages?: readonly PipelineStage[]
  defaultPhase?: string
  supervisorId?: ChannelId
  allowHuman?: boolean
  id?: string
  agentAliases?: Record<string, string>
  greetOnHandoff?: boolean
  greetingPrompt?: string
  farewellPrompt?: string
  voiceChannelId?: ChannelId
  human?: HumanOptions
  announce?: (plan: HandoffPlan) => Content | null
}

const pipelineKeys = ['defaultPhase', 'supervisorId', 'allowHuman', 'id'] as const
const installKeys = [
  'agentAliases',
  'greetOnHandoff',
  'greetingPrompt',
  'farewellPrompt',
  'voiceChannelId',
  'human',
  'announce',
] as const

/**
 * Agents one after another, by the stages of a `ConversationPipeline`.
 * @throws {ParleyError} `pipeline_invalid`, `invalid_options`
 */
export class Pipeline implements Orchestration {
  readonly kind = 'pipeline'
  readonly id: string
  readonly pipeline: ConversationPipeline
  readonly #agents: readonly OrchestratedAgent[]
  readonly #install: PipelineInstallOptions

  constructor(options: PipelineOptions) {
    checkOptions('Pipeline', options, ['agents', 'stages', ...pipelineKeys, ...installKeys])
    const { agents } = options
    if (!Array.isArray(agents) || agents.length === 0) {
      throw new ParleyError({
        code: 'invalid_options',
        message: 'A Pipeline needs at least one agent.',
        details: { path: 'agents', expected: 'a list of agents' },
      })
    }
    const stages =
      options.stages ??
      agents.map(({ channelId }, position) => ({
        phase: channelId,
        agentId: channelId,
        next: agents[position + 1]?.channelId ?? null,
      }))
    this.pipeline = new ConversationPipeline({ stages, ...pick(options, pipelineKeys) })
    this.#agents = [...agents]
    this.#install = pick(options, installKeys)
    this.id = this.pipeline.id ?? derivedId('pipeline', pipelineSpec(this.pipeline, this.#agents, this.#install).spec)
  }

  agents(): OrchestratedAgent[] {
    return [...this.#agents]
  }

  async install(kit: OrchestrationHost, roomId: RoomId): Promise<void> {
    const definition = this.define(kit)
    await internalsOf(kit).installForRoom(definition, kit.orchestrations.register(definition), roomId)
  }

  spec(): OrchestrationSpec {
    return {
      kind: 'pipeline',
      id: this.id,
      version: 1,
      spec: pipelineSpec(this.pipeline, this.#agents, this.#install).spec,
    }
  }

  define(kit: OrchestrationHost): OrchestrationDefinition {
    return pipelineDefinition(this.pipeline, kit, this.#agents, this.#install)
  }
}

function pick<T extends object, Key extends keyof T>(options: T, keys: readonly Key[]): Pick<T, Key> {
  const given = keys.filter((key) => options[key] !== undefined).map((key) => [key, options[key]])
  // Made of exactly the listed keys that are set; all of them are optional.
  return Object.fromEntries(given) as Pick<T, Key>
}
