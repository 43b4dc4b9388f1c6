import { timingSafeEqual } from 'node:crypto'
import { createRateLimiter } from '@parley/kit'
import { toJsonSchema, type Clock, type Json, type RateLimiter, type SqlDatabase } from '@parley/spec'
import type { Mount, RoomTokens } from '@parley/server'
import { z } from 'zod'
import { agentProfiles } from './agents/agent-profiles.ts'
import { stages } from './agents/call-center-pipeline.ts'
import { contracts } from './agents/contracts.ts'
import { customerCard } from './business/customer-card.ts'
import { demoPeople } from './business/people.ts'
import { keepSolved, showRecording } from './demo-call-routes.ts'
import { listRuns, showRun, type RunSource } from './demo-run-routes.ts'
import { problem } from './problem.ts'
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

/** Routes of the demo beside `/v1`: whom one may be, a room for a caller, and what the desk needs to begin. */
export function demoRoutes(options: DemoRoutesOptions): Mount {
  const limiter = createRateLimiter(options.clock, openings)
  return {
    path: '/demo',
    async fetch(request) {
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
          return openRoom(request, options, limiter)
        case 'POST rooms/:id/token':
          return renewToken(request, id, options)
        case 'GET rooms/:id/recording':
          return isSeated(request, id, options) ? showRecording(id, options) : refused()
        case 'POST rooms/:id/solved':
          return solved(request, id, options)
        case 'GET rooms/:id/summary':
          return isSeated(request, id, options) ? Response.json(await options.summaries.read(id)) : refused()
        case 'GET runs':
          return isSame(bearerOf(request), options.deskKey) ? listRuns(options.runs) : refused()
        case 'GET runs/:id':
          return isSame(bearerOf(request), options.deskKey) ? showRun(id, options.runs) : refused()
        case 'POST rooms/:id/end':
          return endRoom(request, id, options)
        case 'GET desk':
          return Response.json({
            ...(options.isDeskOpen ? { token: options.deskKey } : {}),
            agents: agentCards(),
            contracts: Object.fromEntries(
              Object.entries(contracts).map(([agentId, { schema }]) => [agentId, toJsonSchema(schema)]),
            ),
          })
        case 'GET customer/:id':
          return showCustomer(request, id, options)
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
  { rooms, agentIds, tokens, newParticipantId }: DemoRoutesOptions,
  limiter: RateLimiter,
): Promise<Response> {
  if (!(await limiter.take('rooms')).allowed)
    return problem(429, 'rate_limited', 'Too many conversations begin at once. Try again in a moment.')
  const body = await readBody(request)
  if (body === unreadable)
    return problem(
      400,
      'body_invalid',
      `The body must be JSON of at most ${mostBodyBytes} bytes, such as {"person":"ada"}, or empty.`,
    )
  const parsed = newRoomSchema.safeParse(body)
  if (!parsed.success)
    return problem(
      400,
      'invalid_options',
      'person is one of ada, ben, carla, dev, or absent; call is true or absent, after is a room whose token comes along; there is no other field.',
    )
  const { person, call = false, after } = parsed.data
  if (after !== undefined && !isSeated(request, after, { tokens })) return refused()
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

async function renewToken(request: Request, roomId: string, { tokens }: DemoRoutesOptions): Promise<Response> {
  const seat = tokens().check(bearerOf(request))?.room
  if (seat?.roomId !== roomId) return refused()
  const { token, expiresAtMs } = tokens().issue({ roomId, participantId: seat.participantId, role: seat.role })
  return Response.json({ token, expiresAt: new Date(expiresAtMs).toISOString() })
}

async function endRoom(request: Request, roomId: string, { tokens, rooms }: DemoRoutesOptions): Promise<Response> {
  if (!isSeated(request, roomId, { tokens })) return refused()
  await rooms.endConversation(roomId)
  return new Response(null, { status: 204 })
}

async function solved(request: Request, roomId: string, { tokens, rooms }: DemoRoutesOptions): Promise<Response> {
  if (!isSeated(request, roomId, { tokens })) return refused()
  const isKept = await keepSolved(await readBody(request), roomId, rooms)
  return isKept
    ? new Response(null, { status: 204 })
    : problem(400, 'invalid_options', 'The body must be {"solved":true} or {"solved":false}.')
}

/** Whether the request comes from a caller of the room. */
function isSeated(request: Request, roomId: string, { tokens }: Pick<DemoRoutesOptions, 'tokens'>): boolean {
  return tokens().check(bearerOf(request))?.room?.roomId === roomId
}

async function showCustomer(
  request: Request,
  accountId: string,
  { database, deskKey }: DemoRoutesOptions,
): Promise<Response> {
  if (!isSame(bearerOf(request), deskKey)) return refused()
  const card = await customerCard(database, accountId)
  return card ? Response.json(card) : problem(404, 'not_found', 'There is no such account.')
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

function bearerOf(request: Request): string {
  return /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
}

function isSame(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function refused(): Response {
  return problem(401, 'auth_invalid', 'The key or token is wrong or expired.')
}
