import { ParleyError } from '@parley/spec'
import { z } from 'zod'
import { defineRoomRoute, type Route } from '../http/route.ts'
import type { RoomsService } from '../rooms-service.ts'
import { attachSchema } from './schemas.ts'

/** The channels of a room. */
export function channelRoutes(rooms: RoomsService): Route[] {
  return [
    defineRoomRoute(rooms, {
      method: 'GET',
      path: '/v1/rooms/:id/bindings',
      summary: 'Lists the channels of the room',
      tag: 'channels',
      rights: 'rooms:read',
      answer: 'Bindings',
      handle: async ({ room }) => ({ body: { bindings: await rooms.bindings(room.id) } }),
    }),
    defineRoomRoute(rooms, {
      method: 'POST',
      path: '/v1/rooms/:id/bindings',
      summary: 'Attaches a channel',
      tag: 'channels',
      rights: 'rooms:write',
      body: attachSchema,
      answer: 'Binding',
      status: 201,
      handle: async ({ room, body: { channelId, options } }) => ({
        body: await rooms.attach(room.id, channelId, options),
      }),
    }),
    defineRoomRoute(rooms, {
      method: 'PATCH',
      path: '/v1/rooms/:id/bindings/:channelId',
      summary: 'Changes access, visibility or mute of a channel',
      tag: 'channels',
      rights: 'rooms:write',
      body: z.strictObject({
        access: z.enum(['readWrite', 'readOnly', 'writeOnly', 'none']).optional(),
        visibility: z.enum(['all', 'transport', 'intelligence', 'internal', 'none']).optional(),
        muted: z.boolean().optional(),
      }),
      answer: 'Binding',
      async handle({ room, params, body: { access, visibility, muted } }) {
        const channelId = params['channelId'] ?? ''
        if (access !== undefined) await rooms.setAccess(room.id, channelId, access)
        if (visibility !== undefined) await rooms.setVisibility(room.id, channelId, visibility)
        if (muted !== undefined) await (muted ? rooms.mute(room.id, channelId) : rooms.unmute(room.id, channelId))
        const binding = (await rooms.bindings(room.id)).find((candidate) => candidate.channelId === channelId)
        if (binding !== undefined) return { body: binding }
        throw new ParleyError({
          code: 'channel_not_bound',
          message: `Channel ${channelId} is not attached to room ${room.id}.`,
          details: { roomId: room.id, channelId },
        })
      },
    }),
    defineRoomRoute(rooms, {
      method: 'DELETE',
      path: '/v1/rooms/:id/bindings/:channelId',
      summary: 'Detaches a channel',
      tag: 'channels',
      rights: 'rooms:write',
      answer: 'Bindings',
      async handle({ room, params }) {
        await rooms.detach(room.id, params['channelId'] ?? '')
        return { body: { bindings: await rooms.bindings(room.id) } }
      },
    }),
  ]
}
