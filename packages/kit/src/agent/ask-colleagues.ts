import { ParleyError, type ToolContext } from '@parley/spec'
import { runDecided } from './ask-people.ts'
import { callRequest } from './call-approval.ts'
import type { LoopInput } from './loop-input.ts'
import type { ReadyCall, RunPlace } from './run-tool.ts'

/** How a tool that runs asks colleagues by itself; undefined where there is no later turn to tell the outcome to. */
export function askColleagues(
  ready: ReadyCall,
  input: LoopInput,
  place: RunPlace,
): ToolContext['requestApproval'] | undefined {
  const { request } = input.services
  if (request === undefined || input.approvalMode !== 'detach') return undefined
  const { entry, call } = ready
  return async ({ prompt, timeoutMs = input.limits.approvalMs } = {}) => {
    if (entry.tool.onDecision === undefined) {
      throw new ParleyError({
        code: 'tool_invalid',
        message: `${entry.name} asks for an approval and has no onDecision, so nothing would come of it. Define it.`,
        details: { tool: entry.name },
      })
    }
    const { requestId } = await request({
      ...callRequest(entry, { ...call, idempotencyKey: place.idempotencyKey }),
      ...(prompt === undefined ? {} : { prompt }),
      kind: 'approval',
      mode: 'detach',
      timeoutMs,
      onDecided: (decision) => runDecided({ ready, input, place, decision }),
    })
    return { status: 'pending', requestId }
  }
}
