import { ParleyError, type Json } from '@parley/spec'
import type { ScopedState } from '../step/step-context.ts'
import { cloneJson } from './copy-json.ts'
import { toStateValue, type RunState } from './run-state.ts'
import type { Scope } from './scope.ts'

/** The state as one attempt sees it; its writes are held back until the attempt has succeeded. */
export interface StateView {
  readonly state: ScopedState
  /** What the attempt has written. */
  readonly writes: ReadonlyMap<string, Json>
}

/** Opens the state for one attempt. Nothing that is reachable from it leads around the scope. */
export function openStateView(run: RunState, scope: Scope): StateView {
  const writes = new Map<string, Json>()
  const read = (key: string): Json | undefined => (writes.has(key) ? writes.get(key) : run.get(key))
  const state: ScopedState = {
    get(key: string, ...fallback: unknown[]): Json {
      scope.checkRead(key)
      const value = read(key)
      if (value !== undefined) return cloneJson(value)
      // The overloads of the interface give a fallback its own type.
      if (fallback.length > 0) return fallback[0] as Json
      throw new ParleyError({
        code: 'state_missing',
        message: `The state has no key "${key}". Give a fallback, state.get("${key}", null), or let an earlier step write it.`,
        details: { key },
      })
    },
    set(key, value) {
      scope.checkWrite(key)
      const copied = toStateValue(key, value)
      const next = new Map(writes).set(key, copied)
      run.check(next)
      writes.set(key, copied)
    },
    has: (key) => scope.canRead(key) && (writes.has(key) || run.has(key)),
    keys: () => visibleKeys(),
    snapshot: () => Object.fromEntries(visibleKeys().map((key) => [key, cloneJson(read(key) ?? null)])),
  }
  const visibleKeys = (): string[] => [...new Set([...run.keys(), ...writes.keys()])].filter(scope.canRead)
  return { state: Object.freeze(state), writes }
}
