import { nearestName, ParleyError, type Disposer } from '@parley/spec'
import { deepFreeze } from '../store/deep-freeze.ts'
import { subjectFault } from './check-subject.ts'
import { isThenable, readAnswer } from './hook-answer.ts'
import { HookCall } from './hook-call.ts'
import type { HookEngine, HookScope, SyncOutcome } from './hook-engine.ts'
import type { HookEngineOptions } from './hook-engine-options.ts'
import { createHookFaults, invalidResult, toHookError } from './hook-faults.ts'
import { hookTriggers, syncTriggers, type HookMap, type HookTrigger, type SyncTrigger } from './hook-map.ts'
import { createHookRegistry, matchesScope, mayMatchScope, type RegisteredHook } from './hook-registry.ts'
import { voiceHookTriggers, VOICE_HOOK_MS } from './voice-hooks.ts'
import { createHookWatch } from './watch-hooks.ts'

const untouched: readonly never[] = Object.freeze([])
/** Triggers whose first answer decides. */
const firstDecisionWins: ReadonlySet<SyncTrigger> = new Set<SyncTrigger>(['onIdentityUnknown', 'onIdentityAmbiguous'])

/** Makes the engine that runs users' functions at the triggers of `HookMap`. */
export function createHookEngine(options: HookEngineOptions): HookEngine {
  const { clock, limits, logger } = options
  const hooks = createHookRegistry()
  const observers = createHookRegistry()
  const { noteDuration, reportFailure, timeoutError } = createHookFaults(options)
  const watch = createHookWatch(options, { reportFailure, timeoutError })

  const syncTimeoutMs = (hook: RegisteredHook): number =>
    Math.min(hook.timeoutMs ?? limits.syncHookTimeoutMs, limits.processTimeoutMs, longestMs(hook.trigger))

  /** The answer of a hook that did not answer at once. */
  const waitFor = (
    hook: RegisteredHook,
    call: HookCall,
    answer: PromiseLike<unknown>,
    stop: StopSource,
  ): Promise<unknown> =>
    new Promise((resolve, reject) => {
      let isDone = false
      let release = (): void => {}
      const settle = (finish: () => void, reason?: unknown): void => {
        if (isDone) return
        isDone = true
        release()
        if (reason !== undefined) call.end(reason)
        finish()
      }
      answer.then(
        (value) => settle(() => resolve(value)),
        (thrown: unknown) => settle(() => reject(toHookError(hook, thrown))),
      )
      // An async function that waits for nothing has answered by then, and needs neither timer nor listener.
      queueMicrotask(() => {
        if (isDone) return
        const { signal } = stop
        const timeoutMs = syncTimeoutMs(hook)
        const onAbort = (): void => settle(() => reject(signal?.reason), signal?.reason)
        if (signal?.aborted === true) return onAbort()
        const dispose = clock.setTimer(timeoutMs, () => {
          const error = timeoutError(hook, timeoutMs, call.roomId, hook.trigger === 'beforeBroadcast')
          settle(() => reject(error), error)
        })
        signal?.addEventListener('abort', onAbort, { once: true })
        release = () => {
          dispose()
          signal?.removeEventListener('abort', onAbort)
        }
        return undefined
      })
    })

  function runSync<T extends SyncTrigger>(
    trigger: T,
    payload: HookMap[T]['payload'],
    scope: HookScope,
    stop: StopSource = {},
  ): SyncOutcome<T> | Promise<SyncOutcome<T>> {
    const list = hooks.of(trigger, scope.roomId)
    const run: Run<T> = { outcome: emptyOutcome(payload), isDone: false }
    return goOn(trigger, list, 0, scope, run, stop)
  }

  /** Runs hooks from a position on; turns into a promise at the first hook that answers with one. */
  function goOn<T extends SyncTrigger>(
    trigger: T,
    list: readonly RegisteredHook[],
    from: number,
    scope: HookScope,
    run: Run<T>,
    stop: StopSource,
  ): SyncOutcome<T> | Promise<SyncOutcome<T>> {
    for (let position = from; position < list.length && !run.isDone; position++) {
      const hook = list[position]
      if (hook === undefined || hook.isRemoved || !matchesScope(hook, scope)) continue
      freezeSubject(trigger, run.outcome.payload)
      const call = new HookCall(scope.roomId, clock, logger, options.channel)
      const startedMs = clock.monotonicMs()
      let answer: unknown
      try {
        // The registry only holds functions that were added for this trigger, so the payload is theirs.
        answer = hook.run(run.outcome.payload as never, call)
      } catch (thrown) {
        noteDuration(hook, scope.roomId, startedMs)
        fail(trigger, hook, call, run, toHookError(hook, thrown))
        continue
      }
      if (isThenable(answer)) {
        return waitFor(hook, call, answer, stop).then(
          (value) => {
            noteDuration(hook, scope.roomId, startedMs)
            apply(trigger, hook, call, run, value)
            return goOn(trigger, list, position + 1, scope, run, stop)
          },
          (thrown: unknown) => {
            const { signal } = stop
            if (signal?.aborted === true && thrown === signal.reason) throw thrown
            noteDuration(hook, scope.roomId, startedMs)
            fail(trigger, hook, call, run, toHookError(hook, thrown))
            return goOn(trigger, list, position + 1, scope, run, stop)
          },
        )
      }
      noteDuration(hook, scope.roomId, startedMs)
      apply(trigger, hook, call, run, answer)
    }
    return run.outcome
  }

  function apply<T extends SyncTrigger>(
    trigger: T,
    hook: RegisteredHook,
    call: HookCall,
    run: Run<T>,
    answer: unknown,
  ): void {
    const { outcome } = run
    const decision = readAnswer(answer)
    if (decision === undefined)
      return fail(trigger, hook, call, run, invalidResult(hook, 'an answer made by allow(), block() or modify()'))
    if (decision.action === 'modify') {
      const fault = subjectFault(trigger, outcome.payload, decision.subject)
      if (fault !== undefined) return fail(trigger, hook, call, run, invalidResult(hook, fault))
      const subject = syncTriggers[trigger].subject
      outcome.payload = withSubject(outcome.payload, subject, decision.subject)
      outcome.modifiedBy = [...outcome.modifiedBy, hook.name]
      run.isDone = firstDecisionWins.has(trigger)
    }
    if (decision.action === 'block') {
      const { reason, message } = decision
      outcome.blocked = message === undefined ? { reason, by: hook.name } : { reason, by: hook.name, message }
      run.isDone = true
    }
    call.end()
    if (!call.hasAdditions) return
    outcome.injected = [...outcome.injected, ...call.injected]
    outcome.tasks = [...outcome.tasks, ...call.tasks]
    outcome.observations = [...outcome.observations, ...call.observations]
  }

  /** Throwing, running out of time and answering nonsense are one case: nothing of the hook is applied. */
  function fail<T extends SyncTrigger>(
    trigger: T,
    hook: RegisteredHook,
    call: HookCall,
    run: Run<T>,
    error: ParleyError,
  ): void {
    call.end(error)
    const onFailure = hook.isClosed ? 'closed' : 'open'
    const { outcome } = run
    outcome.failures = [...outcome.failures, { hook: hook.name, trigger, code: error.code, onFailure }]
    reportFailure(hook, call.roomId, error)
    if (!hook.isClosed) return
    outcome.blocked = { reason: 'hook_failed', by: hook.name }
    run.isDone = true
  }

  return {
    // A hook takes the payload of its trigger, which `runSync` and `fire` give it: `never` only forgets which.
    add: (trigger, hook, hookOptions): Disposer =>
      hooks.add(knownTrigger(trigger), hook as RegisteredHook['run'], hookOptions),
    observe: (trigger, hook, hookOptions): Disposer =>
      observers.add(knownTrigger(trigger), hook as RegisteredHook['run'], hookOptions),
    has: (trigger, scope) =>
      hooks.of(trigger, scope.roomId).some((hook) => mayMatchScope(hook, scope)) ||
      observers.of(trigger, scope.roomId).some((hook) => mayMatchScope(hook, scope)),
    runSync,
    fire(trigger, payload, scope) {
      if (!Object.hasOwn(syncTriggers, trigger)) watch.start(hooks.of(trigger, scope.roomId), payload, scope)
      watch.start(observers.of(trigger, scope.roomId), payload, scope)
    },
    holdsLive: (scope) =>
      hooks.of('beforeBroadcast', scope.roomId).some((hook) => hook.holdsLive && mayMatchScope(hook, scope)),
    removeRoom(roomId) {
      hooks.removeRoom(roomId)
      observers.removeRoom(roomId)
    },
    settled: () => watch.settled(),
    clear() {
      hooks.clear()
      observers.clear()
      watch.clear()
    },
  }
}

