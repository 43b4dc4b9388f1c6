import type {
  AnswerResult,
  HandoffActor,
  HandoffResult,
  ParticipantId,
  PendingRequest,
  RequestDecision,
  RequestId,
  RoomId,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { HandBack, HumanDesk, HumanRequest, QueueEntry } from '../orchestration/human/human-desk.ts'
import type { CoachMode } from '../orchestration/human/human-options.ts'
import type { RequestFilter } from '../requests/requests.ts'

/** People at the desk: asked for, deciding, taking conversations over and giving them back. */
export interface DeskApi {
  /** Asks for a person: agents fall silent, or go on until someone claims, as `human.whileWaiting` says. */
  requestHuman(
    roomId: RoomId,
    request: HumanRequest,
    options: { by: HandoffActor; signal?: AbortSignal },
  ): Promise<HandoffResult>
  /** Rooms that wait for a person: urgent ones first, then the longest waiting. */
  humanQueue(options?: { organizationId?: string; limit?: number }): Promise<QueueEntry[]>
  /** Takes a waiting room; exactly one person wins. @throws {ParleyError} `human_not_waiting` */
  claim(roomId: RoomId, participantId: ParticipantId): Promise<{ ok: true } | { ok: false; takenBy: ParticipantId }>
  /** Requests and claims at once, from any mode; agents stop. */
  takeover(
    roomId: RoomId,
    participantId: ParticipantId,
    options?: { reason?: string; stop?: 'now' | 'sentence' },
  ): Promise<HandoffResult>
  /** A person hands over to an agent, under the agent's contract. @throws {ParleyError} `human_not_claimed` */
  handBack(roomId: RoomId, back: HandBack, options: { by: HandoffActor; signal?: AbortSignal }): Promise<HandoffResult>
  /** Messages are committed and delivered to people; nobody is asked. */
  pause(roomId: RoomId, options: { by: HandoffActor; reason?: string }): Promise<void>
  /** Ends a pause; the newest unanswered message of a person is answered once. */
  resume(roomId: RoomId, options: { by: HandoffActor }): Promise<void>
  /** A colleague listens, instructs the agent unseen, or speaks to all. @throws {ParleyError} `forbidden` */
  coach(roomId: RoomId, participantId: ParticipantId, mode: CoachMode): Promise<void>
  /** Open requests, oldest first. */
  pendingRequests(filter?: RequestFilter): Promise<PendingRequest[]>
  /** Decides a request; exactly one answer is accepted. @throws {ParleyError} `request_not_found`, `invalid_options` */
  answerRequest(id: RequestId, decision: RequestDecision, options?: { organizationId?: string }): Promise<AnswerResult>
}

/** What a kit does with people at the desk. */
export function createDeskApi({ requests }: KitParts, human: HumanDesk): DeskApi {
  return {
    requestHuman: async (roomId, request, options) => human.request(roomId, request, options),
    humanQueue: async (options) => human.queue(options),
    claim: async (roomId, participantId) => human.claim(roomId, participantId),
    takeover: async (roomId, participantId, options) => human.takeover(roomId, participantId, options),
    handBack: async (roomId, back, options) => human.handBack(roomId, back, options),
    pause: async (roomId, options) => human.pause(roomId, options),
    resume: async (roomId, options) => human.resume(roomId, options),
    coach: async (roomId, participantId, mode) => human.coach(roomId, participantId, mode),
    pendingRequests: async (filter = {}) => requests.pending(filter),
    answerRequest: async (id, decision, { organizationId } = {}) => requests.answer(id, decision, organizationId),
  }
}
