import type { Clock, DeliveryQueue, QueuedDelivery, RoomId } from '@parley/spec'

/** Options of `createDeliveryQueue`. */
export interface DeliveryQueueOptions {
  clock: Pick<Clock, 'monotonicMs'>
  /** How long a worker may hold an item before it goes back. @default 30 000 */
  leaseMs?: number
  /** Failures after which an item is a dead letter. @default 3 */
  maxFailures?: number
  /** Told of each dead letter: that is a `deliveryFailed`. */
  onDeadLetter?: (item: QueuedDelivery, error: { code: string; message: string }) => void
}

interface Item {
  readonly id: string
  readonly roomId: RoomId
  readonly payload: QueuedDelivery['payload']
  failures: number
  attempts: number
  leasedUntilMs: number | undefined
}

/**
 * Makes a queue of this process. Items leave in order; those of one room stay in order, for none is handed out before an
 * earlier one that somebody else holds. Leases are looked at when somebody asks, so no timer is kept.
 */
export function createDeliveryQueue(options: DeliveryQueueOptions): DeliveryQueue {
  const { clock, leaseMs = 30_000, maxFailures = 3, onDeadLetter } = options
  const items = new Map<string, Item>()
  const dead = new Map<string, Item>()

  const fail = (item: Item, error: { code: string; message: string }): void => {
    item.leasedUntilMs = undefined
    item.failures += 1
    if (item.failures < maxFailures) return
    items.delete(item.id)
    dead.set(item.id, item)
    onDeadLetter?.(toQueued(item), error)
  }

  /** A worker that let its lease run out counts as one that failed. */
  const takeBack = (): void => {
    const nowMs = clock.monotonicMs()
    for (const item of items.values()) {
      if (item.leasedUntilMs !== undefined && item.leasedUntilMs <= nowMs) fail(item, expired)
    }
  }

  return {
    async enqueue({ id, roomId, payload }) {
      if (items.has(id) || dead.has(id)) return
      items.set(id, { id, roomId, payload, failures: 0, attempts: 0, leasedUntilMs: undefined })
    },
    async dequeue(_workerId, n) {
      takeBack()
      const taken: QueuedDelivery[] = []
      const heldRooms = new Set<RoomId>()
      for (const item of items.values()) {
        if (item.leasedUntilMs !== undefined) heldRooms.add(item.roomId)
      }
      const leasedUntilMs = clock.monotonicMs() + leaseMs
      for (const item of items.values()) {
        if (taken.length >= n) break
        if (heldRooms.has(item.roomId)) continue
        item.leasedUntilMs = leasedUntilMs
        item.attempts += 1
        taken.push(toQueued(item))
      }
      return taken
    },
    async ack(id) {
      items.delete(id)
    },
    async nack(id, error) {
      const item = items.get(id)
      // Without a lease it has gone back already, and failed for that.
      if (item?.leasedUntilMs !== undefined) fail(item, error)
    },
    async deadLetters() {
      takeBack()
      return [...dead.values()].map(toQueued)
    },
    async depth() {
      return items.size
    },
  }
}

const expired = {
  code: 'delivery_timeout',
  message:
    'The worker that held the delivery did not finish it in time. Look why workers are slow, or give them a longer lease.',
}

function toQueued({ id, roomId, payload, attempts }: Item): QueuedDelivery {
  return { id, roomId, payload, attempts }
}
