import { timingSafeEqual } from 'node:crypto'
import type { CallSession, DeskMode, VoiceChannel } from '@parley/voice'
import {
  callMediaRoute,
  createCallAdmission,
  createWebSocketMedia,
  type CallCredentials,
  type CallGrant,
  type CallMediaRoute,
  type WebSocketMediaEndpoint,
  type WebSocketMediaLimits,
} from '@parley/voice/endpoints'
import {
  ParleyError,
  type Clock,
  type IdSource,
  type Json,
  type LiveCallInfo,
  type Logger,
  type ParticipantId,
  type RoomId,
} from '@parley/spec'

/** How long a prepared call waits for its media, in milliseconds. */
const PREPARED_MS = 60_000

/** Calls that wait for their media at a time; older ones go. */
const PREPARED_LIMIT = 10_000

/** How a server takes calls. */
export interface CallsOptions {
  /** The channel calls are made on; registered with the kit. */
  channel: VoiceChannel
  /** Limits of the media socket. */
  media?: Partial<WebSocketMediaLimits>
  /** Calls of one person at a time. @default 5 */
  callsPerIdentity?: number
  /** New media sockets per address and minute. @default 20 */
  connectsPerMinute?: number
  /** Told of each call that began. */
  onCall?(call: CallSession, opened: OpenedCallInfo): void
}

/** What a call was asked for with. */
export interface OpenedCallInfo {
  callId: string
  roomId: RoomId
  participantId: ParticipantId
  agentId?: string
  language?: string
  recording?: boolean
  /** Set for somebody of the desk who joins the room's live call, with the rights their key has. */
  desk?: { mode: DeskMode; rights: readonly string[] }
}

/** Prepared and live calls of a server. */
export interface CallService {
  /**
   * Prepares a call, or a leg of the desk on the room's live call: the token lets its media in, once within a minute.
   * @throws {ParleyError} `not_found` where there is no live call to join, `kit_closed` while the server drains
   */
  open(call: Omit<OpenedCallInfo, 'callId'> & { identity: string; features?: readonly string[] }): {
    callId: string
    token: string
    resumeWindowMs: number
  }
  readonly route: CallMediaRoute
  /** Calls that are not over; of one room where it is named. */
  live(roomId?: RoomId): LiveCallInfo[]
  /** Prepares no more calls, and lets those that are live hear that the line closes. */
  drain(maxMs: number): Promise<void>
  /** Ends a call. @throws {ParleyError} `not_found` */
  end(roomId: RoomId, callId: string): Promise<void>
}

interface Prepared extends OpenedCallInfo {
  token: string
  identity: string
  features: readonly string[]
  expiresAtMs: number
}

/** Makes the calls of a server. */
export function createCallService(
  { channel, media: limits = {}, callsPerIdentity = 5, connectsPerMinute = 20, onCall }: CallsOptions,
  { clock, ids, logger }: { clock: Clock; ids: IdSource; logger: Logger },
): CallService {
  const prepared = new Map<string, Prepared>()
  let isDraining = false
  const admission = createCallAdmission({ clock, callsPerIdentity, connectsPerMinute })

  const authorize = async ({ callId, token }: CallCredentials): Promise<CallGrant | 'unauthorized'> => {
    const call = prepared.get(callId)
    if (call === undefined || token === undefined || !isSame(call.token, token)) return 'unauthorized'
    // Before its media came it waits for a minute; from then on the same token takes the call up again.
    if (call.expiresAtMs < clock.monotonicMs()) return 'unauthorized'
    const { identity, roomId, participantId, features } = call
    return { identity, roomId, participantId, features }
  }

  const media = createWebSocketMedia({
    clock,
    ids,
    authorize,
    logger,
    ...limits,
    enter: (identity) => admission.enter(identity),
  })

  const begin = async (endpoint: WebSocketMediaEndpoint): Promise<void> => {
    const call = prepared.get(endpoint.callId)
    if (call === undefined) throw new ParleyError({ code: 'not_found', message: 'The call was not prepared.' })
    call.expiresAtMs = Infinity
    const language = call.language ?? endpoint.hello.language
    try {
      if (call.desk !== undefined) return await joinLive(endpoint, call, call.desk)
      const session = await channel.connect(endpoint, {
        callId: call.callId,
        roomId: call.roomId,
        participantId: call.participantId,
        ...(language === undefined ? {} : { language }),
        ...(call.recording === undefined ? {} : { recording: call.recording }),
      })
      void session.ended.then(() => prepared.delete(call.callId))
      onCall?.(session, call)
    } catch (error) {
      prepared.delete(call.callId)
      throw error
    }
  }

  const joinLive = async (
    endpoint: WebSocketMediaEndpoint,
    { callId, roomId, participantId }: Prepared,
    desk: NonNullable<OpenedCallInfo['desk']>,
  ): Promise<void> => {
    const leg = await liveOf(roomId).join(endpoint, { participantId, ...desk })
    void leg.ended.then(() => prepared.delete(callId))
  }

  const forgetOld = (): void => {
    const now = clock.monotonicMs()
    for (const [callId, { expiresAtMs }] of prepared) {
      if (expiresAtMs >= now && prepared.size < PREPARED_LIMIT) break
      if (expiresAtMs !== Infinity) prepared.delete(callId)
    }
  }

  const sessions = (roomId: RoomId): CallSession[] => channel.calls.filter((call) => call.roomId === roomId)
  const liveOf = (roomId: RoomId, callId?: string): CallSession => {
    const call = sessions(roomId).find(({ id, state }) => !state.isEnded && (callId === undefined || id === callId))
    if (call !== undefined) return call
    throw new ParleyError({
      code: 'not_found',
      message: `Room ${roomId} has no live call${callId === undefined ? '' : ` ${callId}`}.`,
      details: { roomId, ...(callId === undefined ? {} : { callId }) } satisfies Record<string, Json>,
    })
  }

  return {
    open({ identity, features = [], ...call }) {
      if (isDraining) throw serverDrains()
      forgetOld()
      if (call.desk !== undefined) liveOf(call.roomId)
      const callId = ids.next('call')
      const token = ids.token()
      prepared.set(callId, {
        ...call,
        callId,
        token,
        identity,
        features,
        expiresAtMs: clock.monotonicMs() + PREPARED_MS,
      })
      return { callId, token, resumeWindowMs: limits.resumeWindowMs ?? 30_000 }
    },
    route: callMediaRoute({ media, onCall: begin, admission }),
    live: (only) =>
      channel.calls.flatMap(({ id, roomId, participantId, state }): LiveCallInfo[] => {
        const { user, agent, isEnded, returnWithinMs } = state
        if (isEnded || (only !== undefined && roomId !== only)) return []
        const call = { callId: id, roomId, participantId, user, agent }
        return returnWithinMs === undefined
          ? [{ ...call, media: 'connected' }]
          : [{ ...call, media: 'lost', returnWithinMs: Math.ceil(returnWithinMs) }]
      }),
    async drain(maxMs) {
      isDraining = true
      if (channel.calls.length > 0) await channel.drain({ maxMs })
    },
    async end(roomId, callId) {
      await liveOf(roomId, callId).hangup('agent')
    },
  }
}

function serverDrains(): ParleyError {
  return new ParleyError({
    code: 'kit_closed',
    message: 'The server is going down and takes no new calls. Call again in a moment.',
    retryable: true,
  })
}

function isSame(one: string, other: string): boolean {
  const [ours, theirs] = [Buffer.from(one), Buffer.from(other)]
  return ours.length === theirs.length && timingSafeEqual(ours, theirs)
}
