import { fromWire, toWire, type Json, type RoomId } from '@parley/spec'
import type { Principal } from '../auth/principal.ts'
import type { RoomsService } from '../rooms-service.ts'
import { mayAnswer, openRequests } from '../routes/request-routes.ts'

const eventStart = /^\{"type":"event","index":(\d+),/

/** The index in a frame of an event; undefined for other frames. */
export function eventIndexOf(frame: string): number | undefined {
  const index = eventStart.exec(frame)?.[1]
  return index === undefined ? undefined : Number(index)
}

/**
 * A frame of an event with the index before it in this stream, by which a client notices that something is missing:
 * hidden events leave holes in the indexes, never in this chain. The text of the event is shared, not written again.
 */
export function withPrevious(frame: string, previous: number): string {
  return frame.replace(eventStart, (start) => `${start}"after":${previous},`)
}

/** Whether a frame may be about a request; words of people may look like it, which costs a look and nothing else. */
export function isAboutRequest(frame: string): boolean {
  return frame.includes('"type":"requestOpened"') || frame.includes('"type":"requestClosed"')
}

/**
 * Sends open requests that somebody may answer, each once, and tells when one is closed. Called without a frame at
 * first, then with each frame that may be about a request.
 */
export function createRequestFrames(
  rooms: RoomsService,
  principal: Principal,
  roomId: RoomId,
  send: (type: string, fields: { [key: string]: Json }) => void,
): (frame?: string) => Promise<void> {
  const shown = new Set<string>()
  return async (frame) => {
    const closed = frame === undefined ? undefined : closedRequest(frame)
    if (closed !== undefined) {
      shown.delete(closed.requestId)
      send('request_closed', {
        request_id: closed.requestId,
        status: closed.status,
        ...(closed.by === undefined ? {} : { by: closed.by }),
      })
      return
    }
    for (const request of await openRequests(rooms, principal, roomId)) {
      if (shown.has(request.id) || !mayAnswer(principal, request)) continue
      shown.add(request.id)
      send('request', { request: toWire(request) })
    }
  }
}

interface RequestClosedFrame {
  event?: { type?: string; content?: { data?: { requestId?: string; status?: string; by?: Json } } }
}

function closedRequest(frame: string): { requestId: string; status: string; by: Json | undefined } | undefined {
  // A frame that this server wrote itself; each field is looked at before it is used.
  const { event } = fromWire(JSON.parse(frame)) as RequestClosedFrame
  const { requestId, status, by } = event?.content?.data ?? {}
  if (event?.type !== 'requestClosed' || requestId === undefined || status === undefined) return undefined
  return { requestId, status, by }
}
