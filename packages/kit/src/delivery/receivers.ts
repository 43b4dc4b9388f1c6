import {
  defaultRetryPolicy,
  ParleyError,
  retryDelayMs,
  type Channel,
  type ChannelBinding,
  type Content,
  type DeliveryReport,
  type Json,
  type Room,
  type RoomEvent,
} from '@parley/spec'
import type { KitCore } from '../core/core.ts'
import type { HookScope, SyncOutcome } from '../hooks/hook-engine.ts'
import { createCircuitBreaker, type CircuitBreaker } from './circuit-breaker.ts'
import {
  breakerOpen,
  cannotShow,
  droppedEphemeral,
  notRegistered,
  overRate,
  refusedByHook,
  unexpected,
} from './delivery-errors.ts'
import { attemptDelivery, type AttemptResult } from './delivery-attempt.ts'
import { ReceiverQueue, type BehindEntry, type ReceiverEntry, type ReceiverHost } from './receiver-queue.ts'
import { splitText } from './split-text.ts'
import { createTokenBucket, type TokenBucket } from './token-bucket.ts'
import { transcode } from './transcode.ts'

/** Hands deliveries to each receiver's own ordered queue. */
export interface Receivers {
  /**
   * Calls `done` exactly once, with what became of the delivery; a delivery that is not over when the kit closes is not
   * reported, and made again from the log. The channel is called before this returns if its receiver is idle.
   */
  deliver(event: RoomEvent, binding: ChannelBinding, room: Room, done: (report: DeliveryReport) => void): void
  /** Receivers at work; idle ones are forgotten. */
  readonly size: number
  close(): void
}

/** What receivers need of the kit. */
export type ReceiverParts = Pick<
  KitCore,
  | 'clock'
  | 'ids'
  | 'store'
  | 'logger'
  | 'limits'
  | 'registry'
  | 'hooks'
  | 'framework'
  | 'handle'
  | 'receipt'
  | 'background'
  | 'reportError'
>

