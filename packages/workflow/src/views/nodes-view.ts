import type { Json, RunEvent } from '@parley/spec'
import type { ViewEvent } from './view-event.ts'

/**
 * What commissioned clients of agents read: nodes that begin and end, pieces of their output, and one event at the end.
 * Thoughts and instructions have names of their own: `<node>_thought`, `<node>_instructions`; steps of an agent
 * `<node>_step<N>`.
 */
export function nodesView({ seq: id, type, runId, step = '', stepKey, attempt = 1, data }: RunEvent): ViewEvent[] {
  // Pieces and ends of single items would carry the name of their node.
  if (stepKey?.includes('#') === true) return []
  switch (type) {
    case 'run_started':
      return [{ id, event: 'workflow_started', data: { session_id: data['session_id'] ?? null, run_id: runId } }]
    case 'step_started':
      return attempt > 1 ? [] : [{ id, event: 'node_started', data: { name: step } }]
    case 'step_delta': {
      const name = streamName(step, data)
      const text = data['text'] ?? ''
      if (data['final'] === true) return [{ id, event: 'complete', data: { name, value: text } }]
      return [{ id, event: 'partial', data: { name, value: data['so_far'] ?? text } }]
    }
    case 'step_restart':
      return [{ id, event: 'restart', data: { name: streamName(step, data), ...reasonOf(data) } }]
    case 'step_completed':
      return [
        {
          id,
          event: 'node_completed',
          data: { name: step, ...(data['output'] === undefined ? {} : { output_data: data['output'] }) },
        },
      ]
    case 'run_completed':
      return [
        {
          id,
          event: 'workflow_completed',
          data: {
            output_data: data['output'] ?? null,
            ...(data['usage'] === undefined ? {} : { token_usage: data['usage'] }),
          },
        },
      ]
    case 'run_failed':
    case 'run_cancelled':
    case 'run_budget_exceeded':
      return [{ id, event: 'workflow_failed', data: { value: failureText(type, data['error']) } }]
    default:
      return []
  }
}

function streamName(step: string, data: { [key: string]: Json }): string {
  const node = typeof data['agent_step'] === 'number' ? `${step}_step${data['agent_step']}` : step
  const channel = data['channel']
  return channel === 'thought' || channel === 'instructions' ? `${node}_${channel}` : node
}

function reasonOf(data: { [key: string]: Json }): { [key: string]: Json } {
  return typeof data['reason'] === 'string' ? { reason: data['reason'] } : {}
}

function failureText(type: RunEvent['type'], error: Json | undefined): string {
  if (typeof error === 'object' && error !== null && !Array.isArray(error) && typeof error['message'] === 'string') {
    return error['message']
  }
  if (type === 'run_cancelled') return 'The run was cancelled.'
  return type === 'run_budget_exceeded' ? 'The run was stopped by its budget.' : 'The run failed.'
}
