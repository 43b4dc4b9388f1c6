import { ParleyError } from '@parley/spec'
import type { AnyTool, ChannelId, Disposer } from '@parley/spec'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import type { HandoffHandler } from './handoff-handler.ts'

interface Setup {
  handler: HandoffHandler
  tool: AnyTool | undefined
}

/** Which handler serves an agent, by scope: a definition, or all rooms without one. */
export interface HandoffSetups {
  /** @throws {ParleyError} `handoff_already_set_up` */
  add(agent: OrchestratedAgent, handler: HandoffHandler, tool: AnyTool | undefined): Disposer
  /** The handler set up by hand for an agent outside any definition. */
  handler(agentId: ChannelId): HandoffHandler | undefined
  /** The tool given for an agent and handler. */
  tool(agentId: ChannelId, handler: HandoffHandler): AnyTool | undefined
  /** Whether anything was set up; false costs nothing per turn. */
  readonly isEmpty: boolean
  /** Forgets all of one scope. */
  removeScope(scope: string): void
}

/** Makes an empty set. */
export function createHandoffSetups(): HandoffSetups {
  const byAgent = new Map<ChannelId, Map<string, Setup>>()
  const remove = (agentId: ChannelId, scope: string, handler: HandoffHandler): void => {
    const scopes = byAgent.get(agentId)
    if (scopes?.get(scope)?.handler !== handler) return
    scopes.delete(scope)
    if (scopes.size === 0) byAgent.delete(agentId)
  }
  return {
    get isEmpty() {
      return byAgent.size === 0
    },
    add({ channelId }, handler, tool) {
      const { scope } = handler
      const scopes = byAgent.get(channelId) ?? new Map<string, Setup>()
      const known = scopes.get(scope)
      if (known !== undefined && known.handler !== handler) {
        throw new ParleyError({
          code: 'handoff_already_set_up',
          message: `Agent ${channelId} is served by another handoff handler already. Dispose of that setup first.`,
          details: { agentId: channelId, scope },
        })
      }
      scopes.set(scope, { handler, tool: tool ?? known?.tool })
      byAgent.set(channelId, scopes)
      return () => remove(channelId, scope, handler)
    },
    handler: (agentId) => byAgent.get(agentId)?.get('kit')?.handler,
    tool(agentId, handler) {
      const setup = byAgent.get(agentId)?.get(handler.scope)
      return setup?.handler === handler ? setup.tool : undefined
    },
    removeScope(scope) {
      for (const [agentId, scopes] of byAgent) {
        scopes.delete(scope)
        if (scopes.size === 0) byAgent.delete(agentId)
      }
    },
  }
}
