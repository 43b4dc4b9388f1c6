import { createRateLimiter } from '@parley/kit'
import { ParleyError, toJsonSchema, type Clock, type Json, type RateLimiter, type SqlDatabase } from '@parley/spec'
import type { Mount, MountContext, Principal, RoomTokens } from '@parley/server'
import { z } from 'zod'
import { agentProfiles } from './agents/agent-profiles.ts'
import { stages } from './agents/call-center-pipeline.ts'
import { contracts } from './agents/contracts.ts'
import { customerCard } from './business/customer-card.ts'
import { demoPeople } from './business/people.ts'
import { keepSolved, showRecording } from './demo-call-routes.ts'
import { listRuns, showRun, type RunSource } from './demo-run-routes.ts'
import type { CallCenterRooms } from './rooms/call-center-rooms.ts'
import type { CallSummaries } from './workflows/call-summaries.ts'
import { voiceChannelId, type CallVoice } from './voice/create-call-voice.ts'

/** What the pages are told of the model. */
export interface ModelInfo {
  label: string
  id: string
  remote: boolean
  understands: { agent: string; intents: { id: string; examples: string[] }[] }[]
  /** What calls are heard and spoken with; absent where there are none. */
  voice?: Pick<CallVoice, 'hearing' | 'speech'> & {
    /** Whether calls may be recorded. */
    records: boolean
  }
}

/** What the routes of the demo work with. */
export interface DemoRoutesOptions {
  rooms: CallCenterRooms
  agentIds: readonly string[]
  database: SqlDatabase
  summaries: Pick<CallSummaries, 'read'>
  runs: RunSource
  tokens: () => RoomTokens
  newParticipantId: () => string
  deskKey: string
  /** Whether the desk page is given its key: on a host that only this machine can reach. */
  isDeskOpen: boolean
  model: ModelInfo
  /** Where recordings of calls are kept; absent where none are made. */
  recordings?: string
  clock: Clock
}

const webChannelId = 'web'
const mostBodyBytes = 4_096
/** What a key needs for what only colleagues may see. */
const deskRights = ['desk:answer'] as const
/** Rooms of the demo that may be opened: everyone who can reach the server may do so. */
const openings = { perSecond: 1, burst: 60 }
/** A room nobody writes in is paused, and closed a day later. */
const timers = { inactiveAfterMs: 30 * 60_000, closedAfterMs: 24 * 60 * 60_000 }
const newRoomSchema = z.strictObject({
  person: z.enum(['ada', 'ben', 'carla', 'dev']).optional(),
  /** The person calls: they are greeted by voice once their media is there. */
  call: z.boolean().optional(),
  /** The room they were in before; its token comes with the request. */
  after: z.string().max(256).optional(),
})

/**
 * Routes of the demo beside `/v1`: whom one may be, a room for a caller, and what the desk needs to begin. Who asks and
 * what is refused follow `/v1`.
 */
export function demoRoutes(options: DemoRoutesOptions): Mount {
  const limiter = createRateLimiter(options.clock, openings)
  return {
    path: '/demo',
    async fetch(request, context) {
      const { pathname } = new URL(request.url)
      const [, , what = '', id = '', action = ''] = pathname.split('/')
      switch (`${request.method} ${what}${id === '' ? '' : '/:id'}${action === '' ? '' : `/${action}`}`) {
        case 'GET people':
          return Response.json({
            people: demoPeople.map(({ planId: _plan, ...person }) => person),
            agents: agentCards(),
          })
        case 'GET model':
          return Response.json(options.model)
        case 'POST rooms':
          return openRoom(request, { options, limiter, context })
        case 'POST rooms/:id/token':
          return renewToken(await seatIn(id, context), options)
        case 'GET rooms/:id/recording':
          await seatIn(id, context)
          return showRecording(id, options)
        case 'POST rooms/:id/solved':
          await seatIn(id, context)
          return solved(request, id, options)
        case 'GET rooms/:id/summary':
          await seatIn(id, context)
          return Response.json(await options.summaries.read(id))
        case 'GET runs':
          await context.authenticate(deskRights)
          return listRuns(options.runs)
        case 'GET runs/:id':
          await context.authenticate(deskRights)
          return showRun(id, options.runs)
        case 'POST rooms/:id/end':
          await seatIn(id, context)
          await options.rooms.endConversation(id)
          return new Response(null, { status: 204 })
        case 'GET desk':
          return Response.json({
            ...(options.isDeskOpen ? { token: options.deskKey } : {}),
            agents: agentCards(),
            contracts: Object.fromEntries(
              Object.entries(contracts).map(([agentId, { schema }]) => [agentId, toJsonSchema(schema)]),
            ),
          })
        case 'GET customer/:id':
          await context.authenticate(deskRights)
          return showCustomer(id, options)
        default:
          return null
      }
    },
  }
}

