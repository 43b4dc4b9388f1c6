import type { Clock, Disposer } from '@parley/spec'
import type { FaultList } from './faults.ts'

/** A message of the double. */
export type ServerMessage = { type: string; [key: string]: unknown }

/** Sends the messages of one session, with the faults that concern how they travel. */
export interface Outbox {
  send(message: ServerMessage, options?: { endsUtterance?: boolean; delayMs?: number }): void
  /** Ends the socket after what was sent. */
  end(code: number, reason?: string): void
  close(): void
}

/** What of a socket of `ws` is needed; named here so that users of the double need no types of that library. */
interface SendingSocket {
  readonly readyState: number
  readonly OPEN: number
  send(data: string | Uint8Array): void
  send(data: string | Uint8Array, options: { binary?: boolean; fin?: boolean; compress?: boolean }): void
  close(code: number, reason?: string): void
  terminate(): void
}

/** Makes the outbox of one session. */
export function createOutbox({ ws, clock, faults }: { ws: SendingSocket; clock: Clock; faults: FaultList }): Outbox {
  const timers = new Set<Disposer>()
  let sent = 0
  let isDead = false
  let held: ServerMessage[] | undefined
  let swapped: ServerMessage | undefined
  /** While set, all waits in line. */
  let line: ServerMessage[] | undefined

  const later = (ms: number, run: () => void): void => {
    const dispose = clock.setTimer(ms, () => {
      timers.delete(dispose)
      run()
    })
    timers.add(dispose)
  }
  const stallFor = (ms: number, first: ServerMessage): void => {
    line = [first]
    later(ms, () => {
      const waiting = line ?? []
      line = undefined
      for (const message of waiting) put(message)
    })
  }
  const write = (text: string): void => {
    if (isDead || ws.readyState !== ws.OPEN) return
    if (faults.take('drip') !== undefined) {
      const bytes = Buffer.from(text)
      bytes.forEach((_, n) =>
        ws.send(bytes.subarray(n, n + 1), { binary: false, fin: n === bytes.length - 1, compress: false }),
      )
      return
    }
    ws.send(text)
  }
  const malformed = {
    json: '{"type": "Results", "chan',
    missing: '{"type":"Results"}',
    type: '{"type":"Results","channel":7}',
    unknown: '{"type":"Weather","mood":"fair"}',
    empty: '',
  }

  const put = (message: ServerMessage): void => {
    if (isDead) return
    const hasCome = ({ afterMessages = 0 }: { afterMessages?: number }): boolean => sent >= afterMessages
    if (line !== undefined) {
      line.push(message)
      return
    }
    const stall = faults.take('stall', hasCome)
    const slowFirst = sent === 0 ? faults.take('slowFirst') : undefined
    if (stall !== undefined || slowFirst !== undefined) {
      stallFor(stall?.ms ?? slowFirst?.ms ?? 0, message)
      return
    }
    if (faults.take('silentDeath', hasCome) !== undefined) {
      isDead = true
      return
    }
    const drop = faults.take('drop', hasCome)
    if (drop !== undefined) {
      if (drop.midMessage === true) ws.send(JSON.stringify(message).slice(0, 20), { fin: false })
      isDead = true
      if (drop.code === undefined) ws.terminate()
      else ws.close(drop.code, (drop.reason ?? '').slice(0, 123))
      return
    }
    const broken = faults.take('malformed')
    if (broken !== undefined) write(malformed[broken.how])
    const oversize = faults.take('oversize')
    if (oversize !== undefined) write(JSON.stringify({ type: 'Weather', mood: 'x'.repeat(oversize.bytes) }))
    if (swapped === undefined && faults.take('reorder') !== undefined) {
      swapped = message
      return
    }
    write(JSON.stringify(message))
    sent += 1
    if (faults.take('duplicate', ({ type }) => type === message.type) !== undefined) write(JSON.stringify(message))
    if (swapped !== undefined) {
      write(JSON.stringify(swapped))
      swapped = undefined
      sent += 1
    }
  }

  return {
    send(message, { endsUtterance = false, delayMs = 0 } = {}) {
      const late = faults.take('late', ({ type }) => type === message.type)
      const ms = delayMs + (late?.ms ?? 0)
      if (ms > 0) return later(ms, () => put(message))
      if (held === undefined && faults.take('burst') !== undefined) held = []
      if (held === undefined) return put(message)
      held.push(message)
      if (!endsUtterance) return
      const waiting = held
      held = undefined
      for (const each of waiting) put(each)
    },
    end(code, reason = '') {
      if (!isDead) ws.close(code, reason.slice(0, 123))
    },
    close() {
      for (const dispose of timers) dispose()
      timers.clear()
    },
  }
}
