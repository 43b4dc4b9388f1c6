import { checkOptions, ParleyError } from '@parley/spec'
import type { ChannelId, Content, HandoffPlan, Json, PipelineStage, RoomId } from '@parley/spec'
import { derivedId, type OrchestrationDefinition } from '../definitions/definition.ts'
import { installDefinition } from '../definitions/install-definition.ts'
import { HandoffHandler } from '../handoff/handoff-handler.ts'
import { HUMAN } from '../handoff/handoff-rules.ts'
import type { HumanOptions } from '../human/human-options.ts'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import { internalsOf, type OrchestrationHost } from '../orchestration-host.ts'
import type { ConversationRouter } from '../router/conversation-router.ts'
import type { ConversationPipeline } from './conversation-pipeline.ts'

/** Options of `ConversationPipeline.install`. */
export interface PipelineInstallOptions {
  agentAliases?: Record<string, string>
  /** @default -100 */
  hookPriority?: number
  /** Receivers greet instead of going on with the matter. @default false */
  greetOnHandoff?: boolean
  /** The call's channel; config-only agents become valid targets. */
  voiceChannelId?: ChannelId
  greetingPrompt?: string
  farewellPrompt?: string
  /** For this room alone; stored with it. */
  roomId?: RoomId
  replace?: boolean
  version?: number
  human?: HumanOptions
  /** A line for people about a handoff, or null for none. */
  announce?: (plan: HandoffPlan) => Content | null
}

const installOptions = [
  'agentAliases',
  'hookPriority',
  'greetOnHandoff',
  'voiceChannelId',
  'greetingPrompt',
  'farewellPrompt',
  'roomId',
  'replace',
  'version',
  'human',
  'announce',
] as const

/** The part of the options for people that is plain data. */
export type StoredHuman = Omit<HumanOptions, 'available' | 'authorize'>

/** What a room stores of a pipeline. */
export interface StoredPipeline {
  stages: (Omit<PipelineStage, 'contract' | 'canReturnTo' | 'next'> & {
    next: string[]
    canReturnTo: string[]
    hasContract?: boolean
  })[]
  defaultPhase?: string
  supervisorId?: ChannelId
  allowHuman: boolean
  agentIds: ChannelId[]
  knownAgents: ChannelId[]
  agentAliases: Record<string, string>
  greetOnHandoff: boolean
  greetingPrompt?: string
  farewellPrompt?: string
  voiceChannelId?: ChannelId
  hookPriority?: number
  human?: StoredHuman
}

/** Builds router and handler and installs them. */
export function installPipeline(
  pipeline: ConversationPipeline,
  kit: OrchestrationHost,
  agents: readonly OrchestratedAgent[],
  options: PipelineInstallOptions,
): { router: ConversationRouter; handler: HandoffHandler } {
  checkVoiceChannel(kit, options.voiceChannelId)
  const definition = pipelineDefinition(pipeline, kit, agents, options)
  const handler = installDefinition(kit, definition, agents, options)
  warnUnreachable(pipeline, kit)
  return { router: definition.router, handler }
}

/** The definition behind a pipeline, for one kit. */
export function pipelineDefinition(
  pipeline: ConversationPipeline,
  kit: OrchestrationHost,
  agents: readonly OrchestratedAgent[],
  options: PipelineInstallOptions,
): OrchestrationDefinition & { handler: HandoffHandler } {
  checkOptions('install', options, installOptions)
  const { spec, agentIds, knownAgents } = pipelineSpec(pipeline, agents, options)
  const id = pipeline.id ?? derivedId('pipeline', spec)
  return buildPipeline(pipeline, kit, { id, spec, agents, agentIds, knownAgents, options })
}

/** What rooms store of a pipeline, and which agents it needs registered or known. */
export function pipelineSpec(
  pipeline: ConversationPipeline,
  agents: readonly OrchestratedAgent[],
  options: PipelineInstallOptions,
): { spec: Json; agentIds: ChannelId[]; knownAgents: ChannelId[] } {
  const { voiceChannelId } = options
  // Config-only agents of a call are no channels of the room; text agents are bound.
  const knownAgents =
    voiceChannelId === undefined
      ? []
      : agents.filter(({ isConfigOnly }) => isConfigOnly === true).map(({ channelId }) => channelId)
  const staged = pipeline.stages.map(({ agentId }) => agentId).filter((agentId) => agentId !== HUMAN)
  const agentIds = [...new Set([...agents.map(({ channelId }) => channelId), ...staged])].filter(
    (agentId) => !knownAgents.includes(agentId),
  )
  return { spec: toStored(pipeline, agentIds, knownAgents, options), agentIds, knownAgents }
}

