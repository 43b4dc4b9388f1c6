import { terminalEventTypes } from './terminal-event.ts'
import { receiptOf, toWorkflowExecution } from './workflow-execution.ts'
import type { Json, RunEvent } from '@parley/spec'
import type { ViewEvent } from './view-event.ts'

/**
 * What commissioned clients of workflows read: begin and end of each step, then one `final`, whatever the outcome.
 * Attempts that are tried again and items of a foreach are not shown.
 */
export function stepsView(event: RunEvent): ViewEvent[] {
  const { seq: id, type, step = '', data } = event
  if (terminalEventTypes.has(type)) return [{ id, event: 'final', data: { result: { ...toWorkflowExecution(event) } } }]
  if (event.stepKey?.includes('#') === true) return []
  switch (type) {
    case 'step_started':
      // Later attempts begin too; for these clients a step begins once.
      return (event.attempt ?? 1) > 1 ? [] : [{ id, event: type, data: { step_id: step } }]
    case 'step_completed':
      return [
        {
          id,
          event: type,
          data: { step_id: step, status: 'completed', ...costs(data), output: data['output'] ?? null },
        },
      ]
    case 'step_failed':
      if (data['final'] !== true) return []
      return [{ id, event: type, data: { step_id: step, status: 'failed', ...costs(data), ...errorOf(data) } }]
    default:
      return []
  }
}

function costs(data: { [key: string]: Json }): { [key: string]: Json } {
  return {
    model_id: data['model_id'] ?? null,
    cost_usd: data['cost_usd'] ?? null,
    latency_ms: data['latency_ms'] ?? 0,
    receipt_id: receiptOf(data),
  }
}

function errorOf(data: { [key: string]: Json }): { [key: string]: Json } {
  return data['error'] === undefined ? {} : { error: data['error'] }
}
