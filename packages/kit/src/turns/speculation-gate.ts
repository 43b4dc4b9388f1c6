import type { ChatRequest, RoomEvent } from '@parley/spec'
import type { HookMap, HookTrigger, SyncTrigger } from '../hooks/hook-map.ts'
import type { EarlyCall, TurnServices } from '../core/turn-services.ts'

/** What a turn may do before its message is certain, and what waits until it is. */
export interface Gate {
  readonly services: TurnServices
  readonly isAdopted: boolean
  /** Settles when it is known whether the message came. */
  readonly decided: Promise<void>
  /** A request whose answer has not been told. */
  readonly unanswered: ChatRequest | undefined
  /** The message came: everything that waited goes on. */
  adopt(): void
  /** All that was made before has been said: calls that waited may run. */
  caughtUp(): void
  /** It did not, or the turn is over: what still waits is forgotten. */
  abort(): void
}

/**
 * Keeps a turn from doing anything that can be noticed: hooks of the kind that only watch, receipts, work in the
 * background and questions to people wait until its message has come.
 */
export function gateServices(services: TurnServices, event: RoomEvent): Gate {
  const adopted = Promise.withResolvers<void>()
  const decided = Promise.withResolvers<void>()
  const waiting: (() => void)[] = []
  const calls: EarlyCall[] = []
  let state: 'open' | 'adopted' | 'aborted' = 'open'
  let unanswered: ChatRequest | undefined
  const later = (run: () => void): void => {
    if (state === 'adopted') run()
    else if (state === 'open') waiting.push(run)
  }
  const gated: TurnServices = {
    ...services,
    speculation: {
      get isAdopted() {
        return state === 'adopted'
      },
      adopted: adopted.promise,
      ran: (call) => void calls.push(call),
    },
    history: async (limit) => {
      const events = await services.history(limit)
      return events.some(({ id }) => id === event.id) ? events : [...events, event].slice(-Math.max(1, limit))
    },
    async runHook<T extends SyncTrigger>(trigger: T, payload: HookMap[T]['payload']) {
      const outcome = await services.runHook(trigger, payload)
      // The payload of this hook is the request that is sent next.
      if (trigger === 'beforeModelCall' && outcome.blocked === undefined)
        unanswered = (outcome.payload as HookMap['beforeModelCall']['payload']).request
      return outcome
    },
    fire<T extends HookTrigger>(trigger: T, payload: HookMap[T]['payload']) {
      if (trigger === 'onModelResponse') unanswered = undefined
      later(() => services.fire(trigger, payload))
    },
    async receipt(kind, data) {
      if (state === 'adopted') return services.receipt(kind, data)
      later(() => services.background(() => services.receipt(kind, data)))
    },
    progress: (...told) => later(() => services.progress(...told)),
    reportError: (...told) => later(() => services.reportError(...told)),
    background: (run) => later(() => services.background(run)),
    async request(spec) {
      await adopted.promise
      return services.request(spec)
    },
  }
  return {
    services: gated,
    get isAdopted() {
      return state === 'adopted'
    },
    decided: decided.promise,
    get unanswered() {
      return unanswered
    },
    adopt() {
      if (state !== 'open') return
      state = 'adopted'
      for (const run of waiting.splice(0)) run()
      for (const call of calls.splice(0)) call.commit()
      decided.resolve()
    },
    caughtUp() {
      if (state === 'adopted') adopted.resolve()
    },
    abort() {
      if (state !== 'open') return
      state = 'aborted'
      waiting.length = 0
      for (const call of calls.splice(0)) call.abort()
      decided.resolve()
    },
  }
}
