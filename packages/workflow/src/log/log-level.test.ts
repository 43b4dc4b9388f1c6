import { expect, test } from 'vitest'
import { isLoggedAt, LogLevel } from './log-level.ts'

test('workflows 12.4 each level tells of its own events and of those below', () => {
  const minimal = ['workflow_start', 'workflow_complete', 'step_fail', 'validation_fail'] as const
  const normal = [...minimal, 'step_start', 'step_complete', 'step_retry', 'step_skip', 'validation_complete'] as const
  const verbose = [...normal, 'validation_start'] as const
  const told = (level: LogLevel): string[] => verbose.filter((type) => isLoggedAt(level, type))
  expect(told(LogLevel.MINIMAL)).toEqual([...minimal])
  expect(told(LogLevel.NORMAL)).toEqual([...normal])
  expect(told(LogLevel.VERBOSE)).toEqual([...verbose])
})
