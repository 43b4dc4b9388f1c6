import { assertNever, ParleyError, type AnswerResult, type PendingRequest, type RequestDecision } from '@parley/spec'
import { z } from 'zod'
import { holdsRight, type Principal } from '../auth/principal.ts'
import { defineRoute, type Route } from '../http/route.ts'
import type { RoomsService } from '../rooms-service.ts'
import { actorOf } from './acting-person.ts'
import { actingPerson as actingPersonField, idSchema, jsonSchema } from './schemas.ts'
import { withoutUndefined } from './without-undefined.ts'

const tag = 'requests'

/** What turns ask of people: open requests and their answers. */
export function requestRoutes(rooms: RoomsService): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/requests',
      summary: 'Lists open requests, oldest first',
      tag,
      rights: ['rooms:read', 'desk:approve', 'desk:answer'],
      allowsRoomToken: true,
      query: z.strictObject({ room: idSchema.optional(), kind: z.enum(['approval', 'confirm', 'input']).optional() }),
      answer: 'Requests',
      handle: async ({ principal, query: { room, kind } }) => ({
        body: { requests: await openRequests(rooms, principal, room, kind) },
      }),
    }),
    defineRoute({
      method: 'POST',
      path: '/v1/requests/:id/answer',
      summary: 'Answers a request; exactly one answer counts',
      tag,
      rights: ['rooms:write', 'desk:approve', 'desk:answer'],
      allowsRoomToken: true,
      body: z.strictObject({
        decision: z.enum(['approve', 'reject', 'answer']),
        value: jsonSchema.optional(),
        reason: z.string().max(1_000).optional(),
        ...actingPersonField,
      }),
      answer: 'AnsweredRequest',
      async handle({ principal, params, body: { participantId, ...decision } }) {
        const by = actorOf(principal, participantId)
        const request = await answerFor(rooms, principal, params['id'] ?? '', { ...withoutUndefined(decision), by })
        return { body: { request } }
      },
    }),
  ]
}

/** Open requests that exist for a principal: of its organization, and of its room and kind of answer for a token. */
export async function openRequests(
  rooms: RoomsService,
  { organizationId, room: own }: Principal,
  roomId: string | undefined = own?.roomId,
  kind?: PendingRequest['kind'],
): Promise<PendingRequest[]> {
  const found = await rooms.pendingRequests(withoutUndefined({ roomId, kind, organizationId }))
  return found.filter(
    (request) =>
      request.organizationId === organizationId &&
      (own === undefined || (request.roomId === own.roomId && request.kind !== 'approval')),
  )
}

/** An approval is a colleague's; a question to the person of the room is theirs, or the desk's in their place. */
export function mayAnswer(principal: Principal, { kind, roomId }: PendingRequest): boolean {
  if (kind === 'approval') return principal.room === undefined && holdsRight(principal, ['desk:approve'])
  return principal.room?.roomId === roomId || holdsRight(principal, ['desk:answer'])
}

/**
 * Answers a request for a principal.
 * @throws {ParleyError} `forbidden`, `request_not_found`, `already_decided`, `request_expired`, `value_invalid`
 */
export async function answerFor(
  rooms: RoomsService,
  principal: Principal,
  id: string,
  decision: RequestDecision,
): Promise<PendingRequest> {
  // Only requests that are still open can be looked up; an answer to any other is told what became of it.
  const known = (await openRequests(rooms, principal)).find((request) => request.id === id)
  if (known === undefined && principal.room !== undefined) throw requestNotFound(id)
  if (known !== undefined && !mayAnswer(principal, known)) {
    const right = known.kind === 'approval' ? 'desk:approve' : 'desk:answer'
    throw new ParleyError({
      code: 'forbidden',
      message: `An answer to this needs the right ${right}.`,
      details: { kind: known.kind },
    })
  }
  const { organizationId } = principal
  return acceptedOf(await rooms.answerRequest(id, decision, withoutUndefined({ organizationId })))
}

/**
 * The request as it was closed by this answer.
 * @throws {ParleyError} `already_decided`, `request_expired`, `value_invalid`
 */
function acceptedOf(result: AnswerResult): PendingRequest {
  switch (result.outcome) {
    case 'accepted':
      return result.request
    case 'already_decided':
      throw new ParleyError({
        code: 'already_decided',
        message: `The request was decided by ${result.by?.id ?? 'somebody else'}.`,
        details: result.by === undefined ? {} : { by: { kind: result.by.kind, id: result.by.id } },
      })
    case 'expired':
    case 'cancelled':
      throw new ParleyError({
        code: 'request_expired',
        message: `The request is ${result.outcome}; an answer changes nothing any more.`,
        details: { outcome: result.outcome },
      })
    case 'value_invalid':
      throw new ParleyError({
        code: 'value_invalid',
        message: 'The value does not fit what was asked for; the request stays open.',
        details: { violations: result.violations.map(({ path, message }) => ({ path: String(path), message })) },
      })
    default:
      return assertNever(result)
  }
}

function requestNotFound(id: string): ParleyError {
  return new ParleyError({
    code: 'request_not_found',
    message: `There is no request ${id}.`,
    details: { requestId: id },
  })
}
