import {
  checkOptions,
  ParleyError,
  type Clock,
  type InboundMessage,
  type InboundResult,
  type RoomId,
} from '@parley/spec'
import type { KitCore } from '../core/core.ts'

/** Something that messages come from by themselves: a queue, a mailbox, a subscription. */
export interface InboundSource {
  readonly id: string
  /**
   * Runs until the signal is aborted or the source ends. `emit` gives a message to the kit; await it, for that is how
   * a full kit holds a source back.
   */
  run(context: {
    emit: (message: InboundMessage) => Promise<InboundResult>
    signal: AbortSignal
    clock: Clock
  }): Promise<void>
}

/** How a source is kept running. */
export interface SourceOptions {
  /** Room of all its messages. @default they are routed */
  roomId?: RoomId
  organizationId?: string
  /** `onFailure`: a clean end is the end. @default 'always' */
  restart?: 'always' | 'onFailure'
  /** First delay before a restart, doubling each time. @default 5 000 */
  restartMs?: number
  /** @default 300 000 */
  maxRestartMs?: number
  /** Starts without a minute of health before it is given up. @default no limit */
  maxAttempts?: number
}

/** How a source is doing. */
export interface SourceHealth {
  state: 'running' | 'waiting' | 'ended' | 'exhausted'
  /** Starts since the last minute of health. */
  attempts: number
  emitted: number
  /** Code of the last failure. */
  lastError?: string
  /** When it is started again, ms from now. */
  restartInMs?: number
}

/** Runs sources, and starts them again when they end. */
export interface SourceRunner {
  /** @throws {ParleyError} `invalid_options`, `source_already_attached` */
  attach(source: InboundSource, options?: SourceOptions): void
  /** Resolves when the source has ended, after 5 s at the latest. @throws {ParleyError} `source_not_found` */
  detach(id: string): Promise<void>
  /** @throws {ParleyError} `source_not_found` */
  health(id: string): SourceHealth
  close(): Promise<void>
}

/** What a source must last for its delay to start anew. */
const HEALTHY_MS = 60_000
/** How long a source may take to end. */
const STOP_MS = 5_000
/** Messages of one source that are on their way at a time. */
const MAX_EMITS = 10

interface Attached {
  readonly source: InboundSource
  readonly options: SourceOptions
  readonly stopping: AbortController
  state: SourceHealth['state']
  attempts: number
  emitted: number
  lastError: string | undefined
  restartAtMs: number
  done: Promise<void>
}

