import { REDACTED, type AnyTool, type Json, type RequestOutcome } from '@parley/spec'
import { approvalFor, callRequest, isGranted, refusedValue, type Granted } from './call-approval.ts'
import { checkArguments, type Refusal } from './check-arguments.ts'
import type { LoopInput } from './loop-input.ts'
import type { LoopState } from './loop-state.ts'
import { finishCall, runTool, type ReadyCall, type RunPlace } from './run-tool.ts'
import { createToolContext, whilePaused } from './tool-context.ts'
import { callError, withoutSecrets, type CallValue } from './tool-results.ts'
import { untilAborted } from './until-aborted.ts'

/** Asks the person or a colleague, if the tool wants it. A value is the call's result instead of running it. */
export async function askPeople({
  ready,
  input,
  state,
  place,
  mustConfirm = false,
}: {
  ready: ReadyCall
  input: LoopInput
  state: LoopState
  place: RunPlace
  /** The person is asked although the tool does not say so: the call repeats another. */
  mustConfirm?: boolean
}): Promise<CallValue | undefined> {
  const { entry, call } = ready
  const context = createToolContext({ ...place, timers: [] })
  const approval = approvalFor(entry.tool, ready.parsed, context, { input, isTainted: state.isTainted })
  const asks = [
    ...(entry.tool.confirm || mustConfirm
      ? [{ kind: 'confirm' as const, mode: 'suspend' as const, timeoutMs: input.limits.confirmMs }]
      : []),
    ...(approval === undefined ? [] : [{ kind: 'approval' as const, ...approval }]),
  ]
  for (const ask of asks) {
    const { request } = input.services
    if (request === undefined)
      return callError('tool_denied', `${entry.name} needs a person's yes, and there is nobody to ask here.`)
    const spec = { ...ask, ...callRequest(entry, { ...call, idempotencyKey: place.idempotencyKey }) }
    if (ask.mode === 'detach') {
      const { requestId } = await request({
        ...spec,
        onDecided: (decision) => runDecided({ ready, input, place, decision }),
      })
      return { value: { status: 'pending', requestId } }
    }
    const { outcome } = await request(spec)
    const decision = await whilePaused([state.timer], () => untilAborted(outcome, state.signal))
    if (!isGranted(decision)) return refusedValue(decision, entry.name)
    const replaced = await replaceArguments(ready, decision)
    if ('error' in replaced) return replaced
    ready.parsed = replaced.parsed
    ready.call = replaced.call
  }
  return undefined
}

/** "Approve less": arguments given with the decision take the place of the model's. */
async function replaceArguments(
  ready: ReadyCall,
  decision: Extract<RequestOutcome, { status: 'approved' | 'answered' }>,
): Promise<ReadyCall | Refusal> {
  if (decision.value === undefined) return ready
  const checked = await checkArguments(ready.entry, decision.value)
  if ('error' in checked) return checked
  return { ...ready, parsed: checked.parsed, call: { ...ready.call, arguments: decision.value } }
}

/** Runs a call whose turn went on without it, and tells what came of it. */
export async function runDecided({
  ready,
  input,
  place,
  decision,
}: {
  ready: ReadyCall
  input: LoopInput
  place: RunPlace
  decision: RequestOutcome
}): Promise<Json> {
  const { onDecision } = ready.entry.tool
  if (onDecision === undefined && !isGranted(decision)) return refusedOutcome(decision)
  const decided = isGranted(decision) ? await replaceArguments(ready, decision) : ready
  if ('error' in decided) return { status: 'failed', ...decided }
  // The turn is over: its signal and timer no longer count, the tool's own time does.
  const later: RunPlace = { ...place, signal: new AbortController().signal, turnTimer: undefined }
  if (onDecision === undefined) return await outcomeOf(decided, input, later)
  // The same call, with the decision in the place of the work: its time, its hooks and its output's schema hold.
  const tool: AnyTool = { ...decided.entry.tool, run: (parsed, context) => onDecision(decision, parsed, context) }
  return await outcomeOf({ ...decided, entry: { ...decided.entry, tool } }, input, later)
}

/** What the agent reads of a call that people did not let run, after its turn. */
export function refusedOutcome({ status, reason }: Exclude<RequestOutcome, Granted>): Json {
  return { status, ...(reason === undefined ? {} : { reason }) }
}

/**
 * Starts a tool whose result comes later; false where nothing outlives the turn.
 * @param key - by which a repetition of the call is known
 */
export function startInBackground(ready: ReadyCall, input: LoopInput, place: RunPlace, key: string): boolean {
  const { background, deliverOutcome, runningCalls } = input.services
  if (background === undefined || deliverOutcome === undefined) return false
  const end = runningCalls?.begin(key)
  background(async (signal) => {
    const progress = (text: string): void => input.services.progress(place.callId, place.name, text, true)
    const work = outcomeOf(ready, input, { ...place, progress, signal, turnTimer: undefined })
    const result = await work.finally(() => end?.())
    await deliverOutcome({ callId: place.callId, tool: place.name, result })
  })
  return true
}

async function outcomeOf(ready: ReadyCall, input: LoopInput, place: RunPlace): Promise<Json> {
  const ran = await runTool(ready.entry.tool, ready.parsed, place)
  const { value = null, error } = await finishCall(ran, ready, input)
  if (error !== undefined) return { status: 'failed', error: { code: error.code, message: error.message } }
  const shown = ready.entry.tool.sensitive ? REDACTED : withoutSecrets(value, place.secrets, REDACTED)
  return { status: 'completed', result: shown }
}