interface Parts {
  id: string
  spec: Json
  agents: readonly OrchestratedAgent[]
  agentIds: readonly ChannelId[]
  knownAgents: readonly ChannelId[]
  options: PipelineInstallOptions
}

/** Puts a pipeline's definition together, new or restored. */
export function buildPipeline(
  pipeline: ConversationPipeline,
  kit: OrchestrationHost,
  parts: Parts,
): OrchestrationDefinition & { handler: HandoffHandler } {
  const { id, spec, agents, agentIds, knownAgents, options } = parts
  const { agentAliases, greetOnHandoff = false, voiceChannelId, human, announce, hookPriority } = options
  const router = pipeline.toRouter()
  const handler = new HandoffHandler(kit, router, {
    ...(agentAliases === undefined ? {} : { agentAliases }),
    ...(voiceChannelId === undefined ? {} : { eventChannelId: voiceChannelId }),
    ...(human === undefined ? {} : { human }),
    ...(announce === undefined ? {} : { announce }),
    ...(options.greetingPrompt === undefined ? {} : { greetingPrompt: options.greetingPrompt }),
    ...(options.farewellPrompt === undefined ? {} : { farewellPrompt: options.farewellPrompt }),
    phaseMap: pipeline.getPhaseMap(),
    allowedTransitions: pipeline.getAllowedTransitions(),
    stages: pipeline.stages.map((stage) => ({ ...stage, next: [...stage.next] })),
    knownAgents,
    opening: greetOnHandoff ? 'greeting' : 'resume',
    allowHuman: pipeline.allowHuman && human?.allow !== false,
    scope: `definition:${id}`,
  })
  handler.agents = Object.fromEntries(agents.map((agent) => [agent.channelId, agent]))
  const first = pipeline.firstStage
  return {
    kind: 'pipeline',
    id,
    spec,
    router,
    handler,
    agentIds,
    phases: pipeline.stages.map(({ phase }) => phase),
    ...(first === undefined
      ? {}
      : { initial: { phase: first.phase, activeAgentId: first.agentId === HUMAN ? null : first.agentId } }),
    ...(hookPriority === undefined ? {} : { hookPriority }),
    ...(announce === undefined ? {} : { announce }),
  }
}

function toStored(
  pipeline: ConversationPipeline,
  agentIds: ChannelId[],
  knownAgents: ChannelId[],
  {
    agentAliases = {},
    greetOnHandoff = false,
    greetingPrompt,
    farewellPrompt,
    voiceChannelId,
    hookPriority,
    human,
  }: PipelineInstallOptions,
): Json {
  const { available: _available, authorize: _authorize, ...storedHuman } = human ?? {}
  const stored = {
    stages: pipeline.stages.map(({ contract, ...stage }) => ({
      ...stage,
      ...(contract === undefined ? {} : { hasContract: true }),
    })),
    defaultPhase: pipeline.defaultPhase,
    supervisorId: pipeline.supervisorId,
    allowHuman: pipeline.allowHuman,
    agentIds,
    knownAgents,
    agentAliases,
    greetOnHandoff,
    greetingPrompt,
    farewellPrompt,
    voiceChannelId,
    hookPriority,
    human: human === undefined ? undefined : storedHuman,
  }
  // Plain data through and through; this drops what is undefined.
  return JSON.parse(JSON.stringify(stored)) as Json
}

function checkVoiceChannel(kit: OrchestrationHost, channelId: ChannelId | undefined): void {
  if (channelId === undefined) return
  const channel = internalsOf(kit).core.registry.get(channelId)
  if (channel === undefined || channel.channelType === 'voice' || channel.channelType === 'realtimeVoice') return
  throw new ParleyError({
    code: 'channel_mismatch',
    message: `Channel ${channelId} is not a voice channel. Pass the id of one as voiceChannelId, or leave it out.`,
    details: { channelId, channelType: channel.channelType },
  })
}

function warnUnreachable({ unreachable, id }: ConversationPipeline, kit: OrchestrationHost): void {
  if (unreachable.length === 0) return
  const { core } = internalsOf(kit)
  core.logger.warn('Stages of a pipeline cannot be reached.', { phases: [...unreachable], pipeline: id ?? '' })
  core.framework.emit({ type: 'warning', data: { what: 'pipeline_unreachable', phases: [...unreachable] } })
}