/** Makes a runner without sources. */
export function createSourceRunner(
  { clock, framework, reportError }: Pick<KitCore, 'clock' | 'framework' | 'reportError'>,
  process: (
    message: InboundMessage,
    options: { roomId?: RoomId; organizationId?: string; signal: AbortSignal },
  ) => Promise<InboundResult>,
): SourceRunner {
  const sources = new Map<string, Attached>()

  const runToEnd = async (attached: Attached): Promise<void> => {
    const { source, options, stopping } = attached
    const { restart = 'always', restartMs = 5_000, maxRestartMs = 300_000, maxAttempts = Infinity } = options
    const { signal } = stopping
    let delayMs = restartMs
    while (!signal.aborted) {
      const startedMs = clock.monotonicMs()
      attached.state = 'running'
      attached.attempts += 1
      const hasFailed = await runOnce(attached)
      if (signal.aborted) return
      if (clock.monotonicMs() - startedMs >= HEALTHY_MS) {
        delayMs = restartMs
        attached.attempts = 0
      }
      if (!hasFailed && restart === 'onFailure') {
        attached.state = 'ended'
        return
      }
      if (attached.attempts >= maxAttempts) {
        attached.state = 'exhausted'
        framework.emit({ type: 'sourceExhausted', data: { sourceId: source.id, attempts: attached.attempts } })
        return
      }
      attached.state = 'waiting'
      attached.restartAtMs = clock.monotonicMs() + delayMs
      try {
        await clock.sleep(delayMs, { signal })
      } catch {
        return // detached while it waited
      }
      delayMs = Math.min(delayMs * 2, maxRestartMs)
    }
  }

  /** One life of a source; gives whether it failed. */
  const runOnce = async (attached: Attached): Promise<boolean> => {
    const { source, stopping } = attached
    try {
      await source.run({ emit: createEmit(attached), signal: stopping.signal, clock })
      return false
    } catch (thrown) {
      if (stopping.signal.aborted) return false
      const code = ParleyError.isInstance(thrown) ? thrown.code : 'internal_error'
      attached.lastError = code
      framework.emit({ type: 'sourceError', data: { sourceId: source.id, code } })
      reportError(thrown, { stage: 'source' })
      return true
    }
  }

  /** At most ten at a time; further ones wait their turn. */
  const createEmit = (attached: Attached): ((message: InboundMessage) => Promise<InboundResult>) => {
    const { roomId, organizationId } = attached.options
    const { signal } = attached.stopping
    const scope = {
      signal,
      ...(roomId === undefined ? {} : { roomId }),
      ...(organizationId === undefined ? {} : { organizationId }),
    }
    const waiting: (() => void)[] = []
    let running = 0
    return async (message) => {
      if (running < MAX_EMITS) running += 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        signal.throwIfAborted()
        const result = await process(message, scope)
        attached.emitted += 1
        return result
      } finally {
        const next = waiting.shift()
        // The place is handed on, so nobody gets in between.
        if (next === undefined) running -= 1
        else next()
      }
    }
  }

  const find = (id: string): Attached => {
    const attached = sources.get(id)
    if (attached !== undefined) return attached
    throw new ParleyError({
      code: 'source_not_found',
      message: `No source ${id} is attached. Attach it first with kit.attachSource(source).`,
      details: { sourceId: id },
    })
  }

  const stop = async (attached: Attached): Promise<void> => {
    attached.stopping.abort(new DOMException('The source was detached.', 'AbortError'))
    const waited = new AbortController()
    // A source that does not heed its signal is left to itself after a while; what it emits is refused.
    const late = clock.sleep(STOP_MS, { signal: waited.signal }).catch(() => {})
    await Promise.race([attached.done, late])
    waited.abort()
  }

  return {
    attach(source, options = {}) {
      checkSource(source, options)
      if (sources.has(source.id)) {
        throw new ParleyError({
          code: 'source_already_attached',
          message: `A source ${source.id} is attached already. Detach it first.`,
          details: { sourceId: source.id },
        })
      }
      const attached: Attached = {
        source,
        options,
        stopping: new AbortController(),
        state: 'running',
        attempts: 0,
        emitted: 0,
        lastError: undefined,
        restartAtMs: 0,
        done: Promise.resolve(),
      }
      sources.set(source.id, attached)
      framework.emit({ type: 'sourceAttached', data: { sourceId: source.id } })
      attached.done = runToEnd(attached)
    },
    async detach(id) {
      const attached = find(id)
      sources.delete(id)
      await stop(attached)
      framework.emit({ type: 'sourceDetached', data: { sourceId: id } })
    },
    health(id) {
      const { state, attempts, emitted, lastError, restartAtMs } = find(id)
      const health: SourceHealth = { state, attempts, emitted }
      if (lastError !== undefined) health.lastError = lastError
      if (state === 'waiting') health.restartInMs = Math.max(0, restartAtMs - clock.monotonicMs())
      return health
    },
    async close() {
      const all = [...sources.values()]
      sources.clear()
      await Promise.all(all.map(stop))
    },
  }
}

function checkSource(source: InboundSource, options: SourceOptions): void {
  checkOptions('attachSource', options, [
    'roomId',
    'organizationId',
    'restart',
    'restartMs',
    'maxRestartMs',
    'maxAttempts',
  ])
  if (typeof source.id !== 'string' || source.id === '') throw bad('source.id', 'a name')
  const { restartMs = 1, maxRestartMs = 1, maxAttempts = 1 } = options
  for (const [path, value] of Object.entries({ restartMs, maxRestartMs, maxAttempts })) {
    if (!(Number.isFinite(value) && value > 0)) throw bad(path, 'a positive number')
  }
}

function bad(path: string, expected: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `attachSource needs ${expected} as ${path}.`,
    details: { path, expected },
  })
}
