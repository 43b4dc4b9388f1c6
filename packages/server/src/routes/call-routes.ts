import { ParleyError, type RoomId } from '@parley/spec'
import { z } from 'zod'
import type { CallService } from '../calls/call-service.ts'
import { holdsRight, rights, type Principal, type Right } from '../auth/principal.ts'
import { defineRoomRoute, defineRoute, roomFor, type Route } from '../http/route.ts'
import type { RoomsService } from '../rooms-service.ts'
import { actingPerson } from './acting-person.ts'
import { actingPerson as actingPersonField, idSchema } from './schemas.ts'
import { withoutUndefined } from './without-undefined.ts'

const tag = 'calls'

/** Calls of a room: prepared here, their media comes by the socket `/v1/calls/{callId}/media`. */
export function callRoutes(rooms: RoomsService, calls: CallService): Route[] {
  return [
    defineRoomRoute(rooms, {
      method: 'POST',
      path: '/v1/rooms/:id/calls',
      summary:
        'Prepares a call of a person with the agents of the room, or with `mode` a leg of the desk on its live call, and gives the token its media connects with',
      tag,
      rights: ['rooms:write', 'desk:answer', 'calls:supervise'],
      allowsRoomToken: true,
      body: z.strictObject({
        agentId: idSchema.optional(),
        language: z.string().min(1).max(64).optional(),
        recording: z.boolean().optional(),
        mode: z.enum(['takeover', 'monitor', 'whisperAgent', 'whisperHuman', 'barge']).optional(),
        ...actingPersonField,
      }),
      answer: 'OpenedCall',
      status: 201,
      async handle({ room, principal, body: { participantId, mode, ...call } }) {
        const person = actingPerson(principal, participantId)
        checkRight(principal, mode)
        const opened = calls.open({
          ...withoutUndefined(call),
          ...(mode === undefined ? {} : { desk: { mode, rights: rightsOf(principal) } }),
          roomId: room.id,
          participantId: person,
          identity: `${principal.id}:${person}`,
        })
        return { body: opened }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/calls',
      summary: 'Lists all live calls, and how long those whose line is lost may still come back',
      tag,
      rights: ['rooms:read', 'desk:answer', 'calls:supervise'],
      answer: 'Calls',
      async handle({ principal }) {
        const live = calls.live()
        const known = await Promise.all(live.map(async ({ roomId }) => isRoomOf(rooms, roomId, principal)))
        return { body: { calls: live.filter((_, at) => known[at]) } }
      },
    }),
    defineRoomRoute(rooms, {
      method: 'GET',
      path: '/v1/rooms/:id/calls',
      summary: 'Lists the live calls of a room',
      tag,
      rights: ['rooms:read', 'desk:answer', 'calls:supervise'],
      answer: 'Calls',
      handle: async ({ room }) => ({ body: { calls: calls.live(room.id) } }),
    }),
    defineRoomRoute(rooms, {
      method: 'POST',
      path: '/v1/rooms/:id/calls/:callId/end',
      summary: 'Ends a live call',
      tag,
      rights: ['rooms:write', 'desk:answer'],
      answer: 'Calls',
      async handle({ room, params }) {
        await calls.end(room.id, params['callId'] ?? '')
        return { body: { calls: calls.live(room.id) } }
      },
    }),
  ]
}

/** Whether the room exists for this principal. */
async function isRoomOf(rooms: RoomsService, roomId: RoomId, principal: Principal): Promise<boolean> {
  try {
    await roomFor(rooms, roomId, principal)
    return true
  } catch (error) {
    if (ParleyError.isInstance(error) && error.code === 'room_not_found') return false
    throw error
  }
}

/** @throws {ParleyError} `forbidden` */
function checkRight(principal: Principal, mode: string | undefined): void {
  if (mode === undefined && principal.room !== undefined) return
  const needed: Right = mode === undefined ? 'rooms:write' : mode === 'takeover' ? 'desk:answer' : 'calls:supervise'
  if (principal.room === undefined && holdsRight(principal, [needed])) return
  throw new ParleyError({
    code: 'forbidden',
    message: `This needs the right ${needed}.`,
    details: { rights: [needed] },
  })
}

function rightsOf(principal: Principal): Right[] {
  return rights.filter((right) => holdsRight(principal, [right]))
}
