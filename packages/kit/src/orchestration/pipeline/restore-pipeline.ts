import type { HandoffContract } from '@parley/spec'
import type { RestoreDefinition } from '../definitions/definition.ts'
import type { HumanOptions } from '../human/human-options.ts'
import { ConversationPipeline } from './conversation-pipeline.ts'
import { buildPipeline, type StoredHuman, type StoredPipeline } from './install-pipeline.ts'

/** Builds a pipeline's definition from what a room stored; contracts and callbacks come from the registered one. */
export const restorePipeline: RestoreDefinition = (stored, { kit, registered }) => {
  // Written by `toStored` of this or an earlier process; the pipeline's own checks refuse anything else.
  const spec = stored.spec as unknown as StoredPipeline
  const contracts = registered?.handler?.rules.contracts ?? {}
  const contractOf = (phase: string): HandoffContract | undefined => contracts[phase]
  if (spec.stages.some(({ phase, hasContract }) => hasContract === true && contractOf(phase) === undefined))
    return { missing: stored.id }
  const stages = spec.stages.map(({ hasContract, ...stage }) => {
    const contract = hasContract === true ? contractOf(stage.phase) : undefined
    return contract === undefined ? stage : { ...stage, contract }
  })
  const { defaultPhase, supervisorId, allowHuman, agentIds, knownAgents } = spec
  const pipeline = new ConversationPipeline({
    stages,
    allowHuman,
    id: stored.id,
    ...(defaultPhase === undefined ? {} : { defaultPhase }),
    ...(supervisorId === undefined ? {} : { supervisorId }),
  })
  const { agentAliases, greetOnHandoff, voiceChannelId, hookPriority, greetingPrompt, farewellPrompt } = spec
  const former = registered?.handler
  return buildPipeline(pipeline, kit, {
    id: stored.id,
    spec: stored.spec,
    agents: Object.values(former?.agents ?? {}),
    agentIds,
    knownAgents,
    options: {
      agentAliases,
      greetOnHandoff,
      ...(voiceChannelId === undefined ? {} : { voiceChannelId }),
      ...(hookPriority === undefined ? {} : { hookPriority }),
      ...(greetingPrompt === undefined ? {} : { greetingPrompt }),
      ...(farewellPrompt === undefined ? {} : { farewellPrompt }),
      ...(spec.human === undefined && former === undefined ? {} : { human: restoredHuman(spec.human, former?.human) }),
      ...(former?.announce === undefined ? {} : { announce: former.announce }),
    },
  })
}

/** Stored terms, with the functions of the definition that is registered now. */
function restoredHuman(
  stored: StoredHuman | undefined,
  { available, authorize, ...present }: HumanOptions = {},
): HumanOptions {
  return {
    ...(stored ?? present),
    ...(available === undefined ? {} : { available }),
    ...(authorize === undefined ? {} : { authorize }),
  }
}
