import type {
  ConversationStateJson,
  HandoffInput,
  HandoffResult,
  HumanState,
  Json,
  ParticipantId,
  PendingRequest,
  RoomEvent,
  RoomId,
} from '@parley/spec'
import type { HttpClient } from './http-client.ts'
import type { CallOptions } from './rooms-client.ts'

/** A room that waits for a person. */
export interface QueueEntry {
  roomId: RoomId
  human: HumanState
  [field: string]: unknown
}

/** For whom a key acts; a room token speaks for its own participant. */
export interface ActingPerson {
  participantId?: ParticipantId
}

/** How a supervisor takes part. */
export type CoachMode = 'off' | 'monitor' | 'whisperAgent' | 'whisperHuman' | 'barge'

/** What people of the desk do. */
export interface DeskClient {
  queue(query?: { limit?: number }, o?: CallOptions): Promise<QueueEntry[]>
  /** Takes a waiting room. @throws {ParleyError} `human_taken` with `takenBy`, `human_not_waiting` */
  claim(roomId: RoomId, person?: ActingPerson, o?: CallOptions): Promise<ConversationStateJson>
  takeover(
    roomId: RoomId,
    options?: ActingPerson & { reason?: string },
    o?: CallOptions,
  ): Promise<ConversationStateJson>
  /** Gives the room to an agent. @throws {ParleyError} `handoff_*`, `handoff_contract` with the missing fields in its violations */
  handBack(
    roomId: RoomId,
    input: ActingPerson & { target: string; payload?: Json; note?: string },
    o?: CallOptions,
  ): Promise<AcceptedHandoff>
  handoff(roomId: RoomId, input: ActingPerson & HandoffInput, o?: CallOptions): Promise<AcceptedHandoff>
  requestHuman(
    roomId: RoomId,
    input?: ActingPerson & { reason?: string; urgency?: 'normal' | 'high'; payload?: Json },
    o?: CallOptions,
  ): Promise<ConversationStateJson>
  pause(roomId: RoomId, options?: ActingPerson & { reason?: string }, o?: CallOptions): Promise<ConversationStateJson>
  resume(roomId: RoomId, person?: ActingPerson, o?: CallOptions): Promise<ConversationStateJson>
  coach(roomId: RoomId, mode: CoachMode, person?: ActingPerson, o?: CallOptions): Promise<ConversationStateJson>
  /** Writes a note that only colleagues see. */
  note(
    roomId: RoomId,
    text: string,
    person?: ActingPerson,
    o?: CallOptions,
  ): Promise<{ event: RoomEvent; duplicate: boolean }>
}

export type AcceptedHandoff = Extract<HandoffResult, { accepted: true }>

/** What turns ask of people. */
export interface RequestsClient {
  list(query?: { room?: RoomId; kind?: PendingRequest['kind'] }, o?: CallOptions): Promise<PendingRequest[]>
  /** Answers; exactly one answer counts. @throws {ParleyError} `already_decided` with `by`, `request_expired`, `value_invalid` */
  answer(
    requestId: string,
    answer: ActingPerson & { decision: 'approve' | 'reject' | 'answer'; value?: Json; reason?: string },
    o?: CallOptions,
  ): Promise<PendingRequest>
}

/** Makes the part of a client that a desk uses. */
export function createDeskClient(http: HttpClient): DeskClient {
  // The server answers with what its document says, and both are of one release: the one place where that is trusted.
  const ask = async <T>(...args: Parameters<HttpClient['request']>): Promise<T> => (await http.request(...args)) as T
  const post = <T>(roomId: RoomId, action: string, body: object, o?: CallOptions): Promise<T> =>
    ask({ method: 'POST', path: `/v1/rooms/${encodeURIComponent(roomId)}/${action}`, body, ...o })
  return {
    queue: async (query = {}, o) =>
      (await ask<{ entries: QueueEntry[] }>({ path: '/v1/desk/queue', query, ...o })).entries,
    claim: (roomId, body = {}, o) => post(roomId, 'claim', body, o),
    takeover: (roomId, body = {}, o) => post(roomId, 'takeover', body, o),
    handBack: (roomId, body, o) => post(roomId, 'handback', body, o),
    handoff: (roomId, body, o) => post(roomId, 'handoff', body, o),
    requestHuman: (roomId, body = {}, o) => post(roomId, 'mode', { ...body, mode: 'human' }, o),
    pause: (roomId, body = {}, o) => post(roomId, 'mode', { ...body, mode: 'paused' }, o),
    resume: (roomId, body = {}, o) => post(roomId, 'mode', { ...body, mode: 'agent' }, o),
    coach: (roomId, mode, body = {}, o) => post(roomId, 'coach', { ...body, mode }, o),
    note: (roomId, text, body = {}, o) =>
      post(roomId, 'events', { ...body, type: 'note', visibility: 'internal', content: { type: 'note', text } }, o),
  }
}

/** Makes the part of a client that answers requests. */
export function createRequestsClient(http: HttpClient): RequestsClient {
  const ask = async <T>(...args: Parameters<HttpClient['request']>): Promise<T> => (await http.request(...args)) as T // as above
  return {
    list: async (query = {}, o) =>
      (await ask<{ requests: PendingRequest[] }>({ path: '/v1/requests', query, ...o })).requests,
    answer: async (requestId, body, o) => {
      const path = `/v1/requests/${encodeURIComponent(requestId)}/answer`
      return (await ask<{ request: PendingRequest }>({ method: 'POST', path, body, ...o })).request
    },
  }
}
