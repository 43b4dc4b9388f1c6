import {
  ParleyError,
  toParleyError,
  type ChatMessage,
  type ChatRequest,
  type ChatResult,
  type Json,
  type TurnEnd,
} from '@parley/spec'
import { createCatalogue, type ToolCatalogue } from '../tools/tool-search.ts'
import { readStoredResult } from '../tools/read-stored-result.ts'
import { resolveTools } from '../tools/tool-set.ts'
import type { ExecutedCall } from './execute-call.ts'
import { executeCalls } from './execute-calls.ts'
import { createLoopGuards } from './loop-guards.ts'
import type { LoopEvent, LoopOutcome } from './loop-event.ts'
import type { LoopInput } from './loop-input.ts'
import type { LoopState } from './loop-state.ts'
import { madeReal } from './made-real.ts'
import { askModel } from './model-step.ts'
import { parseOutput } from './parse-output.ts'
import { follow } from './follow-signal.ts'
import { createPausableTimer } from './pausable-timer.ts'
import { buildSystemPrompt, promptTokens, type PromptTexts } from './system-prompt.ts'

const ANSWER_NOW = '[No more tools can be used in this turn. Answer now, in plain words, with what you know.]'

/** Why signals of a turn are aborted once it has ended; made once, as an error of its own costs more than a step. */
const turnOver = new Error('The turn has ended.')

type Ending = Partial<LoopOutcome> & { end: TurnEnd }

/** The loop of one turn: model calls and their tools until there is an answer. Always ends with one `end`. */
export async function* runLoop(input: LoopInput): AsyncGenerator<LoopEvent, void, void> {
  const own = new AbortController()
  const unfollow = follow(own, input.context.signal)
  const timer = createPausableTimer(input.context.clock, input.limits.turnTimeoutMs, () =>
    own.abort(turnTooLong(input)),
  )
  const state: LoopState = {
    signal: own.signal,
    timer,
    guards: createLoopGuards(input.limits),
    messages: [...input.messages],
    instructions: [],
    step: 0,
    callCount: 0,
    loadedTools: new Set(),
    describedTools: new Set(),
    isTainted: input.isTainted,
    hasStoredResults: input.messages.some(hasCutResult),
    answeredCalls: new Set(),
    mustAnswer: false,
    text: '',
    steps: [],
    calls: [],
    usage: { inputTokens: 0, outputTokens: 0 },
    costNanoUsd: 0,
  }
  let ending: Ending | undefined
  try {
    ending = yield* takeSteps(input, state)
  } catch (thrown) {
    ending = endOfThrown(input, own.signal, thrown)
  } finally {
    timer.dispose()
    unfollow()
    // Ends whatever still runs: tools, or the model when the reader leaves early.
    if (ending === undefined || state.callCount > 0) own.abort(turnOver)
  }
  yield { type: 'end', outcome: toOutcome(input, state, ending) }
}

async function* takeSteps(input: LoopInput, state: LoopState): AsyncGenerator<LoopEvent, Ending, void> {
  const { services, context, limits, output } = input
  let retries = 1
  for (state.step = 1; ; state.step++) {
    state.signal.throwIfAborted()
    takeSteering(input, state)
    yield { type: 'stepStarted', step: state.step }
    const isLast = state.step >= limits.maxSteps || state.mustAnswer
    const catalogue = await describeTools(input, state, isLast)
    const request = buildRequest(input, state, catalogue, isLast)
    const answer = yield* askModel(input, state, request, output !== undefined)
    if (!answer.ok) return answer
    const result = isLast ? answer.result : await madeReal(input, catalogue, answer.result)
    const calls = isLast ? [] : result.toolCalls
    state.text += result.text
    services.fire('onModelResponse', {
      context,
      text: result.text,
      toolCalls: calls.map(({ name }) => name),
      model: input.model.id,
    })
    const executed = result.reason === 'length' ? [] : yield* executeCalls(input, state, catalogue.tools, calls)
    const record = {
      step: state.step,
      instructions: result.text,
      toolCalls: executed.map((call) => call.record),
      usage: result.usage,
      costNanoUsd: answer.costNanoUsd,
      ...(input.debug ? { request: answer.request } : {}),
    }
    state.steps.push(record)
    yield { type: 'stepEnded', record }
    if (result.reason === 'length') return { end: 'failed', error: truncated(input) }
    remember(state, result, executed)
    if (executed.length > 0) {
      const end = endOfCalls(executed)
      if (end !== undefined) return { end }
      if (services.yielded?.aborted === true) return { end: 'interrupted' }
      continue
    }
    if (output !== undefined && result.text.trim() !== '') {
      const parsed = await parseOutput(result.text, output.contract)
      if (parsed.ok) return { end: 'completed', value: parsed.value }
      if (retries-- <= 0) return { end: 'failed', error: invalidOutput(parsed.violations) }
      state.messages.push({ role: 'user', content: repairNote(parsed.violations) })
      continue
    }
    if (result.text.trim() === '') {
      if (input.mayBeSilent !== true && retries-- > 0 && state.step < limits.maxSteps) continue
      return { end: state.text.trim() === '' || output !== undefined ? 'empty' : 'completed' }
    }
    // What was injected while the answer was made has not been read yet.
    if (isLast || !takeSteering(input, state)) return { end: 'completed' }
  }
}

/** Whether an earlier turn left a result to be read on. */
function hasCutResult(message: ChatMessage): boolean {
  const isCut = ({ content }: { content: unknown }): boolean =>
    typeof content === 'string' && content.includes('read_stored_result')
  return message.role === 'tool' && message.results.some(isCut)
}

