import type { LogEvent, LogEventType } from './log-event.ts'
import type { LogLevel } from './log-level.ts'
import type { HookEvent, HookName } from './workflow-hooks.ts'
import type { Json } from '@parley/spec'

/** What a log calls the moments of hooks. */
export const logEventTypes: Readonly<Record<HookName, LogEventType>> = {
  onWorkflowStart: 'workflow_start',
  onWorkflowComplete: 'workflow_complete',
  onStepStart: 'step_start',
  onStepComplete: 'step_complete',
  onStepFail: 'step_fail',
  onStepRetry: 'step_retry',
  onStepSkip: 'step_skip',
  onValidationStart: 'validation_start',
  onValidationComplete: 'validation_complete',
  onValidationFail: 'validation_fail',
}

const levels: Readonly<Partial<Record<LogEventType, LogEvent['level']>>> = {
  step_retry: 'warn',
  step_skip: 'warn',
  step_fail: 'error',
  validation_fail: 'error',
}

/** What people and models wrote; shown by verbose logs only. */
const contentFields: ReadonlySet<string> = new Set(['input', 'inputs', 'output', 'outputs', 'state', 'item'])

/** An event of a hook as a log of this level tells it. `data` must be redacted before. */
export function toLogEvent(name: HookName, event: HookEvent, data: { [key: string]: Json }, level: LogLevel): LogEvent {
  const eventType = logEventTypes[name]
  const shown = level === 'verbose' ? data : withoutContent(data)
  const hasFailed = eventType === 'workflow_complete' && data['status'] === 'failed'
  return {
    timestamp: event.at,
    eventType,
    stepId: event.step ?? null,
    data: {
      ...(event.stepKey === undefined ? {} : { step_key: event.stepKey }),
      ...(event.attempt === undefined ? {} : { attempt: event.attempt }),
      ...shown,
    },
    level: hasFailed ? 'error' : (levels[eventType] ?? 'info'),
    runId: event.runId,
    workflowName: event.workflow,
  }
}

function withoutContent(data: { [key: string]: Json }): { [key: string]: Json } {
  return Object.fromEntries(Object.entries(data).filter(([key]) => !contentFields.has(key)))
}
