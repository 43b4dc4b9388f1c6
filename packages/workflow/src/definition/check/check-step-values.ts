import { findCredential, type StepDefinition, type WaitSpec } from '@parley/spec'
import type { FoundProblem } from './found-problem.ts'
import { isCount, isNotNegative, isPositive } from './number-kinds.ts'

/** Numbers and choices of one step that are outside what is allowed. */
export function checkStepValues(step: StepDefinition, path: string): FoundProblem[] {
  const found: FoundProblem[] = []
  const report = (field: string, message: string, fix: string): void => {
    found.push({ code: 'document_invalid', path: `${path}.${field}`, message, fix })
  }
  const choose = (field: string, value: string, allowed: readonly string[]): void => {
    if (!allowed.includes(value)) report(field, `${field} is "${value}".`, `Use one of ${allowed.join(', ')}.`)
  }
  const count = (field: string, value: number | undefined): void => {
    if (value !== undefined && !isCount(value))
      report(field, `${field} is ${value}.`, 'Give a whole number of 1 or more.')
  }
  const positive = (field: string, value: number | undefined, unit: string): void => {
    if (value !== undefined && !isPositive(value)) report(field, `${field} is ${value}.`, `Give ${unit} above 0.`)
  }
  choose('tier', step.tier, ['fast', 'balanced', 'high'])
  choose('requires', step.requires, ['settled', 'success'])
  choose('effect', step.effect, ['pure', 'idempotent', 'effectful'])
  choose('strategy', step.strategy.type, ['single', 'race', 'speculative'])
  if (step.foreach !== undefined) {
    choose('foreachPolicy', step.foreach.policy, ['requireAll', 'allowPartial', 'collectErrors'])
    count('foreachConcurrency', step.foreach.concurrency)
    if (step.foreach.source === '') report('foreach', 'foreach is empty.', 'Name a key, a step or a path.')
  }
  // Kept in milliseconds, written in seconds.
  positive('timeout', step.timeoutMs === undefined ? undefined : step.timeoutMs / 1_000, 'seconds')
  const { validationTimeoutMs } = step
  positive('validationTimeout', validationTimeoutMs === undefined ? undefined : validationTimeoutMs / 1_000, 'seconds')
  positive('cache.ttlMs', step.cache?.ttlMs, 'milliseconds')
  count('maxConcurrency', step.maxConcurrency)
  count('maxSteps', step.maxSteps)
  count('rag.topK', step.rag?.topK)
  for (const [key, reducer] of Object.entries(step.reducers ?? {}))
    choose(`reducers.${key}`, reducer, ['append', 'merge', 'sum', 'max', 'min', 'last'])
  checkStrategy(step, report)
  if (step.wait !== undefined) checkWait(step.wait, report)
  const credential = findCredential({ modelOptions: step.modelOptions ?? {} })
  if (credential !== undefined) {
    found.push({
      code: 'invalid_options',
      path: `${path}.${credential}`,
      message: `The step "${step.id}" has a credential among its model options: ${credential.slice('modelOptions.'.length)}.`,
      fix: 'Give credentials to the adapter through the environment or a CredentialSource.',
    })
  }
  return found
}

type Report = (field: string, message: string, fix: string) => void

function checkStrategy({ strategy }: StepDefinition, report: Report): void {
  if (strategy.type === 'race') {
    if (!Number.isSafeInteger(strategy.candidates) || strategy.candidates < 2)
      report('strategy.candidates', `A race of ${strategy.candidates} is none.`, 'Give 2 to 5 candidates.')
    if (!isNotNegative(strategy.staggerMs))
      report('strategy.staggerMs', `staggerMs is ${strategy.staggerMs}.`, 'Give milliseconds of 0 or more.')
  }
  if (strategy.type !== 'speculative' || typeof strategy.compare === 'string' || 'function' in strategy.compare) return
  const { embedding } = strategy.compare
  if (!(embedding > 0 && embedding <= 1))
    report('strategy.compare', `A likeness of ${embedding} is none.`, 'Give a number above 0 and up to 1.')
}

function checkWait(wait: WaitSpec, report: Report): void {
  if (wait.timeout !== undefined && !isPositive(wait.timeout))
    report('wait.timeout', `timeout is ${wait.timeout}.`, 'Give seconds above 0.')
  if (!['reject', 'default', 'fail'].includes(wait.onTimeout))
    report('wait.onTimeout', `onTimeout is "${wait.onTimeout}".`, 'Use one of reject, default, fail.')
  if (wait.onTimeout === 'default' && wait.default === undefined)
    report('wait.default', 'onTimeout is "default" and there is none.', 'Give a default; null is a value too.')
  if (wait.type === 'timer') {
    if ((wait.ms === undefined) === (wait.at === undefined))
      report('wait', 'A timer has both or neither of ms and at.', 'Give exactly one of them.')
    if (wait.ms !== undefined && !isNotNegative(wait.ms))
      report('wait.ms', `ms is ${wait.ms}.`, 'Give milliseconds of 0 or more.')
    if (wait.at !== undefined && Number.isNaN(Date.parse(wait.at)))
      report('wait.at', `"${wait.at}" is no instant.`, 'Give an ISO 8601 instant, such as 2026-01-31T09:30:00Z.')
  }
  if (wait.type === 'event' && wait.name === '') report('wait.name', 'The event has no name.', 'Name the event.')
}
