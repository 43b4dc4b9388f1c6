import { ParleyError, type RoomStatus } from '@parley/spec'
import { z } from 'zod'
import { defineRoomRoute, defineRoute, type Route } from '../http/route.ts'
import type { RoomsService } from '../rooms-service.ts'
import { roomForPerson } from '../streams/for-person.ts'
import { idSchema, limitSchema, newRoomSchema, metadataSchema } from './schemas.ts'
import { withoutUndefined } from './without-undefined.ts'

const tag = 'rooms'
const statuses: [RoomStatus, ...RoomStatus[]] = ['active', 'paused', 'closed', 'archived']

/** Rooms themselves: made, listed, read, changed, closed and opened again. */
export function roomRoutes(rooms: RoomsService): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/v1/rooms',
      summary: 'Opens a room',
      tag,
      rights: 'rooms:write',
      body: newRoomSchema,
      answer: 'Room',
      status: 201,
      handle: async ({ body, principal: { organizationId } }) => ({
        body: await rooms.createRoom(withoutUndefined({ ...withoutUndefined(body), organizationId })),
      }),
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/rooms',
      summary: 'Lists rooms',
      tag,
      rights: 'rooms:read',
      query: z.strictObject({
        status: z.enum(statuses).optional(),
        mode: z.enum(['agent', 'human', 'paused']).optional(),
        cursor: idSchema.optional(),
        limit: limitSchema.default(50),
      }),
      answer: 'RoomPage',
      async handle({ query: { status, mode, cursor, limit }, principal: { organizationId } }) {
        const page = await rooms.store.findRooms(
          withoutUndefined({ status, mode, limit, after: cursor, organizationId }),
        )
        // A store without an organization in the filter gives rooms of all of them; those are nobody's but their own.
        const own = page.items.filter((room) => room.organizationId === organizationId)
        return { body: withoutUndefined({ rooms: own, nextCursor: page.next }) }
      },
    }),
    defineRoomRoute(rooms, {
      method: 'GET',
      path: '/v1/rooms/:id',
      summary: 'Reads a room',
      tag,
      rights: 'rooms:read',
      allowsRoomToken: true,
      answer: 'Room',
      handle: ({ room, principal }) => ({
        body: principal.room === undefined ? room : roomForPerson(room),
        headers: { etag: `"${room.version}"` },
      }),
    }),
    defineRoomRoute(rooms, {
      method: 'PATCH',
      path: '/v1/rooms/:id',
      summary: 'Changes metadata, timers or policy of the version named by the header if-match',
      tag,
      rights: 'rooms:write',
      body: z.strictObject({
        metadata: z.strictObject({ set: metadataSchema.optional(), unset: z.array(z.string()).optional() }).optional(),
        timers: newRoomSchema.shape.timers,
        agentResponsePolicy: newRoomSchema.shape.agentResponsePolicy,
      }),
      answer: 'Room',
      async handle({ room, request, body: { metadata, timers, agentResponsePolicy } }) {
        const patch = {
          timers,
          agentResponsePolicy,
          metadata: metadata === undefined ? undefined : withoutUndefined(metadata),
          expectedVersion: versionIn(request),
        }
        return { body: await rooms.store.patchRoom(room.id, withoutUndefined(patch)) }
      },
    }),
    closing('DELETE', '/v1/rooms/:id'),
    closing('POST', '/v1/rooms/:id/close'),
    defineRoomRoute(rooms, {
      method: 'POST',
      path: '/v1/rooms/:id/reopen',
      summary: 'Opens a closed room again',
      tag,
      rights: 'rooms:write',
      answer: 'Room',
      async handle({ room }) {
        await rooms.reopen(room.id)
        return { body: await rooms.getRoom(room.id) }
      },
    }),
  ]

  function closing(method: 'DELETE' | 'POST', path: string): Route {
    return defineRoomRoute(rooms, {
      method,
      path,
      summary: 'Closes a room',
      tag,
      rights: 'rooms:write',
      body: z.strictObject({ reason: z.string().max(1_000).optional() }),
      answer: 'Room',
      async handle({ room, body }) {
        await rooms.closeRoom(room.id, withoutUndefined(body))
        return { body: await rooms.getRoom(room.id) }
      },
    })
  }
}

/** @throws {ParleyError} `invalid_options` when the request does not say which version it changes */
function versionIn(request: Request): number {
  const match = /^(?:W\/)?"?(\d+)"?$/.exec(request.headers.get('if-match') ?? '')
  if (match?.[1] !== undefined) return Number(match[1])
  throw new ParleyError({
    code: 'invalid_options',
    message: 'Say which version you change: send the etag of the room in the header if-match.',
    details: { path: 'if-match', expected: 'the version of the room' },
  })
}
