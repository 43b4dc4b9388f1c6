import { toParleyError, type ConversationStore, type ParleyError } from '@parley/spec'

/**
 * Puts the kit's own error in the place of whatever a store throws: `store_unavailable`, with the original as its cause.
 * Errors that are typed already pass as they are.
 */
export function withTypedErrors(store: ConversationStore): ConversationStore {
  // The proxy has every property of the store it stands before.
  return guard(store, (name, value) =>
    name !== 'close' && isObject(value) ? guard(value, (_name, inner) => inner) : value,
  ) as ConversationStore
}

function guard(target: object, pass: (name: string | symbol, value: unknown) => unknown): object {
  const guarded = new Map<string | symbol, unknown>()
  return new Proxy(target, {
    get(inside, name) {
      const known = guarded.get(name)
      if (known !== undefined) return known
      const value: unknown = Reflect.get(inside, name)
      const given = isMethod(value) && name !== 'close' ? withTypedRejection(inside, value) : pass(name, value)
      guarded.set(name, given)
      return given
    },
  })
}

function withTypedRejection(target: object, method: Method): (...given: unknown[]) => unknown {
  return (...given) => {
    try {
      const answer: unknown = Reflect.apply(method, target, given)
      return answer instanceof Promise ? answer.catch(rethrow) : answer
    } catch (thrown) {
      return Promise.reject(typed(thrown))
    }
  }
}

function rethrow(thrown: unknown): never {
  throw typed(thrown)
}

function typed(thrown: unknown): ParleyError {
  return toParleyError(thrown, {
    code: 'store_unavailable',
    message:
      'The store failed before it could answer. Nothing is half done: try again, and look at the cause if it goes on.',
  })
}

type Method = (...given: unknown[]) => unknown

function isMethod(value: unknown): value is Method {
  return typeof value === 'function'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
