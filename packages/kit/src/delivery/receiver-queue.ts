import type { ChannelBinding, DeliveryReport, Room, RoomEvent } from '@parley/spec'

/** One delivery that waits, or is being made. */
export interface ReceiverEntry {
  event: RoomEvent
  binding: ChannelBinding
  room: Room
  done: (report: DeliveryReport) => void
}

/** What is remembered of a delivery whose event is read from the log again when its turn comes. */
export type BehindEntry = Omit<ReceiverEntry, 'event'> & { index: number }

/** What the queues of a kit share. */
export interface ReceiverHost {
  /** Most waiting deliveries whose events are held in memory. */
  readonly limit: number
  /** Makes one delivery; `queue.ended()` is called once, at once or later. */
  run(entry: ReceiverEntry, queue: ReceiverQueue): void
  /** An ephemeral event found no room. */
  drop(entry: ReceiverEntry): void
  /** The receiver is behind from this index on. */
  onBehind(queue: ReceiverQueue, index: number): void
  /** Reads events again, in order of `entries`; rejects only when the kit closes. */
  load(entries: readonly BehindEntry[]): Promise<ReceiverEntry[]>
  onIdle(queue: ReceiverQueue): void
}

/** How much of the log is read at once by a receiver that is behind. */
const PAGE = 100

/**
 * The ordered queue of one receiver: one delivery at a time, in order. It is bounded: when full, the oldest ephemeral
 * event gives way; a committed event is never dropped but remembered by its index and read from the log later.
 */
export class ReceiverQueue {
  readonly key: string
  readonly #host: ReceiverHost
  readonly #waiting: ReceiverEntry[] = []
  #behind: BehindEntry[] | undefined
  #isBusy = false
  #isPumping = false
  #isLoading = false

  constructor(key: string, host: ReceiverHost) {
    this.key = key
    this.#host = host
  }

  /** Starts the delivery at once if none is running. */
  push(entry: ReceiverEntry): void {
    const isEphemeral = entry.event.index < 0
    if (this.#behind !== undefined && !isEphemeral) return this.#remember(entry)
    if (this.#waiting.length >= this.#host.limit) {
      const oldest = this.#waiting.findIndex(({ event }) => event.index < 0)
      const [dropped] = oldest === -1 ? [] : this.#waiting.splice(oldest, 1)
      if (dropped !== undefined) this.#host.drop(dropped)
      else if (isEphemeral) return this.#host.drop(entry)
      else return this.#remember(entry)
    }
    this.#waiting.push(entry)
    this.#pump()
  }

  /** The delivery that was being made is over. */
  ended(): void {
    this.#isBusy = false
    this.#pump()
  }

  #remember({ event, binding, room, done }: ReceiverEntry): void {
    if (this.#behind === undefined) {
      this.#behind = []
      this.#host.onBehind(this, event.index)
    }
    this.#behind.push({ index: event.index, binding, room, done })
  }

  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    while (!this.#isBusy) {
      const entry = this.#waiting.shift()
      if (entry === undefined) break
      this.#isBusy = true
      this.#host.run(entry, this)
    }
    this.#isPumping = false
    if (this.#isBusy || this.#isLoading) return
    if (this.#behind === undefined) this.#host.onIdle(this)
    else this.#catchUp(this.#behind)
  }

  #catchUp(behind: BehindEntry[]): void {
    this.#isLoading = true
    const page = behind.slice(0, PAGE)
    this.#host.load(page).then((entries) => {
      behind.splice(0, page.length)
      if (behind.length === 0) this.#behind = undefined
      // Ephemeral events that came meanwhile are newer.
      this.#waiting.unshift(...entries)
      this.#isLoading = false
      this.#pump()
    }, closed)
  }
}

/** The kit closes: what is left is delivered from the log after the next start. */
function closed(): void {}
