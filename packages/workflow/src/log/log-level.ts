import type { LogEventType } from './log-event.ts'

/** How much a run log tells. */
export const LogLevel = { MINIMAL: 'minimal', NORMAL: 'normal', VERBOSE: 'verbose' } as const

export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel]

const ranks: Readonly<Record<LogLevel, number>> = { minimal: 0, normal: 1, verbose: 2 }

const lowest: Readonly<Record<LogEventType, LogLevel>> = {
  workflow_start: 'minimal',
  workflow_complete: 'minimal',
  step_fail: 'minimal',
  validation_fail: 'minimal',
  step_start: 'normal',
  step_complete: 'normal',
  step_retry: 'normal',
  step_skip: 'normal',
  validation_complete: 'normal',
  validation_start: 'verbose',
}

/** Whether a log of this level tells of such an event. */
export function isLoggedAt(level: LogLevel, eventType: LogEventType): boolean {
  return ranks[lowest[eventType]] <= ranks[level]
}
