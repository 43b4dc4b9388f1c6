import {
  checkToolInput,
  type AnyTool,
  type Approval,
  type Json,
  type ToolContext,
  type RequestOutcome,
} from '@parley/spec'
import type { RequestSpec } from '../core/turn-services.ts'
import type { StepTool } from '../tools/tool-set.ts'
import type { LoopInput } from './loop-input.ts'
import { callError, type CallValue } from './tool-results.ts'

/** How an approval asks for a call, or undefined when nobody needs to be asked. */
export function approvalFor(
  tool: AnyTool,
  parsed: unknown,
  context: ToolContext,
  { input, isTainted }: { input: LoopInput; isTainted: boolean },
): { mode: 'detach' | 'suspend'; timeoutMs: number } | undefined {
  const usual = { mode: input.approvalMode, timeoutMs: input.limits.approvalMs }
  // What a tool's approval takes is what its schema parsed.
  const approval = tool.approval as Approval<unknown>
  if (approval === false) return undefined
  if (approval === true) return usual
  if (approval === 'when-tainted') return isTainted && tool.effect !== 'pure' ? usual : undefined
  if (approval.when !== undefined && !isWanted(approval.when, parsed, context)) return undefined
  return { mode: approval.mode ?? usual.mode, timeoutMs: approval.timeoutMs ?? usual.timeoutMs }
}

/** The request for a call, without what depends on its mode. */
export function callRequest(
  { name, tool }: StepTool,
  call: { callId: string; arguments: Json; idempotencyKey: string },
): Omit<RequestSpec, 'kind' | 'mode' | 'timeoutMs'> {
  return {
    tool: name,
    callId: call.callId,
    idempotencyKey: call.idempotencyKey,
    arguments: call.arguments,
    prompt: tool.description,
    sensitive: tool.sensitive,
    async checkValue(value) {
      const checked = await checkToolInput(tool, value)
      return checked.ok ? { ok: true, value } : checked
    },
  }
}

/** A yes of a person. */
export type Granted = Extract<RequestOutcome, { status: 'approved' | 'answered' }>

/** Whether people let the call run. */
export function isGranted(outcome: RequestOutcome): outcome is Granted {
  return outcome.status === 'approved' || outcome.status === 'answered'
}

/** What the model reads of a call that people did not let run. */
export function refusedValue(outcome: Exclude<RequestOutcome, Granted>, name: string): CallValue {
  if (outcome.status === 'expired') {
    return callError('request_expired', `Nobody answered in time, so ${name} was not run. Say so, or ask again later.`)
  }
  return { value: { status: outcome.status, ...(outcome.reason === undefined ? {} : { reason: outcome.reason }) } }
}

function isWanted(
  when: (input: unknown, context: ToolContext) => boolean,
  parsed: unknown,
  context: ToolContext,
): boolean {
  try {
    return when(parsed, context)
  } catch {
    return true // a condition that cannot be told asks someone, rather than nobody
  }
}
