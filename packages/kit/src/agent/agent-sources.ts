import type { AnyTool, ToolSource, TurnContext } from '@parley/spec'
import type { OpenSkills } from '../skills/skill-source.ts'
import { kernelTools } from '../tools/kernel-tools.ts'
import type { AgentOptions, SortedTools } from './agent-options.ts'
import type { StepTools } from './loop-input.ts'

/** All sources of tools of one turn: the room's first, then the agent's own, its kernel's, its sources', its skills'. */
export function agentSources(
  { kernel }: AgentOptions,
  { own, sources }: SortedTools,
  turn: {
    context: TurnContext
    roomTools?: () => Promise<AnyTool[]>
    skills?: OpenSkills | undefined
    planTool?: AnyTool | undefined
  },
): StepTools[] {
  const { context, roomTools, skills, planTool } = turn
  return [
    ...(roomTools === undefined ? [] : [{ id: 'room', origin: 'room' as const, tools: roomTools }]),
    { id: 'agent', origin: 'agent', tools: () => (planTool === undefined ? own : [...own, planTool]) },
    ...(kernel === undefined ? [] : kernelTools(kernel, context)),
    ...sources.map((source, index) => fromSource(source, index, context)),
    ...(skills === undefined
      ? []
      : [{ id: 'skill', origin: 'agent' as const, isPinned: true, tools: () => skills.tools() }]),
  ]
}

function fromSource(source: ToolSource, index: number, context: TurnContext): StepTools {
  return { id: source.id ?? `source${index + 1}`, origin: 'source', tools: () => source.tools(context) }
}
