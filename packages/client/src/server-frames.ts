import {
  fromWire,
  ParleyError,
  type EphemeralEvent,
  type Json,
  type Participant,
  type PendingRequest,
  type Room,
  type RoomEvent,
} from '@parley/spec'
import { detailsOf, isErrorCode, isObject } from './http-client.ts'

/** Live text of an agent; the committed event with the same `segmentId` replaces it. */
export interface OutputDelta {
  from: string
  turnId: string
  segmentId: string
  seq: number
  text: string
}

/** What a server says on a room's socket. */
export type ServerFrame =
  | { type: 'welcome'; room: Room; participant: Participant | null; head: number }
  | { type: 'event'; index: number; after: number; event: RoomEvent }
  | { type: 'delta'; delta: OutputDelta }
  | { type: 'ephemeral'; event: Pick<EphemeralEvent, 'type' | 'from' | 'at' | 'data'> }
  | { type: 'ack'; idempotencyKey: string; index: number; duplicate: boolean }
  | { type: 'request'; request: PendingRequest }
  | { type: 'requestClosed'; requestId: string; status: string; by?: Json }
  | { type: 'error'; error: ParleyError; ref?: string }
  | { type: 'resync'; from: number }
  | { type: 'pong' }

/** Reads a frame; undefined for one that is of a newer server or damaged. */
export function parseServerFrame(data: string | Uint8Array): ServerFrame | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(typeof data === 'string' ? data : '')
  } catch {
    return undefined
  }
  const frame = fromWire(parsed)
  if (!isObject(frame)) return undefined
  // What is checked here is what this client decides by; the rest is the server's, which is of the same release.
  switch (frame['type']) {
    case 'welcome':
      return typeof frame['head'] === 'number' && isObject(frame['room'])
        ? (frame as unknown as ServerFrame)
        : undefined
    case 'event':
      return typeof frame['index'] === 'number' && typeof frame['after'] === 'number' && isObject(frame['event'])
        ? (frame as unknown as ServerFrame)
        : undefined
    case 'delta': {
      const { type: _type, ...delta } = frame
      return typeof delta['text'] === 'string' ? { type: 'delta', delta: delta as unknown as OutputDelta } : undefined
    }
    case 'ephemeral':
      return isObject(frame['event']) ? (frame as unknown as ServerFrame) : undefined
    case 'ack':
      return typeof frame['idempotencyKey'] === 'string' && typeof frame['index'] === 'number'
        ? (frame as unknown as ServerFrame)
        : undefined
    case 'request':
      return isObject(frame['request']) ? (frame as unknown as ServerFrame) : undefined
    case 'request_closed': {
      const { requestId, status, by } = frame
      if (typeof requestId !== 'string' || typeof status !== 'string') return undefined
      return { type: 'requestClosed', requestId, status, ...(by === undefined ? {} : { by: by as Json }) }
    }
    case 'error':
      return {
        type: 'error',
        error: toError(frame),
        ...(typeof frame['ref'] === 'string' ? { ref: frame['ref'] } : {}),
      }
    case 'resync':
      return typeof frame['from'] === 'number' ? { type: 'resync', from: frame['from'] } : undefined
    case 'pong':
      return { type: 'pong' }
    default:
      return undefined
  }
}

function toError({ code, message, retryable, details }: Record<string, unknown>): ParleyError {
  return new ParleyError({
    code: isErrorCode(code) ? code : 'internal_error',
    message: typeof message === 'string' ? message : 'The server refused and gave no reason. Check what was sent.',
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
    details: detailsOf(details),
  })
}