function agentCards(): Json {
  return agentProfiles
    .filter(({ id }) => id !== 'supervisor')
    .map(({ id, name, role }) => ({
      id,
      name,
      role,
      phase: stages.find(({ agentId }) => agentId === id)?.phase ?? null,
    }))
}

/** A new room with a caller in it, and the token that lets the caller in. */
async function openRoom(
  request: Request,
  given: { options: DemoRoutesOptions; limiter: RateLimiter; context: MountContext },
): Promise<Response> {
  const { rooms, agentIds, tokens, newParticipantId } = given.options
  const taken = await given.limiter.take('rooms')
  if (!taken.allowed)
    throw new ParleyError({
      code: 'rate_limited',
      message: 'Too many conversations begin at once. Try again in a moment.',
      details: { retryAfterMs: taken.retryAfterMs },
    })
  const body = await readBody(request)
  if (body === unreadable)
    throw new ParleyError({
      code: 'body_invalid',
      message: `The body must be JSON of at most ${mostBodyBytes} bytes, such as {"person":"ada"}, or empty.`,
    })
  const parsed = newRoomSchema.safeParse(body)
  if (!parsed.success)
    throw new ParleyError({
      code: 'invalid_options',
      message:
        'person is one of ada, ben, carla, dev, or absent; call is true or absent, after is a room whose token comes along; there is no other field.',
    })
  const { person, call = false, after } = parsed.data
  if (after !== undefined) await seatIn(after, given.context)
  const displayName = demoPeople.find(({ key }) => key === person)?.firstName ?? 'Caller'
  const room = await rooms.createRoom({
    metadata: {
      caller: displayName,
      ...(person === undefined ? {} : { person }),
      ...(after === undefined ? {} : { after }),
    },
    timers,
    channels: [webChannelId, ...agentIds],
  })
  const participantId = newParticipantId()
  const channelId = call ? voiceChannelId : webChannelId
  await rooms.addMember(room.id, { id: participantId, displayName, role: 'member', channelId })
  const { token, expiresAtMs } = tokens().issue({ roomId: room.id, participantId })
  return Response.json(
    { roomId: room.id, participantId, token, expiresAt: new Date(expiresAtMs).toISOString() },
    { status: 201 },
  )
}

function renewToken(
  { roomId, participantId, role }: NonNullable<Principal['room']>,
  { tokens }: DemoRoutesOptions,
): Response {
  const { token, expiresAtMs } = tokens().issue({ roomId, participantId, role })
  return Response.json({ token, expiresAt: new Date(expiresAtMs).toISOString() })
}

async function solved(request: Request, roomId: string, { rooms }: DemoRoutesOptions): Promise<Response> {
  if (await keepSolved(await readBody(request), roomId, rooms)) return new Response(null, { status: 204 })
  throw new ParleyError({
    code: 'invalid_options',
    message: 'The body must be {"solved":true} or {"solved":false}.',
  })
}

/**
 * The caller's place in the room, by their token.
 * @throws {ParleyError} what `authenticate` throws; `forbidden` for a key, `room_not_found` for another room's token
 */
async function seatIn(roomId: string, context: MountContext): Promise<NonNullable<Principal['room']>> {
  const { room: seat } = await context.authenticate()
  if (seat === undefined)
    throw new ParleyError({ code: 'forbidden', message: "This is the caller's own: send the token of their room." })
  if (seat.roomId === roomId) return seat
  throw new ParleyError({ code: 'room_not_found', message: `There is no room ${roomId}.`, details: { roomId } })
}

async function showCustomer(accountId: string, { database }: DemoRoutesOptions): Promise<Response> {
  const card = await customerCard(database, accountId)
  if (card) return Response.json(card)
  throw new ParleyError({ code: 'not_found', message: 'There is no such account.' })
}

const unreadable = Symbol('unreadable')

async function readBody(request: Request): Promise<unknown> {
  const text = await request.text()
  if (text.length > mostBodyBytes) return unreadable
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch {
    return unreadable // the caller is told what is expected
  }
}
