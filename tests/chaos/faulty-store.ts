import type { ConversationStore } from '@parley/spec'

const families = [
  'bindings',
  'tombstones',
  'participants',
  'identities',
  'tasks',
  'observations',
  'requests',
  'readMarkers',
  'receipts',
  'reminders',
  'toolResults',
]
const methods = [
  'createRoom',
  'getRoom',
  'updateRoom',
  'patchRoom',
  'findRooms',
  'findLatestRoom',
  'roomsByChannel',
  'dueRooms',
  'commit',
  'events',
  'tail',
  'getEvent',
  'eventByIdempotencyKey',
  'eventCount',
  'redact',
  'advanceDelivered',
  'undelivered',
  'loadContext',
]

/** Every method of a store by its path: `commit`, `bindings.put`. */
export const storeMethods: readonly string[] = [
  ...methods,
  ...families.flatMap((family) => ['get', 'put', 'list', 'remove'].map((method) => `${family}.${method}`)),
]

/** A store whose methods fail when a test says so: `before` they did anything, or `after`, when only the answer is lost. */
export interface FaultyStore {
  store: ConversationStore
  /** The next `times` calls of the method fail. */
  fail(method: string, how?: { times?: number; when?: 'before' | 'after'; error?: () => unknown }): void
  /** No method fails from now on. */
  heal(): void
  /** How often methods failed. */
  readonly failures: number
}

/** Puts faults around a store. */
export function faultyStore(inner: ConversationStore): FaultyStore {
  const armed = new Map<string, { times: number; when: 'before' | 'after'; error: () => unknown }>()
  let failures = 0
  const wrap = (target: object, path: string, name: string): unknown => {
    const value: unknown = Reflect.get(target, name)
    if (typeof value !== 'function') return value
    return async (...given: unknown[]): Promise<unknown> => {
      const fault = armed.get(path)
      if (fault === undefined || fault.times <= 0) return value.apply(target, given)
      fault.times -= 1
      failures += 1
      if (fault.when === 'after') await value.apply(target, given)
      throw fault.error()
    }
  }
  const wrapAll = (target: object, prefix: string): object =>
    new Proxy(target, {
      get(inside, name) {
        if (typeof name !== 'string') return Reflect.get(inside, name)
        if (prefix === '' && families.includes(name)) return wrapAll(Reflect.get(inside, name), `${name}.`)
        return wrap(inside, `${prefix}${name}`, name)
      },
    })
  return {
    // The proxy has every property of the store it stands before.
    store: wrapAll(inner, '') as ConversationStore,
    fail: (
      method,
      { times = 1, when = 'before', error = () => new Error('connect ECONNREFUSED 10.0.0.7:5432') } = {},
    ) => {
      armed.set(method, { times, when, error })
    },
    heal: () => armed.clear(),
    get failures() {
      return failures
    },
  }
}
