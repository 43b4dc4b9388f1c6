import { checkOptions, ParleyError, type Disposer, type RoomId } from '@parley/spec'
import { syncTriggers, type HookTrigger } from './hook-map.ts'
import type { HookContext, HookOptions, HookScope } from './hook-engine.ts'

/** A registered function; its trigger says what its payload is. */
export interface RegisteredHook {
  readonly name: string
  readonly trigger: HookTrigger
  readonly run: (payload: never, context: HookContext) => unknown
  readonly priority: number
  readonly order: number
  readonly timeoutMs: number | undefined
  /** What its failure means. */
  readonly isClosed: boolean
  /** May it change text that is shown while it is written? */
  readonly holdsLive: boolean
  readonly options: HookOptions
  isRemoved: boolean
}

type Lists = Map<HookTrigger, RegisteredHook[]>

/** Hooks by trigger, those of all rooms and those of one. */
export interface HookRegistry {
  add(trigger: HookTrigger, run: RegisteredHook['run'], options?: HookOptions): Disposer
  /** Hooks of the trigger for a room, by priority, then order of registration. Not to be changed. */
  of(trigger: HookTrigger, roomId: RoomId | undefined): readonly RegisteredHook[]
  removeRoom(roomId: RoomId): void
  clear(): void
}

const none: readonly RegisteredHook[] = []
const knownOptions = [
  'name',
  'priority',
  'timeoutMs',
  'roomId',
  'channelTypes',
  'channelIds',
  'sourceKinds',
  'eventTypes',
  'onFailure',
  'redacts',
  'live',
]

/** Makes an empty registry. Lists are replaced, never changed, so a run that goes on is not disturbed. */
export function createHookRegistry(): HookRegistry {
  const everywhere: Lists = new Map()
  const byRoom = new Map<RoomId, Lists>()
  let registered = 0

  const put = (lists: Lists, hook: RegisteredHook): void => {
    const list = lists.get(hook.trigger) ?? none
    const after = list.findIndex((other) => isBefore(hook, other))
    lists.set(hook.trigger, after === -1 ? [...list, hook] : [...list.slice(0, after), hook, ...list.slice(after)])
  }

  const drop = (lists: Lists, hook: RegisteredHook): void => {
    const left = (lists.get(hook.trigger) ?? none).filter((other) => other !== hook)
    if (left.length === 0) lists.delete(hook.trigger)
    else lists.set(hook.trigger, left)
  }

  return {
    add(trigger, run, options = {}) {
      checkHook(trigger, run, options)
      registered += 1
      const hook = toRegistered(trigger, run, options, registered)
      const { roomId } = options
      if (roomId === undefined) put(everywhere, hook)
      else {
        const lists = byRoom.get(roomId) ?? new Map<HookTrigger, RegisteredHook[]>()
        byRoom.set(roomId, lists)
        put(lists, hook)
      }
      return () => {
        if (hook.isRemoved) return
        hook.isRemoved = true
        const lists = roomId === undefined ? everywhere : byRoom.get(roomId)
        if (lists === undefined) return
        drop(lists, hook)
        if (roomId !== undefined && lists.size === 0) byRoom.delete(roomId)
      }
    },
    of(trigger, roomId) {
      const all = everywhere.get(trigger) ?? none
      const own = roomId === undefined || byRoom.size === 0 ? undefined : byRoom.get(roomId)?.get(trigger)
      return own === undefined
        ? all
        : all.length === 0
          ? own
          : [...all, ...own].toSorted((a, b) => (isBefore(a, b) ? -1 : 1))
    },
    removeRoom(roomId) {
      for (const list of byRoom.get(roomId)?.values() ?? []) for (const hook of list) hook.isRemoved = true
      byRoom.delete(roomId)
    },
    clear() {
      everywhere.clear()
      byRoom.clear()
    },
  }
}

/** Filters are ANDed; a missing one matches all. */
export function matchesScope({ options }: RegisteredHook, scope: HookScope): boolean {
  return (
    (options.roomId === undefined || options.roomId === scope.roomId) &&
    includes(options.channelTypes, scope.channelType) &&
    includes(options.channelIds, scope.channelId) &&
    includes(options.sourceKinds, scope.sourceKind) &&
    includes(options.eventTypes, scope.eventType)
  )
}

/** Whether a hook could be for events of a scope of which not everything is known. */
export function mayMatchScope({ options }: RegisteredHook, scope: HookScope): boolean {
  return (
    (options.roomId === undefined || scope.roomId === undefined || options.roomId === scope.roomId) &&
    (scope.channelType === undefined || includes(options.channelTypes, scope.channelType)) &&
    (scope.channelId === undefined || includes(options.channelIds, scope.channelId)) &&
    (scope.sourceKind === undefined || includes(options.sourceKinds, scope.sourceKind)) &&
    (scope.eventType === undefined || includes(options.eventTypes, scope.eventType))
  )
}

function includes<T>(wanted: readonly T[] | undefined, value: T | undefined): boolean {
  return wanted === undefined || (value !== undefined && wanted.includes(value))
}

function isBefore(one: RegisteredHook, other: RegisteredHook): boolean {
  return one.priority === other.priority ? one.order < other.order : one.priority < other.priority
}

function toRegistered(
  trigger: HookTrigger,
  run: RegisteredHook['run'],
  options: HookOptions,
  order: number,
): RegisteredHook {
  const onFailure = isSync(trigger) ? syncTriggers[trigger].onFailure : 'open'
  return {
    name: options.name ?? (run.name === '' ? `${trigger}#${order}` : run.name),
    trigger,
    run,
    priority: options.priority ?? 0,
    order,
    timeoutMs: options.timeoutMs,
    isClosed: onFailure === 'closed' || options.onFailure === 'closed' || options.redacts === true,
    holdsLive: options.live !== 'pass',
    options,
    isRemoved: false,
  }
}

function isSync(trigger: HookTrigger): trigger is keyof typeof syncTriggers {
  return Object.hasOwn(syncTriggers, trigger)
}

function checkHook(trigger: HookTrigger, run: unknown, options: HookOptions): void {
  checkOptions(`hook ${trigger}`, options, knownOptions)
  if (typeof run !== 'function') throw bad(trigger, 'hook', 'a function')
  const { priority = 0, timeoutMs = 1, onFailure, live } = options
  // Options also come from plain JavaScript, where the types hold nobody back.
  const given: unknown = onFailure
  const givenLive: unknown = live
  if (!Number.isFinite(priority)) throw bad(trigger, 'priority', 'a number')
  if (!(Number.isFinite(timeoutMs) && timeoutMs > 0)) throw bad(trigger, 'timeoutMs', 'milliseconds above 0')
  if (given !== undefined && given !== 'closed')
    throw bad(trigger, 'onFailure', "'closed', for a failure can only be made stricter")
  if (givenLive !== undefined && givenLive !== 'hold' && givenLive !== 'pass')
    throw bad(trigger, 'live', "'hold' or 'pass'")
}

function bad(trigger: HookTrigger, path: string, expected: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `The hook on ${trigger} has a ${path} that is not allowed. Give ${expected}.`,
    details: { path, expected },
  })
}
