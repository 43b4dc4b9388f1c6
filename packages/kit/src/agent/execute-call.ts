import {
  REDACTED,
  toParleyError,
  type AnyTool,
  type Json,
  type ToolCallPart,
  type ToolCallRecord,
  type ToolResultPart,
} from '@parley/spec'
import type { SyncOutcome } from '../hooks/hook-engine.ts'
import type { HookMap } from '../hooks/hook-map.ts'
import type { ToolSet } from '../tools/tool-set.ts'
import { askColleagues } from './ask-colleagues.ts'
import { askPeople, startInBackground } from './ask-people.ts'
import { canonicalJson } from './canonical-json.ts'
import { orYield } from './or-yield.ts'
import { checkArguments, refuse, type Refusal } from './check-arguments.ts'
import type { LoopEvent } from './loop-event.ts'
import type { LoopInput } from './loop-input.ts'
import type { LoopState } from './loop-state.ts'
import { HANDOFF_TOOL_NAME, shownHandoffArguments, shownHandoffResult } from './shown-handoff.ts'
import { finishCall, runTool, type ReadyCall, type RunPlace } from './run-tool.ts'
import { callError, cutResult, resultText, thrownError, withoutSecrets, type CallValue } from './tool-results.ts'
import { createToolContext } from './tool-context.ts'
import { untilAborted } from './until-aborted.ts'
import { utf8Bytes } from './token-estimate.ts'

/** Results of these are read whole. */
const uncutTools = new Set(['read_stored_result', 'activate_skill'])

/** Where calls of one step run. */
export interface CallEnvironment {
  input: LoopInput
  state: LoopState
  tools: ToolSet
  emit(event: LoopEvent): void
}

/** One call of a model, executed or refused. */
export interface ExecutedCall {
  call: ToolCallPart
  part: ToolResultPart
  record: ToolCallRecord
  /** What it does to the turn. */
  ends?: 'handedOff' | 'endsTurn'
}

/**
 * Executes one call: declared, arguments, policy, `beforeToolUse`, people, run, `onToolCall`, output. Whatever goes wrong
 * is a result; it never rejects.
 * @param position - of the call in its turn, from 0; makes the idempotency key
 */
export async function executeCall(
  environment: CallEnvironment,
  call: ToolCallPart,
  position: number,
  refusal?: CallValue,
): Promise<ExecutedCall> {
  const { input, state, tools, emit } = environment
  const { clock, turnId } = input.context
  const startedMs = clock.monotonicMs()
  const args = parseArguments(call.arguments)
  const isSensitive = tools.get(call.name)?.tool.sensitive ?? false
  const isHandoff = call.name === HANDOFF_TOOL_NAME
  const masked = isHandoff ? shownHandoffArguments(args) : REDACTED
  const shown = isSensitive ? masked : (args ?? call.arguments)
  const started: ToolCallRecord = { callId: call.callId, name: call.name, arguments: shown }
  emit({ type: 'toolCallStarted', call: started })

  const own = new AbortController()
  const place: RunPlace = {
    input,
    callId: call.callId,
    name: call.name,
    idempotencyKey: `${turnId}:${position}`,
    signal: own.signal,
    turnTimer: state.timer,
    progress(text) {
      input.services.progress(call.callId, call.name, text)
      emit({ type: 'toolProgress', callId: call.callId, name: call.name, text })
    },
    secrets: [],
  }
  const running = (): Promise<CallValue> =>
    perform(environment, call, args, place).catch((thrown: unknown) => unexpected(input, call.name, own.signal, thrown))
  const isCancelled = tools.get(call.name)?.tool.cancelOnInterrupt === true
  const result =
    refusal ??
    (input.services.yielded?.aborted === true ? cutOff(call.name) : undefined) ??
    (await orYield({
      running,
      own,
      turn: state.signal,
      services: input.services,
      call,
      onYield: isHandoff ? 'isAwaited' : isCancelled ? 'stops' : 'goesOn',
      shown: (value) => (isSensitive ? REDACTED : withoutSecrets(value, place.secrets, REDACTED)),
    }))
  const open = withoutSecrets(result.value ?? null, place.secrets, REDACTED)
  const value: CallValue = result.error === undefined ? { ...result, value: open } : result

  const durationMs = clock.monotonicMs() - startedMs
  const text = await modelText(environment, call.name, value, isSensitive)
  const error = value.error === undefined ? undefined : { code: value.error.code, message: value.error.message }
  const record: ToolCallRecord = {
    ...started,
    durationMs,
    ...(error === undefined
      ? { result: isSensitive ? (isHandoff ? shownHandoffResult(open) : REDACTED) : shownResult(open, text) }
      : { error }),
  }
  state.calls.push({ callId: call.callId, name: call.name, durationMs, ...(error === undefined ? {} : { error }) })
  if (error !== undefined) {
    await input.services.receipt('tool', {
      callId: call.callId,
      name: call.name,
      code: error.code,
      message: error.message,
    })
  }
  emit({ type: 'toolCallEnded', call: record })
  const part: ToolResultPart = {
    callId: call.callId,
    name: call.name,
    content: value.media === undefined ? text : [{ type: 'text', text }, ...value.media],
    ...(error === undefined ? {} : { isError: true }),
  }
  const ends = endOfTurn(environment, call.name, value)
  return { call, part, record, ...(ends === undefined ? {} : { ends }) }
}

