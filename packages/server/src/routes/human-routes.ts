import { ParleyError, type HandoffResult } from '@parley/spec'
import { z } from 'zod'
import { defineRoomRoute, defineRoute, type Reply, type Route } from '../http/route.ts'
import type { RoomsService } from '../rooms-service.ts'
import { actingPerson, actorOf } from './acting-person.ts'
import { actingPerson as actingPersonField, jsonSchema, limitSchema } from './schemas.ts'
import { withoutUndefined } from './without-undefined.ts'

const tag = 'desk'
const reason = z.string().max(1_000)

/** What people of the desk do: wait lists, taking over, handing back, coaching, pausing. */
export function humanRoutes(rooms: RoomsService): Route[] {
  const stateOf = async (roomId: string): Promise<Reply> => ({ body: await rooms.state(roomId) })
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/desk/queue',
      summary: 'Lists rooms that wait for a person, most urgent first',
      tag,
      rights: ['desk:answer', 'calls:supervise'],
      query: z.strictObject({ limit: limitSchema.default(50) }),
      answer: 'Queue',
      handle: async ({ query, principal: { organizationId } }) => ({
        body: { entries: await rooms.humanQueue(withoutUndefined({ ...query, organizationId })) },
      }),
    }),
    defineRoomRoute(rooms, {
      method: 'POST',
      path: '/v1/rooms/:id/claim',
      summary: 'Takes a room that waits for a person; exactly one wins',
      tag,
      rights: 'desk:answer',
      body: z.strictObject({ ...actingPersonField }),
      answer: 'State',
      async handle({ room, principal, body: { participantId } }) {
        const claimed = await rooms.claim(room.id, actingPerson(principal, participantId))
        if (claimed.ok) return stateOf(room.id)
        throw new ParleyError({
          code: 'human_taken',
          message: `Room ${room.id} was taken by ${claimed.takenBy}.`,
          details: { takenBy: claimed.takenBy },
        })
      },
    }),
    defineRoomRoute(rooms, {
      method: 'POST',
      path: '/v1/rooms/:id/takeover',
      summary: 'Takes a room over at once, whatever it is doing',
      tag,
      rights: 'desk:answer',
      body: z.strictObject({ reason: reason.optional(), ...actingPersonField }),
      answer: 'State',
      async handle({ room, principal, body: { participantId, ...options } }) {
        const result = await rooms.takeover(room.id, actingPerson(principal, participantId), withoutUndefined(options))
        handoffReply(result)
        return stateOf(room.id)
      },
    }),
    defineRoomRoute(rooms, {
      method: 'POST',
      path: '/v1/rooms/:id/handback',
      summary: 'Gives a room back to an agent',
      tag,
      rights: 'desk:answer',
      body: z.strictObject({
        target: z.string().min(1),
        payload: jsonSchema.optional(),
        note: z.string().max(10_000).optional(),
        ...actingPersonField,
      }),
      answer: 'HandoffResult',
      async handle({ room, principal, body: { participantId, ...input } }) {
        const by = actorOf(principal, participantId)
        return handoffReply(await rooms.handBack(room.id, withoutUndefined(input), { by }))
      },
    }),
    defineRoomRoute(rooms, {
      method: 'POST',
      path: '/v1/rooms/:id/handoff',
      summary: 'Makes another agent, or a person, the active one',
      tag,
      rights: 'desk:answer',
      body: z.strictObject({
        target: z.string().min(1),
        reason,
        summary: z.string().max(10_000),
        payload: jsonSchema.optional(),
        phase: z.string().min(1).optional(),
        urgent: z.boolean().optional(),
        opening: z.enum(['greeting', 'resume', 'silent']).optional(),
        ...actingPersonField,
      }),
      answer: 'HandoffResult',
      async handle({ room, principal, request, body: { participantId, ...input } }) {
        const by = actorOf(principal, participantId)
        return handoffReply(await rooms.handoff(room.id, withoutUndefined(input), { by, signal: request.signal }))
      },
    }),
    defineRoomRoute(rooms, {
      method: 'POST',
      path: '/v1/rooms/:id/mode',
      summary: 'Pauses the agents, lets them go on, or asks for a person',
      tag,
      rights: 'desk:answer',
      body: z.strictObject({
        mode: z.enum(['agent', 'human', 'paused']),
        reason: reason.optional(),
        urgency: z.enum(['normal', 'high']).optional(),
        payload: jsonSchema.optional(),
        ...actingPersonField,
      }),
      answer: 'State',
      async handle({ room, principal, body: { mode, participantId, reason: why, urgency, payload } }) {
        const by = actorOf(principal, participantId)
        if (mode === 'agent') await rooms.resume(room.id, { by })
        else if (mode === 'paused') await rooms.pause(room.id, withoutUndefined({ by, reason: why }))
        else {
          const request = withoutUndefined({ reason: why ?? 'asked at the desk', urgency, payload })
          handoffReply(await rooms.requestHuman(room.id, request, { by }))
        }
        return stateOf(room.id)
      },
    }),
    defineRoomRoute(rooms, {
      method: 'POST',
      path: '/v1/rooms/:id/coach',
      summary: 'Listens in, whispers to the agent or the colleague, or joins audibly',
      tag,
      rights: 'calls:supervise',
      body: z.strictObject({
        mode: z.enum(['off', 'monitor', 'whisperAgent', 'whisperHuman', 'barge']),
        ...actingPersonField,
      }),
      answer: 'State',
      async handle({ room, principal, body: { mode, participantId } }) {
        await rooms.coach(room.id, actingPerson(principal, participantId), mode)
        return stateOf(room.id)
      },
    }),
  ]
}

/** A refused handoff is a conflict with its own code. */
function handoffReply(result: HandoffResult): Reply {
  if (result.accepted) return { body: result }
  const { code, reason: why, message, violations, allowed, retryAfterMs } = result
  throw new ParleyError({
    code,
    message: why === '' ? message : why,
    details: withoutUndefined({
      violations: violations?.map(({ path, message: text }) => ({ path: String(path), message: text })),
      allowed,
      retryAfterMs,
    }),
  })
}
