import {
  createSystemClock,
  createSystemIds,
  noLogger,
  noTelemetry,
  toParleyError,
  type AgentResponsePolicy,
  type Backplane,
  type ChannelBinding,
  type Clock,
  type ConversationStore,
  type EventDraft,
  type IdentityResolver,
  type IdSource,
  type InboundRouter,
  type Instant,
  type Json,
  type Logger,
  type Receipt,
  type ReceiptKind,
  type Room,
  type RoomHandle,
  type RoomId,
  type RoomLocks,
  type Telemetry,
  type UrlGuard,
} from '@parley/spec'
import { createInProcessBackplane } from '../backplane/in-process-backplane.ts'
import { createLanes } from '../delivery/lanes.ts'
import { createOutbox } from '../delivery/outbox.ts'
import { createHookEngine } from '../hooks/create-hook-engine.ts'
import { takeAdditions } from '../hooks/take-additions.ts'
import { createInboundLimits } from '../inbound/inbound-limits.ts'
import { sendFromChannel } from '../inbound/prepare-send.ts'
import { createInProcessLocks } from '../locks/in-process-locks.ts'
import { trackWaiting } from '../locks/track-waiting.ts'
import { createRequests } from '../requests/requests.ts'
import { createEphemeralHub } from '../rooms/ephemeral-hub.ts'
import { inRoom } from '../rooms/in-room.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { withTypedErrors } from '../store/with-typed-errors.ts'
import { createCascades } from '../turns/cascades.ts'
import { storable } from '../turns/storable.ts'
import { createTurns } from '../turns/turn-queues.ts'
import type { ErrorPlace, SystemDraft } from './core.ts'
import { createChannelRegistry } from './channel-registry.ts'
import { createFrameworkEvents } from './create-framework-events.ts'
import type { KitParts } from './kit-parts.ts'
import { createLaterReceipts } from './later-receipts.ts'
import { resolveLimits, type KitLimits } from './limits.ts'
import type { KitOrchestration } from '../orchestration/kit-orchestration.ts'

/** The ports a kit stands on; each has an embedded default. */
export interface PartsOptions {
  store?: ConversationStore
  clock?: Clock
  ids?: IdSource
  locks?: RoomLocks
  backplane?: Backplane
  telemetry?: Telemetry
  logger?: Logger
  identity?: IdentityResolver
  inboundRouter?: InboundRouter
  guard?: UrlGuard
  limits?: Partial<KitLimits>
  ephemeralTypes?: string[]
  deps?: unknown
}

/** What the parts need of the kit that is made around them. */
export interface PartsHost {
  orchestration(parts: KitParts): KitOrchestration
  handle(roomId: RoomId): RoomHandle
  policy: AgentResponsePolicy
}

/** A kit's parts and the switches that end them. */
export interface AssembledParts {
  parts: KitParts
  /** Refuses new work and aborts what is running. */
  beginClosing(): void
  /** Resolves when all background work has ended. */
  drainBackground(): Promise<void>
  /** Timers, listeners and maps are given back. */
  release(): void
}