async function perform(
  { input, state, tools, emit }: CallEnvironment,
  call: ToolCallPart,
  args: Json | undefined,
  place: RunPlace,
): Promise<CallValue> {
  const { runningCalls, isSpoken, speculation } = input.services
  const key = callKey(call, args)
  // Looked at before anything is waited for: the second of two equal calls of one step finds the first.
  const isRepeated = isSpoken === true && (state.answeredCalls.has(key) || runningCalls?.isRunning(key) === true)
  // What runs on a guess is no reason to refuse the real thing.
  const isCertain = speculation === undefined || speculation.isAdopted
  const end = isCertain ? runningCalls?.begin(key) : undefined
  try {
    const result = await run({ input, state, tools, emit }, call, args, { place, key, isRepeated })
    if (result.error === undefined) state.answeredCalls.add(key)
    return result
  } finally {
    end?.()
  }
}

async function run(
  { input, state, tools }: CallEnvironment,
  call: ToolCallPart,
  args: Json | undefined,
  { place, key, isRepeated }: { place: RunPlace; key: string; isRepeated: boolean },
): Promise<CallValue> {
  const { name } = call
  const verdict = state.guards.countCall(name, args === undefined ? call.arguments : canonicalJson(args))
  if (verdict === 'forceAnswer') state.mustAnswer = true
  if (verdict !== 'run')
    return callError('tool_repeated_call', `${name} was called like this before. Use the result you have.`)

  const entry = tools.get(name)
  if (entry === undefined) {
    const near = tools.near(name)
    const hint = near.length === 0 ? 'Use only the tools you were given.' : `Did you mean ${near.join(' or ')}?`
    return callError('tool_unknown', `There is no tool "${name}". ${hint}`)
  }
  await untilCertain(entry.tool, input, state)
  const onDuplicate = isRepeated ? (entry.tool.onDuplicate ?? 'reject') : 'allow'
  if (onDuplicate === 'reject') {
    const message = `${name} was called like this already. Do not call it again; its result is here or comes by itself.`
    return callError('tool_repeated_call', message)
  }
  const ready = await prepare(entry, call, args, input)
  if ('error' in ready) return ready
  state.loadedTools.add(name)

  const refused = await askPeople({ ready, input, state, place, mustConfirm: onDuplicate === 'confirm' })
  if (refused !== undefined) return refused
  if (entry.tool.background && startInBackground(ready, input, place, key)) return { value: { status: 'started' } }
  tellSpeculation(ready, input, place)
  const asking: RunPlace = { ...place, askColleagues: askColleagues(ready, input, place) }
  const result = await finishCall(await runTool(entry.tool, ready.parsed, asking), ready, input)
  if (entry.origin === 'source') state.isTainted = true
  return result
}

/** Before the person's turn is certain only what has no effect runs; the rest waits for it. */
async function untilCertain(tool: AnyTool, { services }: LoopInput, { signal }: LoopState): Promise<void> {
  const { speculation } = services
  if (speculation === undefined || speculation.isAdopted) return
  if (tool.effect === 'pure' && !tool.background && !tool.confirm && tool.approval === false) return
  await untilAborted(speculation.adopted, signal)
}

/** A tool that runs early is told what came of it. */
function tellSpeculation({ entry, parsed }: ReadyCall, input: LoopInput, place: RunPlace): void {
  const { speculation } = input.services
  const { onSpeculation } = entry.tool
  if (onSpeculation === undefined || speculation === undefined || speculation.isAdopted) return
  const context = createToolContext({ ...place, timers: [] })
  const tell = async (told: (typeof onSpeculation)['commit']): Promise<void> => {
    try {
      // The tool's own schema parsed the input.
      await told?.(parsed as never, context)
    } catch (thrown) {
      input.services.reportError(thrown, 'tool')
    }
  }
  speculation.ran({
    commit: () => void tell(onSpeculation.commit?.bind(onSpeculation)),
    abort: () => void tell(onSpeculation.abort?.bind(onSpeculation)),
  })
}

