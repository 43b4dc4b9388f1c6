import { isThenable } from './hook-answer.ts'
import { HookCall } from './hook-call.ts'
import type { HookScope } from './hook-engine.ts'
import type { HookEngineOptions } from './hook-engine-options.ts'
import { invalidResult, toHookError, type HookFaults } from './hook-faults.ts'
import { matchesScope, type RegisteredHook } from './hook-registry.ts'

/** Hooks that only watch: nobody waits for them, and what becomes of one concerns no other. */
export interface HookWatch {
  /** Starts those of a list that are of the scope. */
  start(list: readonly RegisteredHook[], payload: unknown, scope: HookScope): void
  /** Resolves when none is at work. */
  settled(): Promise<void>
  /** Forgets who waits for `settled`. */
  clear(): void
}

/** Makes what runs an engine's watching hooks. They are told when the kit closes. */
export function createHookWatch(
  { clock, limits, logger, channel, takeAdditions, closing }: HookEngineOptions,
  faults: Pick<HookFaults, 'reportFailure' | 'timeoutError'>,
): HookWatch {
  const watching = new Set<(reason: unknown) => void>()
  let wakeSettled: (() => void)[] = []

  closing.addEventListener('abort', () => {
    for (const stop of watching) stop(closing.reason)
  })

  /** Starts one watching hook; what becomes of it concerns nobody else. */
  function watch(hook: RegisteredHook, payload: unknown, scope: HookScope): void {
    const { roomId } = scope
    const call = new HookCall(roomId, clock, logger, channel)
    const finish = (): void => {
      call.end()
      if (!call.hasAdditions || roomId === undefined) return
      if (takeAdditions === undefined) {
        faults.reportFailure(
          hook,
          roomId,
          invalidResult(hook, 'nothing added: only hooks that run before a commit may add to a room'),
        )
      } else takeAdditions(roomId, call)
    }
    let answer: unknown
    try {
      // As above: the payload is of the trigger the hook was added for.
      answer = hook.run(payload as never, call)
    } catch (thrown) {
      call.end(thrown)
      faults.reportFailure(hook, roomId, toHookError(hook, thrown))
      return
    }
    if (!isThenable(answer)) return finish()
    const timeoutMs = hook.timeoutMs ?? limits.asyncHookTimeoutMs
    const end = (conclude: () => void): void => {
      if (!watching.delete(stop)) return
      dispose()
      conclude()
      if (watching.size > 0) return
      for (const wake of wakeSettled.splice(0)) wake()
    }
    const stop = (reason: unknown): void => end(() => call.end(reason))
    const dispose = clock.setTimer(timeoutMs, () => {
      const error = faults.timeoutError(hook, timeoutMs, roomId, false)
      end(() => {
        call.end(error)
        faults.reportFailure(hook, roomId, error)
      })
    })
    watching.add(stop)
    answer.then(
      () => end(finish),
      (thrown: unknown) => end(() => faults.reportFailure(hook, roomId, toHookError(hook, thrown))),
    )
  }

  return {
    start(list, payload, scope) {
      for (const hook of list) if (!hook.isRemoved && matchesScope(hook, scope)) watch(hook, payload, scope)
    },
    async settled() {
      while (watching.size > 0) await new Promise<void>((resolve) => wakeSettled.push(resolve))
    },
    clear() {
      wakeSettled = []
    },
  }
}