/** What ends a run early. The signal may be made when it is first asked for. */
interface StopSource {
  readonly signal?: AbortSignal
}

/** The outcome while it is made. */
interface Run<T extends SyncTrigger> {
  readonly outcome: { -readonly [K in keyof SyncOutcome<T>]: SyncOutcome<T>[K] }
  isDone: boolean
}

function emptyOutcome<T extends SyncTrigger>(payload: HookMap[T]['payload']): Run<T>['outcome'] {
  return {
    payload,
    modifiedBy: untouched,
    injected: untouched,
    tasks: untouched,
    observations: untouched,
    failures: untouched,
  }
}

/** The payload with another subject. Fields that are worked out when they are asked for stay so. */
function withSubject<Payload extends object>(payload: Payload, subject: PropertyKey, value: unknown): Payload {
  const replaced: { [key: PropertyKey]: unknown } = {}
  for (const key of Object.keys(payload)) {
    const field = key === subject ? { value } : Object.getOwnPropertyDescriptor(payload, key)
    if (field?.get === undefined) replaced[key] = field?.value
    else Object.defineProperty(replaced, key, field)
  }
  // The same fields, one of them with a value that was checked to be of its kind.
  return replaced as Payload
}

/** What a hook sees it cannot change but by `modify`. */
function freezeSubject(trigger: HookTrigger, payload: object): void {
  if (trigger === 'beforeBroadcast' && 'event' in payload) deepFreeze(payload.event)
  if (trigger === 'beforeDeliver' && 'content' in payload) deepFreeze(payload.content)
}

/** A hook at a trigger that does not exist would never run: its name is a slip. */
function knownTrigger<T extends HookTrigger>(trigger: T): T {
  if (hookTriggers.includes(trigger)) return trigger
  const nearest = nearestName(trigger, hookTriggers)
  throw new ParleyError({
    code: 'invalid_options',
    message: `There is no trigger "${String(trigger)}".${nearest === undefined ? '' : ` Did you mean "${nearest}"?`}`,
    details: { path: 'trigger', expected: [...hookTriggers] },
  })
}

/** People on a call wait for hooks of the voice in silence. */
function longestMs(trigger: HookTrigger): number {
  const ofCalls: readonly HookTrigger[] = voiceHookTriggers
  return ofCalls.includes(trigger) ? VOICE_HOOK_MS : Infinity
}
