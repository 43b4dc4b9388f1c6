import {
  createRedactor,
  toUsd,
  type AttemptRecord,
  type Json,
  type ModelReceipt,
  type RunError,
  type RunRecord,
  type RunStatus,
  type SkipReason,
  type StepRunRecord,
  type StepStatus,
  type Usage,
  type WaitRecord,
} from '@parley/spec'
import { costOfReceipt } from './model-calls.ts'
import { pathOfKey } from './region-prefix.ts'

/** What one step of a run gave. */
export interface StepResult {
  status: StepStatus
  output: Json
  skip?: SkipReason
  attempts: AttemptRecord[]
  /** Of a foreach, by index. */
  items?: { status: StepStatus; output: Json; skip?: SkipReason; error?: RunError }[]
  startSeq: number
  durationMs: number
  /** `null`: the price of a call is not known. */
  costUsd: number | null
  modelId?: string
  receiptIds: string[]
  error?: RunError
}

/** How a run ended, or where it stands when it is put aside. */
export interface RunResult {
  runId: string
  taskId: string
  status: RunStatus
  /** What the workflow gives. `null` until it has. */
  output: Json
  outputs: { [key: string]: Json }
  /** With what looks like a secret masked. */
  state: { [key: string]: Json }
  steps: { [id: string]: StepResult }
  error?: RunError
  /** Open waits, of a run that stands still for them. */
  waits: WaitRecord[]
  /** `null`: the price of a call is not known. */
  totalCostUsd: number | null
  /** The same in whole billionths. */
  totalCostNanoUsd: number | null
  /** Sum over the calls of models. */
  totalLatencyMs: number
  usage: Usage
  receipts: ModelReceipt[]
  definitionHash: string
}

/** All that a result is made of. */
export interface ResultSources {
  run: RunRecord
  stepRuns: Iterable<StepRunRecord>
  attempts: Iterable<AttemptRecord>
  state: () => { [key: string]: Json }
  waits: Iterable<WaitRecord>
  receipts: readonly ModelReceipt[]
  sensitiveKeys: readonly string[]
}

/** Makes the result of a run. What costs time is made when it is first asked for. */
export function toRunResult({
  run,
  stepRuns,
  attempts,
  state,
  waits,
  receipts,
  sensitiveKeys,
}: ResultSources): RunResult {
  let steps: RunResult['steps'] | undefined
  let safeState: RunResult['state'] | undefined
  const totalCostNanoUsd = receipts.reduce<number | null>((sum, receipt) => add(sum, costOfReceipt(receipt)), 0)
  return {
    runId: run.id,
    taskId: run.taskId,
    status: run.status,
    output: run.output ?? null,
    outputs: run.outputs ?? {},
    get state() {
      safeState ??= createRedactor({ sensitiveKeys: [...sensitiveKeys] }).value(state()) as { [key: string]: Json } // of an object, an object
      return safeState
    },
    get steps() {
      steps ??= stepResults(stepRuns, attempts)
      return steps
    },
    ...(run.error === undefined ? {} : { error: run.error }),
    waits: [...waits].filter(({ status }) => status === 'open'),
    totalCostUsd: usd(totalCostNanoUsd),
    totalCostNanoUsd,
    totalLatencyMs: receipts.reduce((sum, { execution }) => sum + (execution.actualLatencyMs ?? 0), 0),
    usage: usageOf(receipts),
    receipts: [...receipts],
    definitionHash: run.definitionHash,
  }
}

/** Step results by id; a node that was visited several times shows its last visit, inner steps their path. */
function stepResults(stepRuns: Iterable<StepRunRecord>, attempts: Iterable<AttemptRecord>): RunResult['steps'] {
  const tries = new Map<string, AttemptRecord[]>()
  for (const attempt of attempts) {
    const known = tries.get(attempt.stepKey)
    if (known === undefined) tries.set(attempt.stepKey, [attempt])
    else known.push(attempt)
  }
  const results: RunResult['steps'] = {}
  const items = new Map<string, StepRunRecord[]>()
  for (const record of stepRuns) {
    const item = record.stepKey.lastIndexOf('#')
    if (item > record.stepKey.lastIndexOf('/')) {
      const of = record.stepKey.slice(0, item)
      const known = items.get(of)
      if (known === undefined) items.set(of, [record])
      else known.push(record)
      continue
    }
    results[pathOfKey(record.stepKey)] = {
      status: record.status,
      output: record.output ?? null,
      ...(record.skip === undefined ? {} : { skip: record.skip }),
      attempts: tries.get(record.stepKey) ?? [],
      startSeq: record.seq,
      durationMs: record.durationMs ?? 0,
      costUsd: usd(record.costNanoUsd),
      ...(record.modelId === undefined ? {} : { modelId: record.modelId }),
      receiptIds: record.receiptIds,
      ...(record.error === undefined ? {} : { error: record.error }),
    }
  }
  for (const [stepKey, records] of items) {
    const result = results[pathOfKey(stepKey)]
    if (result === undefined) continue
    result.items = records
      .map((record) => ({ record, index: record.index ?? indexOf(record.stepKey) }))
      .sort((one, other) => one.index - other.index)
      .map(({ record }) => ({
        status: record.status,
        output: record.output ?? null,
        ...(record.skip === undefined ? {} : { skip: record.skip }),
        ...(record.error === undefined ? {} : { error: record.error }),
      }))
    result.attempts = records.flatMap(({ stepKey: key }) => tries.get(key) ?? [])
  }
  return results
}

function indexOf(stepKey: string): number {
  const index = Number(stepKey.slice(stepKey.lastIndexOf('#') + 1))
  return Number.isNaN(index) ? 0 : index
}

function usageOf(receipts: readonly ModelReceipt[]): Usage {
  const usage = { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0 }
  for (const { execution } of receipts) {
    usage.inputTokens += execution.tokens.input
    usage.outputTokens += execution.tokens.output
    usage.cachedInputTokens += execution.tokens.cached
    usage.reasoningTokens += execution.tokens.reasoning
  }
  return usage
}

function usd(nanoUsd: number | null): number | null {
  return nanoUsd === null ? null : toUsd(nanoUsd)
}

function add(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one + other
}
