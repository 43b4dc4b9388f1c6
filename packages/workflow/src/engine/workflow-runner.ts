import {
  ParleyError,
  type AgentRunner,
  type Json,
  type RunnerEvent,
  type RunnerRequest,
  type RunnerResult,
  type RunRecord,
} from '@parley/spec'
import { resolveContract } from '../contracts/resolve-contract.ts'
import type { Engine, WorkflowSource } from './engine.ts'
import type { RunResult } from './run-result.ts'

/** Options of `workflowRunner`. */
export interface WorkflowRunnerOptions {
  /** Names the runner. @default the name of the workflow */
  id?: string
  description?: string
}

/**
 * Makes a workflow answer as an agent: its turn is a run, started with the request's input. A request that was seen
 * before attaches to its run; an abort cancels it; what it spends fits the budget of the request.
 * @throws {ParleyError} from `run`: `document_unknown`
 */
export function workflowRunner(
  engine: Engine,
  workflow: WorkflowSource | string,
  { id, description }: WorkflowRunnerOptions = {},
): AgentRunner {
  const compiled = typeof workflow === 'string' ? undefined : 'compiled' in workflow ? workflow.compiled : workflow
  const { input, output } = compiled?.definition ?? {}
  const about = description ?? compiled?.definition.description
  return {
    id: id ?? (typeof workflow === 'string' ? workflow : (compiled?.definition.name ?? 'workflow')),
    kind: 'workflow',
    ...(about === undefined ? {} : { description: about }),
    ...(compiled === undefined || input === undefined ? {} : { input: resolveContract(input, compiled.contracts) }),
    ...(compiled === undefined || output === undefined ? {} : { output: resolveContract(output, compiled.contracts) }),
    async run(request, { signal, onEvent = () => {} }) {
      const run = await engine.start(workflow, request.input, { ...optionsOf(request), signal })
      onEvent({ type: 'started', runId: run.id, ...(request.roomId === undefined ? {} : { roomId: request.roomId }) })
      await follow(engine, run, onEvent)
      return toRunnerResult(await engine.result(run.id), request)
    },
  }
}

function optionsOf(request: RunnerRequest): NonNullable<Parameters<Engine['start']>[2]> {
  const { budget, idempotencyKey, organizationId, roomId, sessionId, taskId } = request
  return {
    within: budget,
    idempotencyKey,
    ...(organizationId === undefined ? {} : { tenantId: organizationId }),
    ...(roomId === undefined ? {} : { roomId }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(taskId === undefined ? {} : { taskId }),
  }
}

/** Follows a run to its end; while it waits, whoever called stays suspended. */
async function follow(engine: Engine, run: RunRecord, onEvent: (event: RunnerEvent) => void): Promise<void> {
  for await (const { type, data } of engine.events(run.id)) {
    if (type === 'step_delta' && isNewOutput(data)) onEvent({ type: 'textDelta', text: textOf(data['text']) })
    if (type === 'wait_created') {
      const waitId = data['wait_id']
      const requestId = typeof waitId === 'string' ? { requestId: waitId } : {}
      onEvent({ type: 'waiting', ...requestId, reason: textOf(data['kind']) })
    }
    if (type === 'run_paused') onEvent({ type: 'waiting', reason: textOf(data['reason']) })
  }
}

/** The whole text at the end has been told in pieces; steps of an agent are told apart besides the whole of it. */
function isNewOutput({ channel, final: isFinal, agent_step: agentStep }: { [key: string]: Json }): boolean {
  return channel === 'output' && isFinal !== true && agentStep === undefined
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function toRunnerResult(result: RunResult, { roomId }: RunnerRequest): RunnerResult {
  const common = {
    runId: result.runId,
    ...(roomId === undefined ? {} : { roomId }),
    usage: result.usage,
    costNanoUsd: result.totalCostNanoUsd,
  }
  if (result.status === 'completed' || result.status === 'partial') {
    const { output } = result
    const text = typeof output === 'string' ? { text: output } : {}
    return {
      status: 'completed',
      output,
      ...text,
      receiptIds: result.receipts.map(({ receiptId }) => receiptId),
      ...common,
    }
  }
  const { error } = result
  return {
    status: statusOf(result.status),
    error: new ParleyError({
      code: result.status === 'budget_exceeded' ? 'budget_exceeded' : 'step_failed',
      message: error?.message ?? `The workflow ended as ${result.status}.`,
      details: { runId: result.runId, ...(error === undefined ? {} : { cause: error.code }) },
    }),
    ...common,
  }
}

function statusOf(status: RunResult['status']): 'failed' | 'cancelled' | 'budgetExceeded' {
  if (status === 'cancelled') return 'cancelled'
  return status === 'budget_exceeded' ? 'budgetExceeded' : 'failed'
}
