import {
  nearestName,
  ParleyError,
  type BlockReason,
  type Channel,
  type ChannelId,
  type Clock,
  type Disposer,
  type Json,
  type Logger,
  type RoomId,
} from '@parley/spec'
import type { ErrorPlace } from '../core/core.ts'
import type { FrameworkEvents } from '../core/framework-events.ts'
import type { KitLimits } from '../core/limits.ts'
import { deepFreeze } from '../store/deep-freeze.ts'
import { isBlockReason, subjectFault } from './check-subject.ts'
import { HookCall, type HookAdditions } from './hook-call.ts'
import type { HookEngine, HookScope, SyncOutcome } from './hook-engine.ts'
import { hookTriggers, syncTriggers, type HookMap, type HookTrigger, type SyncTrigger } from './hook-map.ts'
import { voiceHookTriggers, VOICE_HOOK_MS } from './voice-hooks.ts'
import { createHookRegistry, matchesScope, mayMatchScope, type RegisteredHook } from './hook-registry.ts'

/** What the engine stands on. */
export interface HookEngineOptions {
  clock: Clock
  limits: Pick<KitLimits, 'syncHookTimeoutMs' | 'asyncHookTimeoutMs' | 'processTimeoutMs'>
  logger: Logger
  framework: FrameworkEvents
  reportError(thrown: unknown, place: ErrorPlace): void
  /** A registered channel, for hooks that decide whom to ask. */
  channel?: (channelId: ChannelId) => Channel | undefined
  /** Aborted when the kit closes: watching hooks are told, their timers end. */
  closing: AbortSignal
  /** Takes what a watching hook added to its room. @default such additions are refused */
  takeAdditions?: (roomId: RoomId, additions: HookAdditions) => void
  /** Whether work waits for the lock of a room: a hook that runs out of time may itself be what waits. */
  isLockAwaited?: (roomId: RoomId) => boolean
}

/** A sync hook that is slower is reported. */
const SLOW_HOOK_MS = 50

const untouched: readonly never[] = Object.freeze([])
/** Triggers whose first answer decides. */
const firstDecisionWins: ReadonlySet<SyncTrigger> = new Set<SyncTrigger>(['onIdentityUnknown', 'onIdentityAmbiguous'])

/** Makes the engine that runs users' functions at the triggers of `HookMap`. */
export function createHookEngine(options: HookEngineOptions): HookEngine {
  const { clock, limits, logger, framework, reportError, closing } = options
  const hooks = createHookRegistry()
  const observers = createHookRegistry()
  const watching = new Set<(reason: unknown) => void>()
  let wakeSettled: (() => void)[] = []

  closing.addEventListener('abort', () => {
    for (const stop of watching) stop(closing.reason)
  })

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
    const waitsForLock = isAtLock && roomId !== undefined && options.isLockAwaited?.(roomId) === true
    const hint = waitsForLock
      ? ` Meanwhile work waited for the lock of room ${roomId}, which is held while this hook runs: a hook must not await a message to its own room; add it with ctx.inject().`
      : ' Do slow work in an observer, or raise timeoutMs.'
    return new ParleyError({
      code: 'hook_timeout',
      message: `The hook ${hook.name} on ${hook.trigger} took longer than ${timeoutMs} ms.${hint}`,
      details: { hook: hook.name, trigger: hook.trigger, timeoutMs, waitsForLock },
    })
  }

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

  /** Starts one watching hook; what becomes of it concerns nobody else. */
  function watch(hook: RegisteredHook, payload: unknown, scope: HookScope): void {
    const { roomId } = scope
    const call = new HookCall(roomId, clock, logger, options.channel)
    const finish = (): void => {
      call.end()
      if (!call.hasAdditions || roomId === undefined) return
      if (options.takeAdditions === undefined) {
        reportFailure(
          hook,
          roomId,
          invalidResult(hook, 'nothing added: only hooks that run before a commit may add to a room'),
        )
      } else options.takeAdditions(roomId, call)
    }
    let answer: unknown
    try {
      // As above: the payload is of the trigger the hook was added for.
      answer = hook.run(payload as never, call)
    } catch (thrown) {
      call.end(thrown)
      reportFailure(hook, roomId, toHookError(hook, thrown))
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
      const error = timeoutError(hook, timeoutMs, roomId, false)
      end(() => {
        call.end(error)
        reportFailure(hook, roomId, error)
      })
    })
    watching.add(stop)
    answer.then(
      () => end(finish),
      (thrown: unknown) => end(() => reportFailure(hook, roomId, toHookError(hook, thrown))),
    )
  }

  const startWatching = (list: readonly RegisteredHook[], payload: unknown, scope: HookScope): void => {
    for (const hook of list) if (!hook.isRemoved && matchesScope(hook, scope)) watch(hook, payload, scope)
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
      if (!Object.hasOwn(syncTriggers, trigger)) startWatching(hooks.of(trigger, scope.roomId), payload, scope)
      startWatching(observers.of(trigger, scope.roomId), payload, scope)
    },
    holdsLive: (scope) =>
      hooks.of('beforeBroadcast', scope.roomId).some((hook) => hook.holdsLive && mayMatchScope(hook, scope)),
    removeRoom(roomId) {
      hooks.removeRoom(roomId)
      observers.removeRoom(roomId)
    },
    async settled() {
      while (watching.size > 0) await new Promise<void>((resolve) => wakeSettled.push(resolve))
    },
    clear() {
      hooks.clear()
      observers.clear()
      wakeSettled = []
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

type Decision =
  | { action: 'allow' }
  | { action: 'block'; reason: BlockReason; message?: string }
  | { action: 'modify'; subject: unknown }

function readAnswer(answer: unknown): Decision | undefined {
  if (answer === undefined) return { action: 'allow' }
  if (typeof answer !== 'object' || answer === null || !('action' in answer)) return undefined
  if (answer.action === 'allow') return { action: 'allow' }
  if (answer.action === 'modify' && 'subject' in answer) return { action: 'modify', subject: answer.subject }
  if (answer.action !== 'block' || !('reason' in answer) || !isBlockReason(answer.reason)) return undefined
  // `isBlockReason` has seen it.
  const reason = answer.reason as BlockReason
  return 'message' in answer && typeof answer.message === 'string'
    ? { action: 'block', reason, message: answer.message }
    : { action: 'block', reason }
}

function invalidResult(hook: RegisteredHook, expected: string): ParleyError {
  return new ParleyError({
    code: 'hook_result_invalid',
    message: `The hook ${hook.name} on ${hook.trigger} answered with something that cannot be applied: ${expected}.`,
    details: { hook: hook.name, trigger: hook.trigger, expected },
  })
}

/** What a hook threw says nothing to people; it stays in `cause`. */
function toHookError(hook: RegisteredHook, thrown: unknown): ParleyError {
  if (ParleyError.isInstance(thrown) && (thrown.code === 'hook_timeout' || thrown.code === 'hook_result_invalid'))
    return thrown
  return new ParleyError({
    code: 'hook_failed',
    message: `The hook ${hook.name} on ${hook.trigger} failed. Its error is the cause of this one.`,
    details: { hook: hook.name, trigger: hook.trigger },
    cause: thrown,
  })
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
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
