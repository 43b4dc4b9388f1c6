import type { AnyTool, Disposer } from '@parley/spec'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import { internalsOf } from '../orchestration-host.ts'
import type { HandoffHandler } from './handoff-handler.ts'

/**
 * Lets an agent hand over by a handler: in each of its turns in a room served by it the tool is offered, narrowed to the
 * targets that can be reached then. The agent itself is not changed.
 * @throws {ParleyError} `handoff_already_set_up`
 */
export function setupHandoff(
  agent: OrchestratedAgent,
  handler: HandoffHandler,
  { tool }: { tool?: AnyTool } = {},
): Disposer {
  return internalsOf(handler.kit).setups.add(agent, handler, tool)
}
