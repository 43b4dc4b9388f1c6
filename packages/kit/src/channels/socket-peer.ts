import { ParleyError, type Clock, type RoomEvent } from '@parley/spec'
import type { SharedFrame } from './shared-frame.ts'
import { encodeEvent, encodeResync } from './wire-frames.ts'

/** The part of a socket that a channel writes to. */
export interface Peer {
  send(data: string | Uint8Array): void
  /**
   * Sends a text that is encoded already; with `ws`: `socket.send(utf8, { binary: false })`. A socket that can gets the
   * bytes that all others get, which saves encoding the text for each of them.
   */
  sendText?(utf8: Uint8Array): void
  /** Bytes accepted and not yet handed to the network. */
  readonly bufferedAmount: number
  close(code?: number, reason?: string): void
}

/** A stretch of a room's log, as one reader may see it. */
export interface HistoryPage {
  /** Visible ones, ascending. */
  events: RoomEvent[]
  /** Up to where the log was looked through; at least `after`. */
  upTo: number
  /** The log's latest index. */
  head: number
}

/** A log that has more, but gives nothing so often in a row, cannot be read. */
const MAX_IDLE_READS = 5

/** What a peer needs of its surroundings. */
export interface SocketPeerOptions {
  clock: Pick<Clock, 'monotonicMs'>
  peer: Peer
  participantId: string
  /** The last index the peer has. */
  cursor: number
  /** Bytes that may wait in its buffer. */
  maxBufferedBytes: number
  history(after: number): Promise<HistoryPage>
  /** Whether this person may see the event, beyond what the channel may. */
  isFor(event: RoomEvent, participantId: string): boolean
  /** The peer has everything and gets the rest as it comes. */
  onLive(): void
  /** The peer's buffer is full; `resume` is to be called from time to time. */
  onLag(): void
  /** The peer cannot be written to, or its history cannot be read. */
  onFailure(thrown: unknown): void
}

/**
 * One socket's place in a room's log: replaying what it missed, live, or lagging because it reads too slowly. Each event
 * is sent at most once and in order of index, whatever the state.
 */
export class SocketPeer {
  readonly participantId: string
  readonly #options: SocketPeerOptions
  readonly #peer: Peer
  readonly #maxBufferedBytes: number
  #state: 'replaying' | 'live' | 'lagging' | 'ended' = 'replaying'
  #cursor: number
  /** The highest index that was offered while not live. */
  #missed = -1
  #laggingSinceMs = 0

  constructor(options: SocketPeerOptions) {
    this.#options = options
    this.#peer = options.peer
    this.#maxBufferedBytes = options.maxBufferedBytes
    this.participantId = options.participantId
    this.#cursor = options.cursor
  }

  get isLagging(): boolean {
    return this.#state === 'lagging'
  }

  /** How long its buffer has been full, ms. */
  get laggingForMs(): number {
    return this.isLagging ? this.#options.clock.monotonicMs() - this.#laggingSinceMs : 0
  }

  /** Sends what the peer missed, then goes live. */
  start(): void {
    this.#replay().catch((thrown: unknown) => {
      if (this.#state === 'ended') return
      this.#options.onFailure(thrown)
    })
  }

  /** Takes the next event of the room; `frame` is made once for all peers; `isForAll`: every person may see it. */
  offer(event: RoomEvent, frame: SharedFrame, isForAll: boolean): void {
    const { index } = event
    if (this.#state !== 'live') {
      if (index > this.#missed) this.#missed = index
      return
    }
    if (index <= this.#cursor) return
    if (this.#isFull()) {
      this.#missed = index
      this.#lag()
      return
    }
    this.#cursor = index
    if (isForAll || this.#options.isFor(event, this.participantId)) this.#sendShared(frame)
  }

  /** Ephemerals are only for who keeps up. */
  offerEphemeral(frame: string): void {
    if (this.#state === 'live' && !this.#isFull()) this.#send(frame)
  }

  /** Takes up a lagging peer again once half of its buffer is free. */
  resume(): void {
    const { peer, maxBufferedBytes } = this.#options
    if (this.#state !== 'lagging' || peer.bufferedAmount > maxBufferedBytes / 2) return
    this.#state = 'replaying'
    this.#send(encodeResync(this.#cursor + 1))
    this.start()
  }

  end(): void {
    this.#state = 'ended'
  }

  async #replay(): Promise<void> {
    for (let idleReads = 0; idleReads < MAX_IDLE_READS;) {
      const { events, upTo, head } = await this.#options.history(this.#cursor)
      if (this.#state !== 'replaying') return
      for (const event of events) {
        if (event.index <= this.#cursor) continue
        if (this.#isFull()) return this.#lag()
        this.#cursor = event.index
        if (this.#options.isFor(event, this.participantId)) this.#send(encodeEvent(event))
        if (this.#state !== 'replaying') return
      }
      idleReads = upTo <= this.#cursor && events.length === 0 ? idleReads + 1 : 0
      this.#cursor = Math.max(this.#cursor, upTo)
      if (this.#cursor >= Math.max(head, this.#missed)) {
        this.#state = 'live'
        this.#options.onLive()
        return
      }
    }
    throw new ParleyError({
      code: 'store_unavailable',
      message: `The log after index ${this.#cursor} could not be read, so a socket cannot go on. Connect again.`,
      details: { after: this.#cursor },
    })
  }

  #isFull(): boolean {
    return this.#peer.bufferedAmount > this.#maxBufferedBytes
  }

  #lag(): void {
    this.#state = 'lagging'
    this.#laggingSinceMs = this.#options.clock.monotonicMs()
    this.#options.onLag()
  }

  #sendShared(frame: SharedFrame): void {
    if (this.#peer.sendText === undefined) return this.#send(frame.text)
    try {
      this.#peer.sendText(frame.bytes)
    } catch (thrown) {
      this.#options.onFailure(thrown)
    }
  }

  #send(frame: string): void {
    try {
      this.#peer.send(frame)
    } catch (thrown) {
      this.#options.onFailure(thrown)
    }
  }
}