/** Makes the receivers of a kit: one queue per room and channel, one breaker and one rate limit per channel. */
export function createReceivers(parts: ReceiverParts): Receivers {
  const { clock, limits, hooks, framework, registry } = parts
  const queues = new Map<string, ReceiverQueue>()
  const breakers = new Map<string, CircuitBreaker>()
  const buckets = new Map<string, TokenBucket>()
  const closed = new AbortController()

  const host: ReceiverHost = {
    limit: limits.receiverQueue,
    run: (entry, queue) => deliverEntry(entry, queue),
    drop: (entry) => entry.done(reportOf(entry, 'skipped', 0, { error: droppedEphemeral(entry) })),
    onBehind(queue, fromIndex) {
      const [roomId = '', channelId = ''] = queue.key.split('\0')
      framework.emit({ type: 'warning', roomId, data: { what: 'receiver.behind', channelId, fromIndex } })
    },
    load: (entries) => loadBehind(parts, entries, closed.signal),
    onIdle: ({ key }) => void queues.delete(key),
  }

  const deliverEntry = (entry: ReceiverEntry, queue: ReceiverQueue): void => {
    const finish = (report: DeliveryReport): void => {
      if (closed.signal.aborted) return
      announce(parts, entry, report)
      try {
        entry.done(report)
      } catch (thrown) {
        parts.reportError(thrown, { stage: 'deliver', roomId: entry.room.id, eventId: entry.event.id })
      }
      queue.ended()
    }
    const channel = registry.get(entry.binding.channelId)
    if (channel === undefined)
      return finish(reportOf(entry, 'skipped', 0, { error: notRegistered(entry.binding.channelId) }))
    const content = transcode(entry.event.content, entry.binding.capabilities)
    if (content === null) return finish(reportOf(entry, 'skipped', 0, { error: cannotShow(entry) }))
    const send = (given: Content): void => {
      deliverParts(entry, channel, fit(given, entry.binding)).then(finish, (thrown: unknown) =>
        finish(reportOf(entry, 'failed', 0, { error: unexpected(thrown) })),
      )
    }
    const scope = scopeOf(entry)
    if (!hooks.has('beforeDeliver', scope)) return send(content)
    const goOn = (outcome: SyncOutcome<'beforeDeliver'>): void => {
      for (const failure of outcome.failures) keepReceipt(parts, entry, 'block', failure)
      hooks.fire('beforeDeliver', outcome.payload, scope)
      if (outcome.blocked === undefined) send(outcome.payload.content)
      else finish(reportOf(entry, 'skipped', 0, { error: refusedByHook(entry, outcome.blocked) }))
    }
    const outcome = hooks.runSync('beforeDeliver', { content, event: entry.event, binding: entry.binding }, scope, {
      signal: closed.signal,
    })
    if (outcome instanceof Promise)
      outcome.then(goOn, (thrown: unknown) => finish(reportOf(entry, 'failed', 0, { error: unexpected(thrown) })))
    else goOn(outcome)
  }

  /** All parts in order, each tried by the policy. Its first call of the channel is made before it returns. */
  const deliverParts = async (entry: ReceiverEntry, channel: Channel, contents: Content[]): Promise<DeliveryReport> => {
    const { event, binding, room } = entry
    const policy = binding.retry ?? defaultRetryPolicy
    const breakerKey =
      room.organizationId === undefined ? binding.channelId : `${room.organizationId}\0${binding.channelId}`
    let attempts = 0
    let first: Extract<AttemptResult, { ok: true }> | undefined
    for (const [part, content] of contents.entries()) {
      const deliveryId = contents.length === 1 ? idOf(event, binding) : `${idOf(event, binding)}#${part + 1}`
      for (let retry = 0; ; retry++) {
        const pass = breakers.get(breakerKey)?.tryPass()
        if (pass?.isAllowed === false) {
          return reportOf(entry, 'failed', attempts, {
            error: breakerOpen(binding.channelId, pass.retryAfterMs),
            retryAfterMs: pass.retryAfterMs,
          })
        }
        const limited = binding.rateLimit === undefined ? undefined : await waitForToken(binding)
        if (limited === undefined) attempts += 1
        const result: AttemptResult =
          limited ??
          (await attemptDelivery(
            channel,
            { deliveryId, event, content, binding, attempt: retry + 1 },
            {
              clock,
              log: parts.logger,
              room: () => parts.handle(event.roomId),
              timeoutMs: limits.deliveryTimeoutMs,
              closing: closed.signal,
            },
          ))
        noteHealth(breakerKey, binding, result)
        if (result.ok) {
          first ??= result
          break
        }
        const { error, retryAfterMs } = result
        const hint = retryAfterMs === undefined ? {} : { retryAfterMs }
        if (!error.retryable || retry >= policy.retries) return reportOf(entry, 'failed', attempts, { error, ...hint })
        await clock.sleep(retryDelayMs(policy, retry + 1, parts.ids.random(), retryAfterMs), { signal: closed.signal })
      }
    }
    const { status = 'sent', providerMessageId } = first ?? {}
    return reportOf(entry, status, attempts, providerMessageId === undefined ? {} : { providerMessageId })
  }

  const noteHealth = (key: string, { channelId }: ChannelBinding, result: AttemptResult): void => {
    let breaker = breakers.get(key)
    if (result.ok) {
      breaker?.succeeded()
      // A breaker that is closed and has seen no failure is no different from none.
      if (breaker !== undefined) breakers.delete(key)
      return
    }
    if (!result.countsAgainstHealth) return breaker?.abstained()
    if (breaker === undefined) {
      const onChange = (state: 'opened' | 'closed'): void =>
        framework.emit({ type: state === 'opened' ? 'breakerOpened' : 'breakerClosed', data: { channelId } })
      breaker = createCircuitBreaker({ clock, onChange })
      breakers.set(key, breaker)
    }
    breaker.failed()
  }

  /** Waits for the channel's rate, at most as long as an attempt may take. */
  const waitForToken = async ({ channelId, rateLimit }: ChannelBinding): Promise<AttemptResult | undefined> => {
    if (rateLimit === undefined) return undefined
    const key = `${channelId}\0${rateLimit.perSecond}\0${rateLimit.burst}`
    const bucket = buckets.get(key) ?? createTokenBucket(clock, rateLimit)
    buckets.set(key, bucket)
    const deadlineMs = clock.monotonicMs() + limits.deliveryTimeoutMs
    for (;;) {
      const waitMs = bucket.take()
      if (waitMs === 0) return undefined
      const leftMs = deadlineMs - clock.monotonicMs()
      await clock.sleep(Math.min(waitMs, Math.max(0, leftMs)), { signal: closed.signal })
      if (waitMs > leftMs)
        return {
          ok: false,
          error: overRate(channelId, waitMs - leftMs),
          retryAfterMs: waitMs - leftMs,
          countsAgainstHealth: false,
        }
    }
  }

  return {
    deliver(event, binding, room, done) {
      const key = `${room.id}\0${binding.channelId}`
      let queue = queues.get(key)
      if (queue === undefined) {
        queue = new ReceiverQueue(key, host)
        queues.set(key, queue)
      }
      queue.push({ event, binding, room, done })
    },
    get size() {
      return queues.size
    },
    close() {
      closed.abort(closing)
      queues.clear()
      breakers.clear()
      buckets.clear()
    },
  }
}

