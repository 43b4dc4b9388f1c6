import type { Clock, Disposer, Instant, Json, Receipt, ReceiptKind, RoomId } from '@parley/spec'

/** Receipts that nobody waits for. */
export interface LaterReceipts {
  /** Notes one as of now; it is written together with others once the loop turns. */
  add(roomId: RoomId, kind: ReceiptKind, data: Json, also?: Partial<Receipt>): void
  /** Whether some of the room are not written yet. */
  has(roomId: RoomId): boolean
  /** Writes what was noted so far at once. */
  flush(): void
}

/** What they need of the kit. */
export interface LaterReceiptParts {
  clock: Clock
  now(): Instant
  receipt(roomId: RoomId, kind: ReceiptKind, data: Json, also?: Partial<Receipt>): Receipt
  /** Writes receipts of one room in the background. */
  write(roomId: RoomId, receipts: Receipt[]): void
}

/**
 * Collects receipts of one turn of the event loop: what they tell of (a reply's first sound, say) is not kept waiting by
 * the books, and the store is asked once for all of a room.
 */
export function createLaterReceipts({ clock, now, receipt, write }: LaterReceiptParts): LaterReceipts {
  let noted: { roomId: RoomId; kind: ReceiptKind; data: Json; also: Partial<Receipt> }[] = []
  let stop: Disposer | undefined

  const flush = (): void => {
    stop?.()
    stop = undefined
    const rooms = new Map<RoomId, Receipt[]>()
    for (const { roomId, kind, data, also } of noted) {
      const receipts = rooms.get(roomId) ?? []
      rooms.set(roomId, receipts)
      receipts.push(receipt(roomId, kind, data, also))
    }
    noted = []
    for (const [roomId, receipts] of rooms) write(roomId, receipts)
  }

  return {
    add(roomId, kind, data, also) {
      noted.push({ roomId, kind, data, also: { at: now(), ...also } })
      stop ??= clock.setTimer(0, flush)
    },
    has: (roomId) => noted.some((each) => each.roomId === roomId),
    flush,
  }
}
