import {
  checkContract,
  ParleyError,
  toParleyError,
  type AgentRunner,
  type Json,
  type RunnerEvent,
  type RunnerRequest,
  type RunnerResult,
} from '@parley/spec'
import type { Agent } from './agent.ts'
import { toJson } from './canonical-json.ts'
import type { PromptResult } from './prompt-options.ts'

/** Results that repeated calls may still attach to. */
const MAX_REMEMBERED = 1_000

/**
 * An agent as a runner: a piece of work given by a workflow, done by `agent.run`. A key seen before attaches to that run
 * and gives its result.
 * @throws {ParleyError} `agent_no_model` for an agent that cannot generate
 */
export function agentRunner(agent: Agent): AgentRunner {
  if (agent.model === undefined) {
    throw new ParleyError({
      code: 'agent_no_model',
      message: `Agent ${agent.channelId} has no model and cannot run. Give it one with the option "model".`,
      details: { agentId: agent.channelId },
    })
  }
  const runs = new Map<string, Promise<RunnerResult>>()
  const { purpose, options } = agent
  return {
    id: agent.channelId,
    kind: 'agent',
    ...(purpose === undefined ? {} : { description: purpose }),
    ...(options.output === undefined ? {} : { output: options.output }),
    async run(request, { signal, onEvent }) {
      const known = runs.get(request.idempotencyKey)
      if (known !== undefined) return await known
      onEvent?.({ type: 'started' })
      const running = runOnce(agent, request, signal, (event) => onEvent?.(event))
      runs.set(request.idempotencyKey, running)
      const oldest = runs.keys().next()
      if (runs.size > MAX_REMEMBERED && oldest.done !== true) runs.delete(oldest.value)
      return await running
    },
  }
}

async function runOnce(
  agent: Agent,
  request: RunnerRequest,
  signal: AbortSignal,
  onEvent: (event: RunnerEvent) => void,
): Promise<RunnerResult> {
  const { output, maxSteps, allowedTools, budget, idempotencyKey, language, sessionId, taskId } = request
  const options = {
    signal,
    budget,
    turnId: idempotencyKey,
    ...(output === undefined ? {} : { output }),
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(allowedTools === undefined ? {} : { allowedTools }),
    ...(language === undefined ? {} : { language }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(taskId === undefined ? {} : { taskId }),
  }
  try {
    for await (const event of agent.stream(taskOf(request), options)) {
      switch (event.type) {
        case 'textDelta':
        case 'thinkingDelta':
        case 'instructionsDelta':
        case 'stepStarted':
          onEvent(event)
          break
        case 'end':
          if (event.error !== undefined) return failed('failed', event.error, event.result)
          return await toRunnerResult(event.result, request)
        default:
        // Calls of tools are told to the hooks of the agent.
      }
    }
    throw new ParleyError({
      code: 'internal_error',
      message: `The run of agent ${agent.channelId} ended without a result. Start it again.`,
    })
  } catch (thrown) {
    const error = toParleyError(thrown, {
      code: 'internal_error',
      message: `The run of agent ${agent.channelId} failed. The error that is its cause tells more.`,
    })
    return failed(signal.aborted ? 'cancelled' : 'failed', error)
  }
}

async function toRunnerResult(result: PromptResult, request: RunnerRequest): Promise<RunnerResult> {
  const { stopped, output } = result
  if (stopped === 'cancelled') return failed('cancelled', stop('internal_error', 'The run was cancelled.'), result)
  if (stopped === 'budgetExceeded')
    return failed('budgetExceeded', stop('budget_exceeded', 'The budget of the run is used up.'), result)
  const value = toJson(output) ?? null
  if (request.output !== undefined && !(await checkContract(request.output, value)).ok) {
    return failed('failed', stop('agent_output_invalid', 'The agent gave no output of the shape asked for.'), result)
  }
  const { usage, costNanoUsd, receiptIds } = result
  return {
    status: 'completed',
    output: value,
    ...(typeof output === 'string' ? { text: output } : {}),
    usage,
    costNanoUsd,
    receiptIds,
  }
}

function failed(
  status: Exclude<RunnerResult['status'], 'completed'>,
  error: ParleyError,
  result?: PromptResult,
): RunnerResult {
  const usage = result?.usage ?? { inputTokens: 0, outputTokens: 0 }
  const output = toJson(result?.output) ?? null
  return {
    status,
    error,
    usage,
    costNanoUsd: result === undefined ? null : result.costNanoUsd,
    ...(output === null ? {} : { output }),
  }
}

function taskOf({ prompt, input }: RunnerRequest): string {
  const value: Json = input
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (prompt === undefined || prompt === text) return text
  return value === null ? prompt : `${prompt}\n\nInput:\n${text}`
}

function stop(code: 'internal_error' | 'budget_exceeded' | 'agent_output_invalid', message: string): ParleyError {
  return new ParleyError({ code, message })
}
