import { ParleyError, type Clock, type Json, type ToolContext, type ToolKernel, type ToolResult } from '@parley/spec'
import type { ToolCallPlace } from './engine-parts.ts'

/** Calls tools outside of any room: what a tool asks of a room is refused with a word on why. */
export function createToolCaller(
  clock: Clock,
): (kernel: ToolKernel, uri: string, args: Json, place: ToolCallPlace) => Promise<ToolResult> {
  return (kernel, uri, args, place) => kernel.call(uri, args, contextOf(clock, place))
}

function contextOf(clock: Clock, { signal, idempotencyKey, step, attempt, budget }: ToolCallPlace): ToolContext {
  const noRoom = (what: string): ParleyError =>
    new ParleyError({
      code: 'tool_unavailable',
      message: `The tool of step "${step}" asks for ${what}, but a workflow runs outside of any room. Use an agent step for it.`,
      retryable: false,
      details: { step },
    })
  return {
    get room(): ToolContext['room'] {
      throw noRoom('the room')
    },
    get event(): ToolContext['event'] {
      throw noRoom('the message that it answers')
    },
    get state(): ToolContext['state'] {
      throw noRoom('the state of the conversation')
    },
    agentId: step,
    turnId: idempotencyKey,
    callId: idempotencyKey,
    attempt,
    idempotencyKey,
    signal,
    budget,
    clock,
    deps: undefined,
    progress: () => {},
    requestInput: () => Promise.reject(noRoom('an answer of the person')),
    requestApproval: () => Promise.reject(noRoom('an approval')),
  }
}
