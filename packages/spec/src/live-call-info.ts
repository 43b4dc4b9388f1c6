import type { ParticipantId, RoomId } from './ids.ts'

/** A call that is not over, as a server tells of it (`GET /v1/calls`). */
export interface LiveCallInfo {
  callId: string
  roomId: RoomId
  participantId: ParticipantId
  user: string
  agent: string
  /** `lost`: the person's line is gone, and may come back. */
  media: 'connected' | 'lost'
  /** How long a lost line still has to come back before the call ends, in ms. */
  returnWithinMs?: number
}
