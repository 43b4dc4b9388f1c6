import { encodeEphemeral } from '@parley/kit'
import { ParleyError, type Clock, type Room } from '@parley/spec'
import { z } from 'zod'
import type { Principal } from '../auth/principal.ts'
import { defineRoomRoute, defineRoute, type Route } from '../http/route.ts'
import type { RoomsService } from '../rooms-service.ts'
import type { LiveSummaries } from '../streams/live-summaries.ts'
import { readAlong } from '../streams/read-along.ts'
import { readerOf, type Reader } from '../streams/reader.ts'
import type { RoomTails } from '../streams/room-tails.ts'
import { sseResponse, type SseSink } from '../streams/sse-stream.ts'
import { indexSchema } from './schemas.ts'

const retryMs = 1_000

/** What routes that stream need. */
export interface StreamRouteOptions {
  rooms: RoomsService
  tails: RoomTails
  live: LiveSummaries
  clock: Clock
  webChannelId: string
  /** Aborted when the server drains. */
  draining: AbortSignal
  /** Counts the stream as an open connection. @throws {ParleyError} `connection_limit` */
  enter(request: Request): () => void
  onError(error: unknown, roomId: string): void
}

/** Streams of server-sent events: one room's log, or summaries of all rooms. */
export function streamRoutes(options: StreamRouteOptions): Route[] {
  const { rooms, live, clock, webChannelId, draining, enter } = options
  return [
    defineRoomRoute(rooms, {
      method: 'GET',
      path: '/v1/rooms/:id/stream',
      summary: 'Streams the log of a room from an index on, and what passes by; `id` is the index',
      tag: 'events',
      rights: 'rooms:read',
      allowsRoomToken: true,
      query: z.strictObject({ after: indexSchema.optional() }),
      answer: 'Event',
      answerType: 'text/event-stream',
      handle({ room, request, principal, query }) {
        const after = startAfter(request, query.after, room)
        return stream(request, (sink) =>
          followRoom(options, { room, after, sink, reader: readerOf(principal, webChannelId) }),
        )
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/live',
      summary: 'Streams one summary per room that changes, at most every half second',
      tag: 'rooms',
      rights: ['rooms:read', 'calls:supervise'],
      answer: 'LiveSummary',
      answerType: 'text/event-stream',
      handle: ({ request, principal }) => stream(request, (sink) => followAll(live, principal, sink)),
    }),
  ]

  function stream(request: Request, start: (sink: SseSink) => void): Response {
    const leave = enter(request)
    return sseResponse(
      clock,
      (sink) => {
        sink.signal.addEventListener('abort', leave, { once: true })
        draining.addEventListener('abort', () => sink.end(retryMs), { once: true, signal: sink.signal })
        start(sink)
      },
      request.signal,
    )
  }
}

/** @throws {ParleyError} `invalid_options` for a `Last-Event-ID` that is no index */
function startAfter(request: Request, asked: number | undefined, room: Room): number {
  const last = request.headers.get('last-event-id')
  if (last !== null && !/^\d+$/.test(last)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'last-event-id is not an index of this log.',
      details: { path: 'last-event-id', expected: 'the id of the last event received' },
    })
  }
  // Nothing is after the end of the log; what comes will be.
  return Math.min(last === null ? (asked ?? room.latestIndex) : Number(last), room.latestIndex)
}

function followRoom(
  { tails, onError }: StreamRouteOptions,
  { room, after, sink, reader }: { room: Room; after: number; sink: SseSink; reader: Reader },
): void {
  readAlong(tails, {
    roomId: room.id,
    reader,
    after,
    signal: sink.signal,
    isReady: () => sink.drained(),
    onEvent: ({ index, json }) => sink.send({ event: 'event', id: String(index), data: json }),
    onEphemeral(event) {
      if (!sink.hasRoom) return
      sink.send({ event: event.type === 'outputDelta' ? 'delta' : 'ephemeral', data: encodeEphemeral(event) })
    },
    onError(error) {
      onError(error, room.id)
      sink.end(retryMs) // the reader comes back from where it is
    },
  })
}

function followAll(live: LiveSummaries, { organizationId }: Principal, sink: SseSink): void {
  const stop = live.follow(organizationId, (summary) => {
    if (sink.hasRoom) sink.send({ event: 'room', data: JSON.stringify(summary) })
  })
  sink.signal.addEventListener('abort', stop, { once: true })
}
