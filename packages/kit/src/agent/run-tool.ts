import { checkContract, ParleyError, toParleyError, type AnyTool, type ToolContext } from '@parley/spec'
import type { HookMap } from '../hooks/hook-map.ts'
import type { StepTool } from '../tools/tool-set.ts'
import type { LoopInput } from './loop-input.ts'
import { toJson } from './canonical-json.ts'
import { createPausableTimer, type PausableTimer } from './pausable-timer.ts'
import { createToolContext, type ToolContextParts } from './tool-context.ts'
import { callError, thrownError, toCallValue, type CallValue } from './tool-results.ts'
import { untilAborted } from './until-aborted.ts'

/** Why a tool's signal is aborted once its call has ended: what it left running should stop. */
const callOver = new Error('The call has ended.')

/** A call as hooks see it. */
export type HookCall = HookMap['beforeToolUse']['payload']['call']

/** A call that may run. */
export interface ReadyCall {
  entry: StepTool
  /** What the schema parsed. */
  parsed: unknown
  call: HookCall
}

/** Where a tool runs: the parts of its context, and the timers that stand still while people are waited for. */
export type RunPlace = Omit<ToolContextParts, 'signal' | 'timers'> & {
  signal: AbortSignal
  turnTimer?: PausableTimer | undefined
}

/** Runs a tool within its time and gives its result; what it throws becomes an error without foreign text. */
export async function runTool(tool: AnyTool, parsed: unknown, place: RunPlace): Promise<CallValue> {
  const own = new AbortController()
  const timer = createPausableTimer(place.input.context.clock, tool.timeoutMs, () =>
    own.abort(tooSlow(tool, place.name)),
  )
  const signal = AbortSignal.any([place.signal, own.signal])
  const timers = place.turnTimer === undefined ? [timer] : [timer, place.turnTimer]
  try {
    const context = createToolContext({ ...place, signal, timers })
    const returned = await untilAborted(call(tool, parsed, context), signal)
    return (
      toCallValue(returned) ??
      callError('tool_result_invalid', `The result of ${place.name} cannot be written as JSON.`)
    )
  } catch (thrown) {
    if (place.signal.aborted) return callError('tool_failed', `${place.name} was stopped because the turn ended.`)
    const error = toParleyError(thrown, {
      code: 'tool_failed',
      message: `${place.name} failed. Go on without it, or try other arguments.`,
      details: { tool: place.name },
    })
    if (!ParleyError.isInstance(thrown)) place.input.services.reportError(error, 'tool')
    return thrownError(error)
  } finally {
    timer.dispose()
    own.abort(callOver)
  }
}

/** The result after `onToolCall` and the output's schema. */
export async function finishCall(
  result: CallValue,
  { entry, call }: Pick<ReadyCall, 'entry' | 'call'>,
  { services, context }: LoopInput,
): Promise<CallValue> {
  const { media, ...subject } = result
  const hooked = await services.runHook('onToolCall', { result: toHookResult(subject), call, context })
  if (hooked.blocked !== undefined) {
    return callError('tool_denied', hooked.blocked.message ?? `The result of ${entry.name} was held back.`)
  }
  const after = hooked.modifiedBy.length === 0 ? subject : hooked.payload.result
  if (after.error !== undefined || entry.tool.output === undefined)
    return { ...after, ...(media === undefined ? {} : { media }) }
  const checked = await checkContract(entry.tool.output, after.value)
  const value = checked.ok ? toJson(checked.value) : undefined
  if (value === undefined)
    return callError('tool_result_invalid', `The result of ${entry.name} does not fit its schema.`)
  return { value, ...(media === undefined ? {} : { media }) }
}

// `call` is where a synchronous throw becomes a rejection.
async function call(tool: AnyTool, parsed: unknown, context: ToolContext): Promise<unknown> {
  // The tool's own schema parsed the input.
  return await tool.run(parsed as never, context)
}

function toHookResult({ value = null, error }: CallValue): HookMap['onToolCall']['payload']['result'] {
  return error === undefined ? { value } : { error: { code: error.code, message: error.message } }
}

function tooSlow(tool: AnyTool, name: string): ParleyError {
  return new ParleyError({
    code: 'tool_timeout',
    message: `${name} took longer than ${tool.timeoutMs} ms and was stopped. Go on without it, or try again.`,
    details: { tool: name, timeoutMs: tool.timeoutMs },
  })
}
