import { checkOptions, defineTool, ParleyError } from '@parley/spec'
import type { AnyTool, ChannelId, DelegationResult, Json, ToolSource } from '@parley/spec'
import { z } from 'zod'
import { agentNameOf, agentPurposeOf, type OrchestratedAgent } from '../orchestrated-agent.ts'
import { sameTask } from './delegation-errors.ts'

export const DELEGATE_TASK = 'delegate_task'

/** A turn may wait this long for a delegation; the delegation's own time is what ends it. */
export const WAIT_MS: number = 24 * 60 * 60 * 1_000

/** Options of `delegateTool`. */
export interface DelegateToolOptions {
  /** Whom tasks may be given to; each must be registered with the kit. */
  agents: readonly OrchestratedAgent[]
  /** Time of one task. @default 120 000 */
  timeoutMs?: number
  /** Channels of the room that the worker speaks on too. @default none */
  shareChannels?: ChannelId[]
}

/**
 * The tool `delegate_task`: an agent gives a task to another, in a room of its own, and gets the result; with
 * `wait: false` as a note of its next turn.
 * @throws {ParleyError} `invalid_options`
 */
export function delegateTool(options: DelegateToolOptions): ToolSource {
  checkOptions('delegateTool', options, ['agents', 'timeoutMs', 'shareChannels'])
  const { agents, timeoutMs, shareChannels } = options
  const ids = agents.map(({ channelId }) => channelId)
  const [first, ...others] = ids
  if (first === undefined) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'delegateTool needs at least one agent to give tasks to.',
      details: { path: 'agents', expected: 'one agent or more' },
    })
  }
  const list = agents.map(
    (agent) => `- ${agent.channelId}: ${agentPurposeOf(agent) ?? agentNameOf(agent, agent.channelId)}`,
  )
  const tool = defineTool({
    name: DELEGATE_TASK,
    description: `Gives a task to another agent, who works on it apart from this conversation and knows only what you write.\n${list.join('\n')}`,
    input: z.object({
      agent: z.enum([first, ...others]).describe('Who gets the task.'),
      task: z.string().min(1).describe('The whole task, with everything needed to do it.'),
      context: z.string().optional().describe('Facts that help.'),
      wait: z.boolean().default(true).describe('false: go on now; the result comes as a note later.'),
    }),
    // The call's key names the delegation, so a repeated call is the same one.
    effect: 'idempotent',
    timeoutMs: WAIT_MS,
    async run({ agent, task, context, wait }, call): Promise<Json> {
      const asked = call.event.content.type === 'text' ? call.event.content.text : undefined
      if (agent === call.agentId && asked?.trim() === task.trim()) throw sameTask(agent)
      const delegation = await call.room.delegate(agent, task, {
        by: { kind: 'agent', id: call.agentId },
        budget: call.budget,
        idempotencyKey: call.idempotencyKey,
        wait,
        ...(wait ? { signal: call.signal } : { notify: call.agentId }),
        ...(context === undefined ? {} : { context }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(shareChannels === undefined ? {} : { shareChannels }),
      })
      if (!wait) return { status: 'running', delegationId: delegation.id }
      return resultJson(await delegation.result)
    },
  })
  return {
    id: 'delegation',
    tools: (context): Promise<AnyTool[]> => Promise.resolve(context.room.id === '' ? [] : [tool]),
  }
}

/** A result as a model reads it. */
export function resultJson(result: DelegationResult): Json {
  if (result.status !== 'completed') {
    return {
      status: result.status,
      error: { code: result.error.code, message: result.error.message },
      ...(result.text === undefined ? {} : { text: result.text }),
    }
  }
  const { text, value } = result
  // What the schema parsed came from JSON; what JSON cannot carry is not passed on.
  return {
    status: 'completed',
    text,
    ...(value === undefined ? {} : { value: JSON.parse(JSON.stringify(value)) as Json }),
  }
}
