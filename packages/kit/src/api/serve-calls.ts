import { callChecks } from './call-checks.ts'
import type { KitApi } from './kit-api.ts'

/** Calls that answer at once; all others answer a wrong argument with a rejected promise. */
const direct: ReadonlySet<string> = new Set<keyof KitApi>([
  'register',
  'replace',
  'unregister',
  'channels',
  'publish',
  'subscribe',
  'hook',
  'observe',
  'on',
  'joinHandoffs',
  'attachSource',
  'sourceHealth',
  'steer',
  'runningTurns',
  'room',
])

/** Calls that a closed kit still answers: they read, or take something back. */
const answeredClosed: ReadonlySet<string> = new Set<keyof KitApi>([
  'getRoom',
  'room',
  'unregister',
  'channels',
  'bindings',
  'members',
  'isMember',
  'settled',
  'events',
  'thread',
  'receipts',
  'tasks',
  'observations',
  'markRead',
  'markAllRead',
  'readMarkers',
  'pendingRequests',
  'state',
  'joinHandoffs',
  'humanQueue',
  'detachSource',
  'sourceHealth',
  'runningTurns',
  'ready',
  'close',
])

/** Where the calls of one kit are found. */
export interface ServedCalls<K> {
  apiOf(kit: K): KitApi
  /** @throws {ParleyError} `kit_closed` */
  checkOpen(kit: K): void
}

/**
 * Gives a kit's class its calls. Before each comes the check of its arguments: input that has not the shape its types
 * say, as plain JavaScript may give it, ends in `invalid_options` before it reaches a part that relies on them; then
 * whether the kit is open.
 */
export function serveCalls<K extends object>(prototype: K, { apiOf, checkOpen }: ServedCalls<K>): void {
  for (const [call, checks] of Object.entries(callChecks)) {
    const name = call as keyof KitApi // The keys of the table are the calls: its type says so.
    const needsOpen = !answeredClosed.has(call)
    const served = function (this: K, ...given: unknown[]): unknown {
      let api: KitApi
      try {
        for (let at = 0; at < checks.length; at += 1) checks[at]?.(given[at], at === 0 ? 'argument' : 'options', call)
        api = apiOf(this)
        if (needsOpen) checkOpen(this)
      } catch (error) {
        if (direct.has(call)) throw error
        return Promise.reject(error)
      }
      return Reflect.apply(api[name], undefined, given)
    }
    Object.defineProperty(prototype, call, { value: served, writable: true, configurable: true })
  }
}
