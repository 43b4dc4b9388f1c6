import { nearestName, ParleyError } from '@parley/spec'
import type { EngineParts } from './engine-parts.ts'
import type { PreparedWorkflow } from './prepare.ts'

/**
 * Refuses a workflow whose steps call tools or agents, on an engine that has none: before anything is spent on the steps
 * that come first.
 * @throws {ParleyError} `invalid_options` without a tool kernel, `unknown_reference` for an agent
 */
export function refuseMissingPorts(
  { calling, delegating }: PreparedWorkflow,
  { kernel, agents }: Pick<EngineParts, 'kernel' | 'agents'>,
): void {
  if (calling !== undefined && kernel === undefined) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `Step "${calling.id}" calls ${calling.action ?? 'a tool'}, and the engine has no tools. Give createEngine a kernel, such as new FunctionKernel(...).`,
      details: { path: 'kernel', step: calling.id },
    })
  }
  for (const [agent, step] of delegating) {
    if (agents.has(agent)) continue
    const known = [...agents.keys()]
    const nearest = nearestName(agent, known)
    const hint = nearest === undefined ? 'Give it to createEngine under agents.' : `Did you mean "${nearest}"?`
    throw new ParleyError({
      code: 'unknown_reference',
      message: `Step "${step.id}" names the agent "${agent}", which the engine does not have. ${hint}`,
      details: { step: step.id, known },
    })
  }
}
