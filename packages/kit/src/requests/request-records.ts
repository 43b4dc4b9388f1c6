import {
  ParleyError,
  REDACTED,
  type EventDraft,
  type Json,
  type PendingRequest,
  type RequestDecision,
  type Room,
  type RoomId,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { RequestSpec } from '../core/turn-services.ts'
import type { TurnRuntime } from '../turns/create-services.ts'

/** How a request may have ended. */
export type Closed = Exclude<PendingRequest['status'], 'open'>

/** A request as it is stored when a turn asks. */
export function newRequest(parts: KitParts, turn: TurnRuntime, spec: RequestSpec, nowMs: number): PendingRequest {
  const { roomId, agentId, trigger } = turn.request
  const { kind, mode, timeoutMs, tool, callId, idempotencyKey, prompt, schema, sensitive } = spec
  return {
    id: parts.ids.next('req'),
    roomId,
    kind,
    agentId,
    turnId: turn.turnId,
    mode,
    sensitive,
    status: 'open',
    createdAt: new Date(nowMs).toISOString(),
    expiresAt: new Date(nowMs + timeoutMs).toISOString(),
    ...(trigger.source.participantId === undefined ? {} : { participantId: trigger.source.participantId }),
    ...(tool === undefined ? {} : { tool }),
    ...(callId === undefined ? {} : { callId }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(spec.arguments === undefined ? {} : { arguments: sensitive ? REDACTED : spec.arguments }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(schema === undefined ? {} : { schema }),
  }
}

/** A request as it stands in the log: JSON has no undefined fields, and neither has this. */
export function requestJson(request: PendingRequest): Json {
  return JSON.parse(JSON.stringify(request)) as Json
}

/** What the person it is for reads. */
export function openedText({ kind, tool, prompt }: PendingRequest): string {
  if (prompt !== undefined) return prompt
  return kind === 'approval'
    ? `A colleague is asked to approve ${tool ?? 'a step'}.`
    : `Please confirm ${tool ?? 'this step'}.`
}

/** A request as it is stored when it has ended. */
export function closedRequest(
  request: PendingRequest,
  status: Closed,
  { by, reason, value }: Partial<RequestDecision>,
): PendingRequest {
  return {
    ...request,
    status,
    ...(by === undefined ? {} : { decidedBy: by }),
    ...(reason === undefined ? {} : { reason }),
    ...(value === undefined ? {} : { value: request.sensitive ? REDACTED : value }),
  }
}

/** The record that a request has ended. */
export function closedDraft(parts: KitParts, room: Room, request: PendingRequest, causeId?: string): EventDraft {
  const { id, status, decidedBy, kind } = request
  const by: Json = decidedBy === undefined ? null : { kind: decidedBy.kind, id: decidedBy.id }
  return parts.systemDraft(room, {
    type: 'requestClosed',
    content: {
      type: 'system',
      code: 'request_closed',
      text: `The request was ${status}.`,
      data: { requestId: id, status, by },
    },
    turnId: request.turnId,
    ...(kind === 'approval' ? {} : { visibility: 'all' as const }),
    ...(causeId === undefined ? {} : { causeId }),
  })
}

/** What the receipt says of a decision. */
export function decisionData({ id, kind, tool, status, decidedBy, reason }: PendingRequest): Json {
  return {
    requestId: id,
    kind,
    status,
    tool: tool ?? null,
    by: decidedBy === undefined ? null : { kind: decidedBy.kind, id: decidedBy.id },
    reason: reason ?? null,
  }
}

/** The error of a room with too many open requests. */
export function requestLimit(roomId: RoomId, limit: number): ParleyError {
  return new ParleyError({
    code: 'request_limit',
    message: `Room ${roomId} has ${limit} open requests. Wait until some are answered.`,
    details: { roomId, limit },
  })
}
