import type { Socket } from '@parley/spec'
import type { TwilioSettings } from './twilio-options.ts'

/** Has what goes over a call's socket written down, both ways; without a recorder the socket is left as it is. */
export function recordWire(socket: Socket, { record, recordText, clock }: TwilioSettings): Socket {
  if (record === undefined) return socket
  const openedAtMs = clock.monotonicMs()
  let callSid = ''
  const note = (direction: 'in' | 'out', text: string): void => {
    const atMs = Math.round(clock.monotonicMs() - openedAtMs)
    record({ atMs, direction, text: recordText ? text : maskMessage(text) }, callSid)
  }
  async function* read(): AsyncGenerator<string | Uint8Array> {
    for await (const frame of socket.frames) {
      if (typeof frame === 'string') {
        if (callSid === '') callSid = /"callSid":"(CA[0-9a-f]{32})"/.exec(frame)?.[1] ?? ''
        note('in', frame)
      }
      yield frame
    }
  }
  return {
    send(data) {
      if (typeof data === 'string') note('out', data)
      socket.send(data)
    },
    ping: () => socket.ping(),
    close: (code, reason) => socket.close(code, reason),
    frames: { [Symbol.asyncIterator]: read },
    closed: socket.closed,
    get bufferedAmount() {
      return socket.bufferedAmount
    },
  }
}

/** Leaves the shape and takes the words: sounds become silence of equal length, parameters and keys become empty. */
function maskMessage(text: string): string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return '' // What cannot be read cannot be masked either.
  }
  return JSON.stringify(value, (key, part: unknown) => {
    if (key === 'payload') return typeof part === 'string' ? silenceLike(part) : ''
    if (key === 'digit') return '0'
    if (key !== 'customParameters' || typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.keys(part).map((name) => [name, '']))
  })
}

/** Mu-law silence is 0xFF, which base64 writes as slashes. */
function silenceLike(payload: string): string {
  return Buffer.alloc(Buffer.from(payload, 'base64').length, 0xff).toString('base64')
}
