import type { AnyTool, ChannelId, ConversationState, ToolContext } from '@parley/spec'
import type { OrchestrationInternals, RoomReading } from '../orchestration-internals.ts'
import { agentPurposeOf } from '../orchestrated-agent.ts'
import { payloadSchema } from '../pipeline/handoff-payload.ts'
import { peersOf } from './handoff-facts.ts'
import type { HandoffHandler } from './handoff-handler.ts'
import { HANDOFF_TOOL, narrowTool, withPayload } from './handoff-tool.ts'
import { reachableTargets } from './reachable-targets.ts'

/** The handoff tool of an agent at this moment, for one step of a turn or a live session: exactly the targets that can be reached now. None: no tool. */
export function handoffTools(
  internals: OrchestrationInternals,
  handler: HandoffHandler,
  agentId: ChannelId,
  { bindings, room }: Pick<RoomReading, 'bindings' | 'room'>,
  state: ConversationState,
): AnyTool[] {
  const { core, setups } = internals
  const { rules } = handler
  const isSupervisor = agentId === rules.supervisorId
  if (state.mode !== 'agent' || (state.activeAgentId !== null && state.activeAgentId !== agentId && !isSupervisor))
    return []
  const peers = peersOf(core, rules, bindings)
  // A supervisor beside the active agent may ask for a person and nothing else.
  const isBeside = isSupervisor && state.activeAgentId !== null && state.activeAgentId !== agentId
  const reachable = reachableTargets(rules, state, agentId, peers).filter(
    (target) => target.agentId === 'human' || (!isBeside && isThere(target.agentId, peers, rules.stages.length > 0)),
  )
  if (reachable.length === 0) return []
  const targets = reachable.map(
    ({ agentId: id, description }) =>
      [id, id === 'human' ? description : (agentPurposeOf(internals.agent(id, room)) ?? description)] as const,
  )
  const narrowed = narrowTool(setups.tool(agentId, handler) ?? HANDOFF_TOOL, targets)
  const payload = payloadSchema(rules, reachable)
  const tool = payload === undefined ? narrowed : withPayload(narrowed, payload)
  return [
    {
      ...tool,
      run: (args: unknown, toolContext: ToolContext) =>
        handler.handle(toolContext.room.id, agentId, args, { turn: toolContext, signal: toolContext.signal }),
    },
  ]
}

/** Stages are offered as declared; whether their agent can answer is looked at by the handoff. */
function isThere(agentId: string, peers: readonly string[], isStaged: boolean): boolean {
  return isStaged || peers.includes(agentId)
}