/** Puts the parts together. They find each other through the one object, at the time they need each other. */
export function createParts(options: PartsOptions, host: PartsHost): AssembledParts {
  const clock = options.clock ?? createSystemClock()
  const ids = options.ids ?? createSystemIds()
  const limits = resolveLimits(options.limits)
  const logger = options.logger ?? noLogger
  const locks = trackWaiting(options.locks ?? createInProcessLocks({ clock }), (thrown) =>
    reportError(thrown, { stage: 'lock' }),
  )
  const closing = new AbortController()
  const onClose = new Set<() => void>()
  const background = new Map<Promise<void>, RoomId | undefined>()
  const stamp = createStamp(clock)

  const reportError = (thrown: unknown, place: ErrorPlace): void => {
    const error = toParleyError(thrown, {
      code: 'internal_error',
      message: `Something failed in stage ${place.stage}. The error that is its cause tells more.`,
      details: { stage: place.stage },
    })
    logger.error('parley.error', {
      stage: place.stage,
      code: error.code,
      ...(place.roomId === undefined ? {} : { roomId: place.roomId }),
    })
    const scope = place.roomId === undefined ? {} : { roomId: place.roomId }
    if (place.stage !== 'onError' && parts.hooks.has('onError', scope))
      parts.hooks.fire('onError', { error, ...place }, scope)
  }

  const worksOf = (roomId: RoomId): Promise<void>[] => {
    const works: Promise<void>[] = []
    for (const [work, place] of background) if (place === roomId) works.push(work)
    return works
  }

  const framework = createFrameworkEvents((error: unknown) => reportError(error, { stage: 'listener' }))

  // Parts are made one after another; each looks the others up only when it works, so the order is of no account.
  const parts = {
    clock,
    ids,
    limits,
    logger,
    framework,
    deps: options.deps,
    ephemeralTypes: new Set(options.ephemeralTypes ?? []),
    store: options.store === undefined ? createMemoryStore({ clock }) : withTypedErrors(options.store),
    locks,
    backplane: options.backplane ?? createInProcessBackplane(),
    telemetry: options.telemetry ?? noTelemetry,
    identity: options.identity,
    inboundRouter: options.inboundRouter,
    guard: options.guard,
    closing: closing.signal,
    registry: createChannelRegistry(),
    cascades: createCascades(),
    outbox: createOutbox(),
    defaultPolicy: host.policy,
    now: stamp,
    reportError,
    handle: (roomId: RoomId) => host.handle(roomId),
    onClose(run: () => void) {
      onClose.add(run)
      return () => onClose.delete(run)
    },
    background(stage: string, run: (signal: AbortSignal) => Promise<void>, place: Omit<ErrorPlace, 'stage'> = {}) {
      const work = (async () => {
        try {
          await run(closing.signal)
        } catch (error) {
          if (!closing.signal.aborted) reportError(error, { stage, ...place })
        }
      })()
      background.set(work, place.roomId)
      void work.then(() => background.delete(work))
    },
    async idleBackground(roomId: RoomId) {
      parts.laterReceipts.flush()
      const works = worksOf(roomId)
      if (works.length > 0) await Promise.all(works)
    },
    systemDraft(room: Room, draft: SystemDraft) {
      const { type, content, visibility = 'internal', causeId, turnId, metadata = {}, source = systemSource } = draft
      const made: EventDraft = {
        id: ids.next('evt'),
        roomId: room.id,
        type,
        status: 'committed',
        source,
        content,
        visibility,
        addressedTo: null,
        chainDepth: 0,
        createdAt: stamp(),
        metadata,
      }
      if (causeId !== undefined) made.causeId = causeId
      if (turnId !== undefined) {
        made.turnId = turnId
        made.correlationId = turnId
      }
      return made
    },
    receipt: (roomId: RoomId, kind: ReceiptKind, data: Json, also: Partial<Receipt> = {}) => ({
      id: ids.next('rcpt'),
      roomId,
      kind,
      at: stamp(),
      data: storable(data),
      ...also,
    }),
    bindingChanged(binding: ChannelBinding) {
      try {
        parts.registry.get(binding.channelId)?.onBindingChanged?.(binding)
      } catch (error) {
        reportError(error, { stage: 'onBindingChanged', roomId: binding.roomId })
      }
    },
  } as unknown as KitParts // Completed by the assignments below, before anybody gets to see it.

  const writable = parts as { -readonly [Key in keyof KitParts]: KitParts[Key] }
  writable.hooks = createHookEngine({
    channel: (channelId) => parts.registry.get(channelId),
    takeAdditions: (roomId, additions) => takeAdditions(parts, roomId, additions),
    clock,
    limits,
    logger,
    framework,
    reportError,
    closing: closing.signal,
    isLockAwaited: (roomId) => locks.isAwaited(roomId),
  })
  writable.ephemeral = createEphemeralHub({
    clock,
    backplane: parts.backplane,
    now: stamp,
    reportError,
    nodeId: ids.next('node'),
  })
  writable.laterReceipts = createLaterReceipts({
    clock,
    now: stamp,
    receipt: (...given) => parts.receipt(...given),
    write: (roomId, receipts) =>
      parts.background('receipt', async () => void (await parts.store.receipts.put(receipts)), { roomId }),
  })
  writable.inboundLimits = createInboundLimits(clock)
  writable.requests = createRequests(parts)
  writable.lanes = createLanes(parts)
  const turns = createTurns(parts)
  writable.turns = turns
  writable.allTurnsEnded = () => turns.allEnded()
  writable.isAtRest = (roomId, except) =>
    parts.lanes.depth(roomId) === 0 &&
    turns.isIdle(roomId, except) &&
    worksOf(roomId).length === 0 &&
    !parts.laterReceipts.has(roomId)
  writable.inRoom = (roomId, run, o) => inRoom(parts, roomId, run, o)
  writable.sendEvent = (roomId, channelId, input, o) => sendFromChannel(parts, roomId, channelId, input, o)
  const orchestration = host.orchestration(parts)
  writable.orchestration = orchestration
  writable.newRoomOrchestration = () => orchestration.forNewRoom(undefined)
  parts.hooks.add('beforeBroadcast', (payload) => parts.orchestration.route(payload), {
    name: 'conversationRouter',
    priority: -100,
    live: 'pass',
  })

  return {
    parts,
    beginClosing: () => closing.abort(new DOMException('The kit is closing.', 'AbortError')),
    async drainBackground() {
      await turns.drain()
      parts.laterReceipts.flush()
      while (background.size > 0) await Promise.all(background.keys())
    },
    release() {
      for (const run of onClose) run()
      parts.lanes.close()
      parts.cascades.close()
      parts.requests.close()
      parts.ephemeral.close()
      parts.hooks.clear()
      parts.framework.clear()
    },
  }
}

const systemSource = Object.freeze({
  kind: 'system' as const,
  channelType: 'system' as const,
  medium: 'system' as const,
})

/** The wall clock as an instant; one text per millisecond. */
function createStamp(clock: Clock): () => Instant {
  let lastMs = -1
  let last = ''
  return () => {
    const nowMs = clock.now()
    if (nowMs !== lastMs) {
      lastMs = nowMs
      last = new Date(nowMs).toISOString()
    }
    return last
  }
}