/** The same tool with the same arguments, however they are written. */
function callKey({ name, arguments: text }: ToolCallPart, args: Json | undefined): string {
  return `${name}\n${args === undefined ? text : canonicalJson(args)}`
}

/** A call that had not begun when the person cut in is not wanted as it is. */
function cutOff(name: string): CallValue {
  return callError('tool_failed', `${name} was not run, because the person spoke. Call it again if it is still wanted.`)
}

/** Checks arguments, permission and hook; hooks may rewrite the arguments, which are checked again then. */
async function prepare(
  entry: ReadyCall['entry'],
  { callId, name, arguments: text }: ToolCallPart,
  args: Json | undefined,
  { limits, services, context, faultOf }: LoopInput,
): Promise<ReadyCall | Refusal> {
  if (utf8Bytes(text) > limits.argumentBytes) {
    return refuse('tool_arguments_invalid', `Arguments of ${name} are larger than ${limits.argumentBytes} bytes.`)
  }
  if (args === undefined) return refuse('tool_arguments_invalid', `Arguments of ${name} are not a JSON object.`)
  const fault = faultOf?.(callId)
  if (fault !== undefined) return refuse('tool_arguments_invalid', `${name} was not run: ${fault}`)
  const first = await checkArguments(entry, args)
  if ('error' in first) return first
  if (!entry.isAllowed) return refuse('tool_not_allowed', `${name} may not be used here.`)
  const call = { callId, name, arguments: args }
  const hooked = await askHooks({ call, tool: entry.tool.name, context }, services)
  if (hooked === undefined) return refuse('tool_denied', `${name} was denied, because it could not be checked.`)
  if (hooked.blocked !== undefined) {
    return refuse('tool_denied', hooked.blocked.message ?? `${name} was denied.`)
  }
  if (hooked.modifiedBy.length === 0) return { entry, parsed: first.parsed, call }
  const rewritten = { ...call, arguments: hooked.payload.call.arguments }
  const second = await checkArguments(entry, rewritten.arguments)
  return 'error' in second ? second : { entry, parsed: second.parsed, call: rewritten }
}

async function askHooks(
  payload: HookMap['beforeToolUse']['payload'],
  services: LoopInput['services'],
): Promise<SyncOutcome<'beforeToolUse'> | undefined> {
  try {
    return await services.runHook('beforeToolUse', payload)
  } catch (thrown) {
    // A turn that was ended is no fault of its hooks.
    if (!payload.context.signal.aborted) services.reportError(thrown, 'tool')
    return undefined // the call is denied
  }
}

/** The result as the model reads it: large ones as head and mark, repeated ones with a word about it. */
async function modelText(
  { input, state }: CallEnvironment,
  name: string,
  value: CallValue,
  isSensitive: boolean,
): Promise<string> {
  const whole = resultText(value)
  let text = whole
  if (utf8Bytes(whole) > input.limits.resultBytes && !uncutTools.has(name)) {
    const resultId = isSensitive ? undefined : await input.services.storeResult(name, whole)
    if (resultId !== undefined) state.hasStoredResults = true
    text = cutResult(whole, input.limits.resultBytes, resultId)
  }
  if (!state.guards.countResult(name, whole)) return text
  return `${text}\n[Note: ${name} keeps giving this same result. Calling it again will not help.]`
}

function endOfTurn({ tools }: CallEnvironment, name: string, { value, error }: CallValue): ExecutedCall['ends'] {
  if (error !== undefined) return undefined
  const isAccepted = typeof value === 'object' && value !== null && 'accepted' in value && value['accepted'] === true
  if (name === HANDOFF_TOOL_NAME) return isAccepted ? 'handedOff' : undefined
  return tools.get(name)?.tool.endsTurn === true ? 'endsTurn' : undefined
}

/** The log keeps what the model read, not the whole of a large result. */
function shownResult(value: Json, text: string): Json {
  return typeof value === 'string' || utf8Bytes(JSON.stringify(value)) > utf8Bytes(text) ? text : value
}

function parseArguments(text: string): Json | undefined {
  if (text.trim() === '') return {}
  try {
    // JSON.parse gives JSON and nothing else.
    const parsed = JSON.parse(text) as Json
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : undefined
  } catch {
    return undefined // not JSON: the caller tells the model
  }
}

function unexpected({ services }: LoopInput, name: string, signal: AbortSignal, thrown: unknown): CallValue {
  // A turn that was ended is no fault of its tools.
  if (signal.aborted) return callError('tool_failed', `${name} was stopped because the turn ended.`)
  services.reportError(thrown, 'tool')
  return thrownError(toParleyError(thrown, { code: 'tool_failed', message: 'The call could not be carried out.' }))
}