/** Reads what came in from outside; true when the model has something new to read. */
function takeSteering({ services }: LoopInput, state: LoopState): boolean {
  let hasNews = false
  for (const steering of services.takeSteering()) {
    if (steering.type === 'instruct') {
      state.instructions.push(steering.text)
      continue
    }
    hasNews = true
    state.messages.push({ role: 'user', content: steering.text })
  }
  return hasNews
}

async function describeTools(input: LoopInput, state: LoopState, isLast: boolean): Promise<ToolCatalogue> {
  const builtins = state.hasStoredResults ? [readStoredResult((id) => input.services.readResult(id))] : []
  const sources = [...input.sources, { id: 'parley', origin: 'builtin' as const, tools: () => builtins }]
  const tools = await resolveTools(input, isLast ? [] : sources, state.signal)
  const catalogue = createCatalogue(tools, input, state)
  for (const { name } of catalogue.described) state.describedTools.add(name)
  return catalogue
}

function buildRequest(
  input: LoopInput,
  state: LoopState,
  { described, note }: ToolCatalogue,
  isLast: boolean,
): ChatRequest {
  const system = buildSystemPrompt(promptTexts(input, state, note))
  const isToolless = isLast && state.steps.some(({ toolCalls }) => toolCalls.length > 0)
  const messages: ChatMessage[] = isToolless
    ? [...state.messages, { role: 'user', content: ANSWER_NOW }]
    : [...state.messages]
  const { output, limits, model } = input
  return {
    maxOutputTokens: Math.min(limits.maxOutputTokens, model.card.maxOutputTokens),
    ...input.generation,
    ...(system === undefined ? {} : { system }),
    messages,
    ...(described.length === 0 ? {} : { tools: described }),
    ...(output === undefined ? {} : { output: { name: 'answer', schema: output.schema } }),
  }
}

function promptTexts(input: LoopInput, state: LoopState, note: string | undefined): PromptTexts {
  const texts = input.promptTexts()
  const tools = [texts.tools, note].filter(Boolean).join('\n\n')
  return { ...texts, tools, instructions: state.instructions.join('\n\n') }
}

function remember(state: LoopState, { text, reasoning }: ChatResult, executed: readonly ExecutedCall[]): void {
  if (text === '' && executed.length === 0) return
  state.messages.push({
    role: 'assistant',
    content: text,
    ...(executed.length === 0 ? {} : { toolCalls: executed.map(({ call }) => call) }),
    ...(reasoning === undefined ? {} : { reasoning }),
  })
  if (executed.length > 0) state.messages.push({ role: 'tool', results: executed.map(({ part }) => part) })
}

function endOfCalls(executed: readonly ExecutedCall[]): TurnEnd | undefined {
  if (executed.some(({ ends }) => ends === 'handedOff')) return 'handedOff'
  return executed.some(({ ends }) => ends === 'endsTurn') ? 'completed' : undefined
}

function endOfThrown(input: LoopInput, own: AbortSignal, thrown: unknown): Ending {
  if (input.context.signal.aborted) return { end: 'aborted' }
  const error = toParleyError(thrown, {
    code: 'internal_error',
    message: 'The turn could not go on. The error that is its cause tells more.',
  })
  return { end: own.aborted ? 'timeout' : 'failed', error }
}

function toOutcome(input: LoopInput, state: LoopState, ending: Ending): LoopOutcome {
  const { limits, model, policy, allowedTools } = input
  return {
    text: state.text,
    steps: state.steps,
    calls: state.calls,
    usage: state.usage,
    costNanoUsd: state.costNanoUsd,
    hitMaxSteps: state.step >= limits.maxSteps && state.steps.some(({ toolCalls }) => toolCalls.length > 0),
    effective: {
      model: model.id,
      tools: [...state.describedTools].sort(),
      limits: { ...limits },
      prompt: promptTokens(promptTexts(input, state, undefined)),
      ...(policy === undefined ? {} : { policy: JSON.parse(JSON.stringify(policy)) as Json }),
      ...(allowedTools === undefined ? {} : { allowedTools: [...allowedTools] }),
    },
    ...ending,
  }
}

function repairNote(violations: readonly { path: string; message: string }[]): string {
  const faults = violations.map(({ path, message }) => `- ${path === '' ? 'answer' : path}: ${message}`)
  return `[Your answer does not have the shape that is needed. Give the whole answer again.]\n${faults.join('\n')}`
}

function invalidOutput(violations: readonly { path: string }[]): ParleyError {
  return new ParleyError({
    code: 'agent_output_invalid',
    message:
      'The answer of the agent does not fit its declared output, also after one repair. Ask again, or declare an output that is easier to give.',
    details: { paths: violations.map(({ path }) => path) },
  })
}

function truncated({ model }: LoopInput): ParleyError {
  return new ParleyError({
    code: 'model_output_truncated',
    message: `The answer of "${model.id}" was cut at its length limit. Raise maxOutputTokens, or ask for less.`,
    details: { model: model.id },
  })
}

function turnTooLong({ limits, context }: LoopInput): ParleyError {
  return new ParleyError({
    code: 'model_timeout',
    message: `The turn took longer than ${limits.turnTimeoutMs} ms and was ended. Ask for less, or raise the agent's turnTimeoutMs.`,
    details: { turnId: context.turnId, turnTimeoutMs: limits.turnTimeoutMs },
    retryable: false,
  })
}
