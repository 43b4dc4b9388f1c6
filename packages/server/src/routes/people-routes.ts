import type { Participant, Room } from '@parley/spec'
import { z } from 'zod'
import type { RoomTokens } from '../auth/room-tokens.ts'
import { defineRoomRoute, type Route } from '../http/route.ts'
import type { RoomsService } from '../rooms-service.ts'
import { actingPerson } from './acting-person.ts'
import { actingPerson as actingPersonField, idSchema, metadataSchema, roleSchema } from './schemas.ts'
import { withoutUndefined } from './without-undefined.ts'

/** What the routes of people need. */
export interface PeopleRouteOptions {
  rooms: RoomsService
  tokens: RoomTokens
  webChannelId: string
  newParticipantId(): string
}

const memberSchema = z.strictObject({
  participantId: idSchema.optional(),
  displayName: z.string().min(1).max(200).optional(),
  role: roleSchema.optional(),
  metadata: metadataSchema.optional(),
})

/** Who is in a room, and how far they have read. */
export function peopleRoutes({ rooms, tokens, webChannelId, newParticipantId }: PeopleRouteOptions): Route[] {
  const join = async (room: Room, fields: z.infer<typeof memberSchema>): Promise<Participant> => {
    const bound = await rooms.bindings(room.id)
    if (!bound.some(({ channelId }) => channelId === webChannelId)) await rooms.attach(room.id, webChannelId)
    const { participantId = newParticipantId(), ...rest } = fields
    return rooms.addMember(room.id, { ...withoutUndefined(rest), id: participantId, channelId: webChannelId })
  }
  const tag = 'people'
  return [
    defineRoomRoute(rooms, {
      method: 'POST',
      path: '/v1/rooms/:id/join',
      summary: 'Lets a person in by the web and gives a token for this room alone, valid for at most an hour',
      tag,
      rights: ['rooms:write', 'desk:answer'],
      body: memberSchema.extend({ ttlMs: z.int().positive().max(3_600_000).optional() }),
      answer: 'Joined',
      status: 201,
      async handle({ room, principal: { organizationId }, body: { ttlMs, ...fields } }) {
        const participant = await join(room, fields)
        const { token, expiresAtMs } = tokens.issue({
          roomId: room.id,
          participantId: participant.id,
          role: participant.role,
          ...withoutUndefined({ organizationId, ttlMs }),
        })
        return { body: { room, participant, token, expiresAt: new Date(expiresAtMs).toISOString() } }
      },
    }),
    defineRoomRoute(rooms, {
      method: 'GET',
      path: '/v1/rooms/:id/participants',
      summary: 'Lists the members',
      tag,
      rights: 'rooms:read',
      allowsRoomToken: true,
      answer: 'Participants',
      handle: async ({ room }) => ({ body: { participants: await rooms.members(room.id) } }),
    }),
    defineRoomRoute(rooms, {
      method: 'POST',
      path: '/v1/rooms/:id/participants',
      summary: 'Adds a member who is connected by the web',
      tag,
      rights: 'rooms:write',
      body: memberSchema,
      answer: 'Participant',
      status: 201,
      handle: async ({ room, body }) => ({ body: await join(room, body) }),
    }),
    defineRoomRoute(rooms, {
      method: 'DELETE',
      path: '/v1/rooms/:id/participants/:participantId',
      summary: 'Removes a member',
      tag,
      rights: 'rooms:write',
      answer: 'Participants',
      async handle({ room, params }) {
        await rooms.removeMember(room.id, params['participantId'] ?? '')
        return { body: { participants: await rooms.members(room.id) } }
      },
    }),
    defineRoomRoute(rooms, {
      method: 'GET',
      path: '/v1/rooms/:id/read_markers',
      summary: 'Lists how far each member has read',
      tag,
      rights: 'rooms:read',
      allowsRoomToken: true,
      answer: 'ReadMarkers',
      handle: async ({ room }) => ({ body: { readMarkers: await rooms.readMarkers(room.id) } }),
    }),
    defineRoomRoute(rooms, {
      method: 'POST',
      path: '/v1/rooms/:id/read',
      summary: 'Says how far a member has read',
      tag,
      rights: ['rooms:write', 'rooms:read'],
      allowsRoomToken: true,
      body: z.strictObject({ index: z.int().min(0), ...actingPersonField }),
      answer: 'ReadMarkers',
      async handle({ room, principal, body: { index, participantId } }) {
        await rooms.markRead(room.id, actingPerson(principal, participantId), index)
        return { body: { readMarkers: await rooms.readMarkers(room.id) } }
      },
    }),
  ]
}
