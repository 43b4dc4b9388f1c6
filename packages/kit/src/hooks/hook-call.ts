import {
  ParleyError,
  type Channel,
  type ChannelId,
  type Clock,
  type EventInput,
  type Logger,
  type ObservationInput,
  type RoomId,
  type RoomTaskInput,
} from '@parley/spec'
import type { HookContext, InjectedEvent } from './hook-engine.ts'

/** What a hook added by its context. */
export interface HookAdditions {
  readonly injected: readonly InjectedEvent[]
  readonly tasks: readonly RoomTaskInput[]
  readonly observations: readonly ObservationInput[]
}

const nothing: readonly never[] = Object.freeze([])
const nowhere = (): undefined => undefined

/** One run of one hook: its context, and what it adds. Its parts are made when they are first asked for. */
export class HookCall implements HookContext, HookAdditions {
  readonly roomId: RoomId | undefined
  readonly clock: Clock
  readonly log: Logger
  injected: readonly InjectedEvent[] = nothing
  tasks: readonly RoomTaskInput[] = nothing
  observations: readonly ObservationInput[] = nothing
  #controller: AbortController | undefined
  #ended: { reason: unknown } | undefined

  readonly #lookUp: ((channelId: ChannelId) => Channel | undefined) | undefined

  constructor(
    roomId: RoomId | undefined,
    clock: Clock,
    log: Logger,
    lookUp?: (channelId: ChannelId) => Channel | undefined,
  ) {
    this.#lookUp = lookUp
    this.roomId = roomId
    this.clock = clock
    this.log = log
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#ended !== undefined) this.#controller.abort(this.#ended.reason)
    return this.#controller.signal
  }

  get hasAdditions(): boolean {
    return this.injected.length + this.tasks.length + this.observations.length > 0
  }

  /** A function of its own, so it may be handed on. */
  get channel(): (channelId: ChannelId) => Channel | undefined {
    return this.#lookUp ?? nowhere
  }

  inject(input: EventInput, { to = [] }: { to?: string[] } = {}): void {
    this.#checkOpen('inject')
    this.injected = [...this.injected, { input, to }]
  }

  task(task: RoomTaskInput): void {
    this.#checkOpen('task')
    this.tasks = [...this.tasks, task]
  }

  observation(observation: ObservationInput): void {
    this.#checkOpen('observation')
    this.observations = [...this.observations, observation]
  }

  /** Nothing can be added any more; an aborted run is told so. */
  end(reason?: unknown): void {
    this.#ended = { reason }
    if (reason !== undefined) this.#controller?.abort(reason)
  }

  #checkOpen(what: string): void {
    if (this.#ended === undefined && this.roomId !== undefined) return
    throw new ParleyError({
      code: 'hook_failed',
      message:
        this.roomId === undefined
          ? `There is no room here that ctx.${what}() could add to. Add to a room in a hook that runs in one.`
          : `The hook has ended, so ctx.${what}() adds nothing. Await your work before returning.`,
      details: { call: what },
    })
  }
}
