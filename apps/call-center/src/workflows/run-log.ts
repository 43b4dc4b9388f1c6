import type { Logger } from '@parley/spec'
import type { WorkflowHooks } from '@parley/workflow'

/** Says in the app's log how runs end, and warns of steps that failed for good. A colleague's refusal is no fault. */
export function runLog(logger: Logger): WorkflowHooks {
  return {
    onWorkflowComplete({ runId, workflow, data }) {
      logger.info('A run has ended.', { runId, workflow, status: data['status'] ?? null })
    },
    onStepFail({ runId, workflow, step = '', data }) {
      if (data['final'] !== true || data['class'] === 'approval_rejected') return
      logger.warn('A step of a run has failed.', { runId, workflow, step, error: data['error'] ?? null })
    },
  }
}
