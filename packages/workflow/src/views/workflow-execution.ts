import type { Json, RunEvent } from '@parley/spec'

/** A finished run as commissioned clients read it, with the names of the wire. */
export interface WorkflowExecution {
  run_id: string
  task_id: string | null
  status: string
  outputs: Json
  steps: {
    step_id: string
    status: string
    model_id: string | null
    cost_usd: number | null
    latency_ms: number
    receipt_id: string | null
  }[]
  total_cost_usd: number | null
  total_latency_ms: number
}

/**
 * The whole execution that a terminal event carries, whose `data` has the names of the wire. What it does not say is
 * `null`, empty or 0.
 */
export function toWorkflowExecution({ runId, type, data }: RunEvent): WorkflowExecution {
  const steps = listOf(data['steps']).map((step) => ({
    step_id: textOf(step['step_id']) ?? '',
    status: textOf(step['status']) ?? 'completed',
    model_id: textOf(step['model_id']),
    cost_usd: numberOf(step['cost_usd']),
    latency_ms: numberOf(step['latency_ms']) ?? 0,
    receipt_id: receiptOf(step),
  }))
  return {
    run_id: runId,
    task_id: textOf(data['task_id']),
    status: textOf(data['status']) ?? type.replace(/^run_/, ''),
    outputs: data['outputs'] ?? {},
    steps,
    total_cost_usd: numberOf(data['total_cost_usd']) ?? sumOf(steps.map(({ cost_usd: cost }) => cost)),
    total_latency_ms: numberOf(data['total_latency_ms']) ?? steps.reduce((sum, { latency_ms: ms }) => sum + ms, 0),
  }
}

/** The receipt of the call that gave the result of a step: the last one. */
export function receiptOf(step: { [key: string]: Json }): string | null {
  const receipts = step['receipt_ids']
  return Array.isArray(receipts) && receipts.length > 0 ? textOf(receipts.at(-1)) : textOf(step['receipt_id'])
}

/** A sum that is not known when one of its parts is not. */
function sumOf(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>((sum, value) => (sum === null || value === null ? null : sum + value), 0)
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null
}

function numberOf(value: Json | undefined): number | null {
  return typeof value === 'number' ? value : null
}

/** Steps as a list, or by their ids. */
function listOf(value: Json | undefined): { [key: string]: Json }[] {
  if (typeof value !== 'object' || value === null) return []
  const steps = Array.isArray(value)
    ? value
    : Object.entries(value).map(([id, step]) => ({ step_id: id, ...fieldsOf(step) }))
  return steps.map(fieldsOf)
}

function fieldsOf(value: Json): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
