import { ParleyError, type Clock } from '@parley/spec'
import type { HookEvent, HookName, WorkflowHooks } from './workflow-hooks.ts'

/** Options of `callHooks`. */
export interface CallHooksOptions {
  clock: Clock
  /** Gets the first failure of each hook object: `hook_failed` or `hook_timeout`. */
  onError: (error: ParleyError, details: { hook: HookName }) => void
  /** Hook objects whose failure was reported; one set per run. */
  reported: Set<WorkflowHooks>
  /** How long one hook is awaited. @default 5000 */
  timeoutMs?: number
}

/**
 * Tells all hooks of one event, one after the other. Never rejects. Gives nothing to await when no hook is
 * asynchronous, so that a run without hooks pays nothing.
 */
export function callHooks(
  hooks: readonly WorkflowHooks[],
  name: HookName,
  event: HookEvent,
  options: CallHooksOptions,
): Promise<void> | undefined {
  for (let index = 0; index < hooks.length; index++) {
    const pending = callOne(hooks[index], name, event, options)
    if (pending !== undefined) return callRest(pending, hooks, index + 1, name, event, options)
  }
  return undefined
}

async function callRest(
  pending: Promise<void>,
  hooks: readonly WorkflowHooks[],
  from: number,
  name: HookName,
  event: HookEvent,
  options: CallHooksOptions,
): Promise<void> {
  await pending
  for (let index = from; index < hooks.length; index++) await callOne(hooks[index], name, event, options)
}

function callOne(
  hooks: WorkflowHooks | undefined,
  name: HookName,
  event: HookEvent,
  options: CallHooksOptions,
): Promise<void> | undefined {
  if (hooks?.[name] === undefined) return undefined
  let result: void | Promise<void>
  try {
    result = hooks[name](event)
  } catch (error) {
    report(hooks, name, failed(name, error), options)
    return undefined
  }
  return result instanceof Promise || isThenable(result) ? awaitOne(hooks, name, result, options) : undefined
}

function isThenable(value: unknown): value is Promise<void> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

async function awaitOne(
  hooks: WorkflowHooks,
  name: HookName,
  result: Promise<void>,
  options: CallHooksOptions,
): Promise<void> {
  const { clock, timeoutMs = 5_000 } = options
  let cancelTimer = (): void => {}
  const timeout = new Promise<'timeout'>((resolve) => {
    cancelTimer = clock.setTimer(timeoutMs, () => resolve('timeout'))
  })
  try {
    // The loser of the race stays handled: a rejection that comes after the timeout was reported as that.
    if ((await Promise.race([result, timeout])) === 'timeout') report(hooks, name, timedOut(name, timeoutMs), options)
  } catch (error) {
    report(hooks, name, failed(name, error), options)
  } finally {
    cancelTimer()
  }
}

function report(
  hooks: WorkflowHooks,
  name: HookName,
  error: ParleyError,
  { reported, onError }: CallHooksOptions,
): void {
  if (reported.has(hooks)) return
  reported.add(hooks)
  onError(error, { hook: name })
}

function failed(name: HookName, cause: unknown): ParleyError {
  return new ParleyError({
    code: 'hook_failed',
    message: `The hook ${name} failed. The run goes on; later failures of the same hooks are not reported.`,
    details: { hook: name },
    cause,
  })
}

function timedOut(name: HookName, timeoutMs: number): ParleyError {
  return new ParleyError({
    code: 'hook_timeout',
    message: `The hook ${name} took longer than ${timeoutMs} ms. The run goes on; later failures of the same hooks are not reported.`,
    details: { hook: name, timeoutMs },
  })
}
