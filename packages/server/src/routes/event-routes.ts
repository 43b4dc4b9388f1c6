import { toWireEvent } from '@parley/kit'
import { ParleyError, type EventInput, type EventType } from '@parley/spec'
import { z } from 'zod'
import type { Principal } from '../auth/principal.ts'
import { defineRoomRoute, type Route } from '../http/route.ts'
import type { RoomsService } from '../rooms-service.ts'
import { stateForPerson } from '../streams/for-person.ts'
import { isForPerson, readerOf } from '../streams/reader.ts'
import { actingPerson } from './acting-person.ts'
import {
  actingPerson as actingPersonField,
  eventInputSchema,
  eventTypeSchema,
  idSchema,
  indexSchema,
  limitSchema,
  receiptKindSchema,
} from './schemas.ts'
import { replyOf } from './send-reply.ts'
import { withoutUndefined } from './without-undefined.ts'

/** What an event may be when a participant sends it; the rest is for keys. */
const typesOfParticipants: ReadonlySet<EventType> = new Set<EventType>([
  'message',
  'edit',
  'delete',
  'reaction',
  'dtmf',
])

/** What event routes need beside the rooms. */
export interface EventRouteOptions {
  rooms: RoomsService
  /** The channel whose view the tokens of participants have. */
  webChannelId: string
  /** Says that the log of a room grew. */
  onSent(roomId: string): void
}

/** The log of a room: read by index, written by sending. */
export function eventRoutes({ rooms, webChannelId, onSent }: EventRouteOptions): Route[] {
  return [
    defineRoomRoute(rooms, {
      method: 'GET',
      path: '/v1/rooms/:id/events',
      summary: 'Reads the log by index; a participant sees what their channel may see',
      tag: 'events',
      rights: 'rooms:read',
      allowsRoomToken: true,
      query: z.strictObject({
        after: indexSchema.optional(),
        before: indexSchema.optional(),
        limit: limitSchema.default(100),
        types: z.string().optional(),
        thread: idSchema.optional(),
        order: z.enum(['oldest', 'newest']).default('oldest'),
      }),
      answer: 'EventPage',
      async handle({ room, principal, query: { types, order, ...range } }) {
        const reader = readerOf(principal, webChannelId)
        const asReader = reader?.channelId
        const page = await rooms.events(room.id, {
          ...withoutUndefined({ ...range, asReader, types: types?.split(',').map(parseType) }),
          newestFirst: order === 'newest',
        })
        const events = page.filter((event) => isForPerson(event, reader)).map((event) => toWireEvent(event))
        const next = page.length < range.limit ? undefined : page.at(-1)?.index
        return { body: withoutUndefined({ events, head: room.latestIndex, next }) }
      },
    }),
    defineRoomRoute(rooms, {
      method: 'POST',
      path: '/v1/rooms/:id/events',
      summary: 'Sends an event; the header idempotency-key makes repeats harmless',
      tag: 'events',
      rights: ['rooms:write', 'desk:answer'],
      allowsRoomToken: true,
      body: eventInputSchema.extend(actingPersonField),
      answer: 'SentEvent',
      status: 201,
      async handle({ room, principal, request, body: { participantId, ...given } }) {
        const from = actingPerson(principal, participantId)
        const key = request.headers.get('idempotency-key') ?? given.idempotencyKey
        const input = withoutUndefined({ ...given, idempotencyKey: key ?? undefined })
        checkSender(principal, input)
        const result = await rooms.send(room.id, { ...input, from }, { signal: request.signal })
        onSent(room.id)
        return replyOf(result)
      },
    }),
    defineRoomRoute(rooms, {
      method: 'GET',
      path: '/v1/rooms/:id/receipts',
      summary: 'Lists why things were decided',
      tag: 'events',
      rights: 'rooms:read',
      query: z.strictObject({
        kind: receiptKindSchema.optional(),
        turnId: idSchema.optional(),
        cursor: idSchema.optional(),
        limit: limitSchema.default(100),
      }),
      answer: 'ReceiptPage',
      async handle({ room, query: { cursor, kind, turnId, limit } }) {
        const receipts = await rooms.receipts(room.id, withoutUndefined({ kind, turnId, limit, after: cursor }))
        const last = receipts.length < limit ? undefined : receipts.at(-1)?.id
        return { body: withoutUndefined({ receipts, nextCursor: last }) }
      },
    }),
    defineRoomRoute(rooms, {
      method: 'GET',
      path: '/v1/rooms/:id/state',
      summary: 'Reads where the conversation stands',
      tag: 'events',
      rights: 'rooms:read',
      allowsRoomToken: true,
      answer: 'State',
      async handle({ room, principal }) {
        const state = await rooms.state(room.id)
        return { body: principal.room === undefined ? state : stateForPerson(state) }
      },
    }),
  ]
}

/**
 * Whether a participant may send this; keys may send anything.
 * @throws {ParleyError} `forbidden`
 */
export function checkSender(principal: Principal, { type = 'message', visibility = 'all' }: Partial<EventInput>): void {
  if (principal.room === undefined) return
  const isOwn = typesOfParticipants.has(type) && (visibility === 'all' || visibility === 'intelligence')
  if (isOwn) return
  throw new ParleyError({
    code: 'forbidden',
    message: `A participant cannot send an event of type ${type} with this visibility. Use an API key.`,
    details: { type },
  })
}

function parseType(type: string): EventType {
  const result = eventTypeSchema.safeParse(type)
  if (result.success) return result.data
  throw new ParleyError({
    code: 'invalid_options',
    message: `${JSON.stringify(type)} is not a type of event.`,
    details: { path: 'types', expected: 'types of events, separated by commas' },
  })
}
