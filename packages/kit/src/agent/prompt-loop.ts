import {
  narrowGlobs,
  toJsonSchema,
  type ChatMessage,
  type ChatModel,
  type Contract,
  type TurnContext,
} from '@parley/spec'
import { messageTokens } from './token-estimate.ts'
import { newestWithin } from '../memory/message-units.ts'
import { resolveAgentLimits } from './agent-limits.ts'
import type { AgentOptions, SortedTools } from './agent-options.ts'
import { agentSources } from './agent-sources.ts'
import type { LoopOutcome } from './loop-event.ts'
import type { LoopInput, LoopServices } from './loop-input.ts'
import { createPlan } from './plan.ts'
import type { AgentEvent, PromptOptions, PromptResult, StopReason } from './prompt-options.ts'
import { runLoop } from './tool-loop.ts'
import { withToolProtocol } from './tool-protocol.ts'

const TASK_PLACE = /\{\{\s*task\s*\}\}/

export interface PromptLoop {
  task: string
  prompt: PromptOptions
  model: ChatModel
  options: AgentOptions
  tools: SortedTools
  identity: string | null
  context: TurnContext
  services: LoopServices
}

/** A task outside a room: the same loop, with its events as `stream` gives them. */
export async function* streamPrompt(loop: PromptLoop): AsyncGenerator<AgentEvent, void, void> {
  const { onStep } = loop.options
  const input = await promptLoopInput(loop)
  for await (const event of runLoop(input)) {
    if (event.type === 'stepEnded') onStep?.(event.record)
    if (event.type !== 'end') {
      yield event.type === 'thinkingDelta' && input.faultOf !== undefined
        ? { type: 'instructionsDelta', text: event.text }
        : event
      continue
    }
    const result = toResult(event.outcome, loop.prompt.output)
    if (result.output !== null) yield { type: 'output', output: result.output }
    const { error, end } = event.outcome
    const isFailure = error !== undefined && (end === 'failed' || end === 'timeout')
    yield { type: 'end', result, ...(isFailure ? { error } : {}) }
  }
}

async function promptLoopInput(loop: PromptLoop): Promise<LoopInput> {
  const { task, prompt, model, options, tools, identity, context, services } = loop
  const { maxSteps } = prompt
  const limits = resolveAgentLimits({ maxSteps: 10 }, options.limits, maxSteps === undefined ? undefined : { maxSteps })
  const base = await render(options, options.systemPrompt)
  const skills = await options.skills?.open(context)
  const plan = options.planning === true ? createPlan(() => {}) : undefined
  const asked: ChatMessage = { role: 'user', content: await taskText(options, task, prompt.inputs) }
  const historyTokens = Math.max(0, Math.floor(model.card.contextTokens / 2) - messageTokens(asked))
  const history = newestWithin(prompt.history ?? [], historyTokens, (message) => messageTokens(message))
  const { output: contract = options.output } = prompt
  return {
    ...withToolProtocol(model, options, prompt.inputs),
    context,
    services,
    promptTexts: () => ({
      base,
      skills: skills?.promptText(),
      plan: plan?.promptText(),
      tools: options.toolNotes,
      identity,
    }),
    messages: [...history, asked],
    sources: agentSources(options, tools, { context, skills, planTool: plan?.tool }),
    policy: options.policy,
    allowedTools: narrowGlobs(options.allowedTools, prompt.allowedTools),
    pinnedTools: options.pinnedTools ?? [],
    limits,
    generation: options.generation ?? {},
    ...(contract === undefined ? {} : { output: { contract, schema: outputSchema(contract, loop) } }),
    approvalMode: 'suspend',
    isTainted: false,
    purpose: 'step',
    debug: options.debug ?? false,
  }
}

function outputSchema(contract: Contract, { prompt, options }: PromptLoop): ReturnType<typeof toJsonSchema> {
  return toJsonSchema(
    contract,
    prompt.outputJsonSchema ?? (prompt.output === undefined ? options.outputJsonSchema : undefined),
  )
}

async function taskText(options: AgentOptions, task: string, inputs: PromptOptions['inputs']): Promise<string> {
  const { promptTemplate } = options
  // The task is put in after rendering: what a user wrote is never a template.
  const parts = promptTemplate === undefined ? ['', ''] : promptTemplate.split(TASK_PLACE)
  const rendered = await Promise.all(parts.map((part) => render(options, part)))
  const text = rendered.length === 1 ? `${rendered[0]}\n\n${task}` : rendered.join(task)
  return inputs === undefined ? text : `${text}\n\nInputs:\n${JSON.stringify(inputs)}`
}

async function render({ runContext }: AgentOptions, text: string | undefined): Promise<string | undefined> {
  return text === undefined || text === '' || runContext === undefined ? text : await runContext.renderPrompt(text)
}

function toResult(outcome: LoopOutcome, contract: Contract | undefined): PromptResult {
  const { steps, usage, costNanoUsd, value } = outcome
  const text = contract === undefined && outcome.text.trim() !== '' ? outcome.text : null
  const output = value === undefined ? (lastText(outcome) ?? text) : value
  return {
    output: contract === undefined || value !== undefined ? (output as PromptResult['output']) : null,
    steps,
    stopped: stopReason(outcome),
    usage,
    costNanoUsd,
    costUsd: costNanoUsd === null ? null : costNanoUsd / 1e9,
    receiptIds: [],
  }
}

/** The answer proper: what was said last, not what was said on the way to it. */
function lastText({ steps }: LoopOutcome): string | undefined {
  return steps.findLast(({ instructions }) => instructions.trim() !== '')?.instructions
}

function stopReason({ end, hitMaxSteps, value, text }: LoopOutcome): StopReason {
  if (end === 'budgetExceeded') return 'budgetExceeded'
  if (end === 'aborted') return 'cancelled'
  if (hitMaxSteps) return 'maxSteps'
  return end === 'empty' || (value === undefined && text.trim() === '') ? 'empty' : 'output'
}
