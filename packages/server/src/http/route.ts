import { fromWireName, ParleyError, toWire, type Room } from '@parley/spec'
import { z } from 'zod'
import type { RoomsService } from '../rooms-service.ts'
import { authorize } from '../auth/authorize.ts'
import type { Principal, Right } from '../auth/principal.ts'
import { parseInput, readJsonBody } from './parse-input.ts'

/** One request to a route, before its input is checked. */
export interface RouteRequest {
  params: Record<string, string>
  request: Request
  principal: Principal
  maxBodyBytes: number
}

/** One request to a route, checked. */
export interface RouteCall<Query, Body> extends RouteRequest {
  query: Query
  body: Body
}

/** What a handler answers: a value that goes out as JSON, or a whole response. */
export type Reply = { status?: number; body: unknown; headers?: Record<string, string> } | Response

/** A route as the router, the document and the tests see it. */
export interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  summary: string
  tag: string
  /** One of them is needed. */
  rights: readonly Right[]
  /** Whether the token of a participant of the room opens it too. */
  allowsRoomToken: boolean
  query: z.ZodObject
  body: z.ZodObject | undefined
  /** What comes back, by the name of a schema in the document. */
  answer: string
  /** Media type of the answer. @default 'application/json' */
  answerType?: string
  status: number
  run(request: RouteRequest): Promise<Response>
}

/** What a route is made of. */
export interface RouteOptions<Query extends z.ZodObject, Body extends z.ZodObject> {
  method: Route['method']
  path: string
  summary: string
  tag: string
  rights: Right | readonly Right[]
  /** @default false */
  allowsRoomToken?: boolean
  query?: Query
  body?: Body
  answer: string
  answerType?: string
  /** @default 200 */
  status?: number
  handle(call: RouteCall<z.infer<Query>, z.infer<Body>>): Reply | Promise<Reply>
}

const noFields = z.strictObject({})

/** Makes a route: rights are checked, then the input, then the handler runs. */
export function defineRoute<Query extends z.ZodObject = typeof noFields, Body extends z.ZodObject = typeof noFields>(
  options: RouteOptions<Query, Body>,
): Route {
  const { handle, ...rest } = options
  return makeRoute(rest, async () => (call: RouteCall<z.infer<Query>, z.infer<Body>>) => handle(call))
}

/** `open` decides whether the address exists at all, before anything of the input is looked at. */
function makeRoute<Query extends z.ZodObject, Body extends z.ZodObject>(
  options: Omit<RouteOptions<Query, Body>, 'handle'>,
  open: (given: RouteRequest) => Promise<RouteOptions<Query, Body>['handle']>,
): Route {
  const { rights, allowsRoomToken = false, status = 200, body, ...rest } = options
  const anyOf = typeof rights === 'string' ? [rights] : rights
  // Without a schema of its own, `Query` is the type of `noFields` by the defaults of the type parameters.
  const query = options.query ?? (noFields as unknown as Query)
  return {
    ...rest,
    rights: anyOf,
    allowsRoomToken,
    query,
    body,
    status,
    async run(given) {
      authorize(given.principal, anyOf, { allowsRoomToken })
      const handle = await open(given)
      const reply = await handle({
        ...given,
        query: parseInput(query, queryOf(given.request), Object.keys(query.shape)),
        body: await parseBody(given, body),
      })
      if (reply instanceof Response) return reply
      return Response.json(toWire(reply.body), { status: reply.status ?? status, headers: reply.headers ?? {} })
    },
  }
}

/** What a route of one room is made of: as other routes, and the room is read and checked first. */
export interface RoomRouteOptions<Query extends z.ZodObject, Body extends z.ZodObject> extends Omit<
  RouteOptions<Query, Body>,
  'handle'
> {
  handle(call: RouteCall<z.infer<Query>, z.infer<Body>> & { room: Room }): Reply | Promise<Reply>
}

/** Makes a route of one room; a room of another organization is `room_not_found`. */
export function defineRoomRoute<
  Query extends z.ZodObject = typeof noFields,
  Body extends z.ZodObject = typeof noFields,
>(rooms: RoomsService, options: RoomRouteOptions<Query, Body>): Route {
  const { handle, ...rest } = options
  return makeRoute<Query, Body>(rest, async ({ params, principal }) => {
    const room = await roomFor(rooms, params['id'] ?? '', principal)
    return (call) => handle({ ...call, room })
  })
}

/**
 * The room, if it exists for this principal.
 * @throws {ParleyError} `room_not_found`
 */
export async function roomFor(rooms: RoomsService, roomId: string, principal: Principal): Promise<Room> {
  if (principal.room !== undefined && principal.room.roomId !== roomId) throw roomNotFound(roomId)
  const room = await rooms.getRoom(roomId)
  if (room.organizationId !== principal.organizationId) throw roomNotFound(roomId)
  return room
}

function roomNotFound(roomId: string): ParleyError {
  return new ParleyError({ code: 'room_not_found', message: `There is no room ${roomId}.`, details: { roomId } })
}

async function parseBody<Body extends z.ZodObject>(
  given: RouteRequest,
  schema: Body | undefined,
): Promise<z.infer<Body>> {
  // Without a schema, `Body` is the type of `noFields`, whose one value is the empty object.
  if (schema === undefined) return {} as z.infer<Body>
  return parseInput(schema, await readJsonBody(given.request, given.maxBodyBytes), Object.keys(schema.shape))
}

function queryOf(request: Request): Record<string, string> {
  const given: Record<string, string> = {}
  for (const [name, value] of new URL(request.url).searchParams) given[fromWireName(name)] = value
  return given
}