const closing = new ParleyError({
  code: 'kit_closed',
  message: 'The kit is closed; what was not delivered is delivered after the next start.',
})

/** Reads the events of entries again; as long as the store fails, it is asked again. */
async function loadBehind(
  parts: ReceiverParts,
  entries: readonly BehindEntry[],
  signal: AbortSignal,
): Promise<ReceiverEntry[]> {
  for (let retry = 1; ; retry++) {
    try {
      return await readAgain(parts, entries)
    } catch (thrown) {
      signal.throwIfAborted()
      parts.reportError(thrown, {
        stage: 'deliver',
        ...(entries[0] === undefined ? {} : { roomId: entries[0].room.id }),
      })
      await parts.clock.sleep(retryDelayMs(defaultRetryPolicy, retry, parts.ids.random()), { signal })
    }
  }
}

async function readAgain(parts: ReceiverParts, entries: readonly BehindEntry[]): Promise<ReceiverEntry[]> {
  const [first] = entries
  const last = entries.at(-1)
  if (first === undefined || last === undefined) return []
  const found = new Map<number, RoomEvent>()
  for (let after = first.index - 1; after < last.index;) {
    const page = await parts.store.events(first.room.id, { after, before: last.index + 1, limit: 1_000, raw: true })
    if (page.length === 0) break
    for (const event of page) found.set(event.index, event)
    after = page.at(-1)?.index ?? last.index
  }
  return entries.map(({ index, ...entry }) => {
    const event = found.get(index)
    if (event !== undefined) return { ...entry, event }
    throw new ParleyError({
      code: 'store_unavailable',
      message: `Event ${index} of room ${entry.room.id} could not be read again for its delivery. Look at the store: the delivery is tried again until it answers.`,
      details: { roomId: entry.room.id, index },
    })
  })
}

/** Text over the channel's limit becomes several messages, or is cut. */
function fit(content: Content, { capabilities }: ChannelBinding): Content[] {
  const { maxLength, multipart = false } = capabilities
  if (maxLength === undefined || content.type !== 'text' || content.text.length <= maxLength) return [content]
  return splitText(content.text, { maxLength, multipart }).map((text) => ({ ...content, text }))
}

function idOf(event: RoomEvent, { channelId }: ChannelBinding): string {
  return `${event.id}:${channelId}`
}

function scopeOf({ event, binding }: ReceiverEntry): HookScope {
  return {
    roomId: event.roomId,
    channelId: binding.channelId,
    channelType: binding.channelType,
    sourceKind: event.source.kind,
    eventType: event.type,
  }
}

function reportOf(
  { event, binding }: ReceiverEntry,
  status: DeliveryReport['status'],
  attempts: number,
  more: Partial<DeliveryReport>,
): DeliveryReport {
  return { channelId: binding.channelId, deliveryId: idOf(event, binding), status, attempts, ...more }
}

const announced = {
  sent: 'deliverySucceeded',
  queued: 'deliverySucceeded',
  failed: 'deliveryFailed',
  skipped: 'deliverySkipped',
} as const

/** Tells listeners, hooks and receipts what became of a delivery. */
function announce(parts: ReceiverParts, entry: ReceiverEntry, report: DeliveryReport): void {
  const { event, binding } = entry
  const { channelId, deliveryId, status, attempts, error } = report
  const data: { [key: string]: Json } = {
    channelId,
    deliveryId,
    status,
    attempts,
    ...(error === undefined ? {} : { code: error.code }),
  }
  const type = announced[status]
  if (parts.framework.has(type)) parts.framework.emit({ type, roomId: event.roomId, eventId: event.id, data })
  if (error !== undefined) keepReceipt(parts, entry, 'delivery', data)
  const scope = scopeOf(entry)
  if (parts.hooks.has('afterDeliver', scope)) parts.hooks.fire('afterDeliver', { report, event, binding }, scope)
}

function keepReceipt(parts: ReceiverParts, { event }: ReceiverEntry, kind: 'delivery' | 'block', data: Json): void {
  const receipt = parts.receipt(event.roomId, kind, data, event.index < 0 ? {} : { eventIndex: event.index })
  parts.background('receipt', async () => void (await parts.store.receipts.put([receipt])), {
    roomId: event.roomId,
    eventId: event.id,
  })
}
