import { ParleyError, type Json, type RoomId } from '@parley/spec'
import type { HookEngineOptions } from './hook-engine-options.ts'
import type { RegisteredHook } from './hook-registry.ts'

/** A sync hook that is slower is reported. */
const SLOW_HOOK_MS = 50

/** What is told of hooks that are slow or fail. */
export interface HookFaults {
  /** Reports a hook that was slow. */
  noteDuration(hook: RegisteredHook, roomId: RoomId | undefined, startedMs: number): void
  reportFailure(hook: RegisteredHook, roomId: RoomId | undefined, error: ParleyError): void
  /** The error of a hook that ran out of time; `isAtLock` where it runs while the room's lock is held. */
  timeoutError(hook: RegisteredHook, timeoutMs: number, roomId: RoomId | undefined, isAtLock: boolean): ParleyError
}

/** Makes what tells of an engine's hooks. */
export function createHookFaults({
  clock,
  framework,
  reportError,
  isLockAwaited,
}: Pick<HookEngineOptions, 'clock' | 'framework' | 'reportError' | 'isLockAwaited'>): HookFaults {
  const warn = (
    type: 'hookError' | 'hookTimeout' | 'slowHook',
    hook: RegisteredHook,
    roomId: RoomId | undefined,
    data: { [key: string]: Json },
  ): void => {
    if (!framework.has(type)) return
    const fields = { hook: hook.name, trigger: hook.trigger, ...data }
    framework.emit(roomId === undefined ? { type, data: fields } : { type, roomId, data: fields })
  }

  const noteDuration = (hook: RegisteredHook, roomId: RoomId | undefined, startedMs: number): void => {
    const tookMs = clock.monotonicMs() - startedMs
    if (tookMs > SLOW_HOOK_MS) warn('slowHook', hook, roomId, { tookMs: Math.round(tookMs) })
  }

  const reportFailure = (hook: RegisteredHook, roomId: RoomId | undefined, error: ParleyError): void => {
    const room = roomId === undefined ? {} : { roomId }
    // A failing hook of `onError` is told to the log alone, else it would be told to itself without end.
    if (hook.trigger === 'onError') return reportError(error, { stage: 'onError', ...room })
    warn(error.code === 'hook_timeout' ? 'hookTimeout' : 'hookError', hook, roomId, { code: error.code })
    reportError(error, { stage: 'hook', ...room })
  }

  const timeoutError = (
    hook: RegisteredHook,
    timeoutMs: number,
    roomId: RoomId | undefined,
    isAtLock: boolean,
  ): ParleyError => {
    const waitsForLock = isAtLock && roomId !== undefined && isLockAwaited?.(roomId) === true
    const hint = waitsForLock
      ? ` Meanwhile work waited for the lock of room ${roomId}, which is held while this hook runs: a hook must not await a message to its own room; add it with ctx.inject().`
      : ' Do slow work in an observer, or raise timeoutMs.'
    return new ParleyError({
      code: 'hook_timeout',
      message: `The hook ${hook.name} on ${hook.trigger} took longer than ${timeoutMs} ms.${hint}`,
      details: { hook: hook.name, trigger: hook.trigger, timeoutMs, waitsForLock },
    })
  }

  return { noteDuration, reportFailure, timeoutError }
}

/** The error of a hook whose answer or additions cannot be applied. */
export function invalidResult(hook: RegisteredHook, expected: string): ParleyError {
  return new ParleyError({
    code: 'hook_result_invalid',
    message: `The hook ${hook.name} on ${hook.trigger} answered with something that cannot be applied: ${expected}. Nothing of it was applied; correct the hook.`,
    details: { hook: hook.name, trigger: hook.trigger, expected },
  })
}

/** The error of a hook that threw. What it threw says nothing to people; it stays in `cause`. */
export function toHookError(hook: RegisteredHook, thrown: unknown): ParleyError {
  if (ParleyError.isInstance(thrown) && (thrown.code === 'hook_timeout' || thrown.code === 'hook_result_invalid'))
    return thrown
  return new ParleyError({
    code: 'hook_failed',
    message: `The hook ${hook.name} on ${hook.trigger} failed. Its error is the cause of this one.`,
    details: { hook: hook.name, trigger: hook.trigger },
    cause: thrown,
  })
}
