import {
  ParleyError,
  type AnswerResult,
  type EventDraft,
  type EventId,
  type OrganizationId,
  type PendingRequest,
  type RequestDecision,
  type RequestId,
  type Room,
  type RoomId,
  type RoutingDecision,
  type TurnId,
  type RequestOutcome,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { RequestSpec, ToolOutcomeNote } from '../core/turn-services.ts'
import type { OpenRoom } from '../rooms/commit-to-log.ts'
import type { TurnRuntime } from '../turns/create-services.ts'
import { checkDecision, decidedAlready, statusOf } from './check-decision.ts'
import { deliverOutcome, type OutcomeOf } from './deliver-outcome.ts'
import { readAnswer } from './read-answer.ts'
import {
  closedDraft,
  closedRequest,
  decisionData,
  newRequest,
  openedText,
  requestJson,
  requestLimit,
  type Closed,
} from './request-records.ts'

/** A message of a person that answers an open request: what is written with it, and what follows. */
export interface OfferedAnswer {
  routing: RoutingDecision
  request: PendingRequest
  draft: EventDraft
  committed(): void
}

/** Which requests to list. */
export interface RequestFilter {
  roomId?: RoomId
  kind?: PendingRequest['kind']
  organizationId?: OrganizationId
}

/** What turns ask of people. Open requests are in the store; what waits for them here is only who goes on. */
export interface Requests {
  open(turn: TurnRuntime, spec: RequestSpec): Promise<{ requestId: RequestId; outcome: Promise<RequestOutcome> }>
  answer(id: RequestId, decision: RequestDecision, organizationId?: OrganizationId): Promise<AnswerResult>
  pending(filter: RequestFilter): Promise<PendingRequest[]>
  /** Undefined unless a message of this room could answer an open request; then: whether it does. */
  offer(open: OpenRoom, draft: EventDraft): ((draft: EventDraft) => Promise<OfferedAnswer | undefined>) | undefined
  /** Drafts and records that cancel everything open when a room closes. */
  cancelAll(room: Room): Promise<{ drafts: EventDraft[]; requests: PendingRequest[]; committed(): void }>
  /** The turn waits no more: what it still waited for is cancelled. */
  turnEnded(turnId: TurnId): void
  deliverToolOutcome(turn: TurnRuntime, note: ToolOutcomeNote): Promise<void>
  /** Takes up requests that a stopped process left open. */
  recover(): Promise<void>
  close(): void
}

/** Who goes on when a request is decided. */
interface Waiter {
  request: PendingRequest
  checkValue: RequestSpec['checkValue']
  decide(outcome: RequestOutcome, closedBy: EventId | undefined): void
  dispose(): void
}

/** A request that was closed, and the record that says so. */
interface ClosedRequest {
  request: PendingRequest
  eventId: EventId | undefined
}

function withCause(request: PendingRequest, closedBy: EventId | undefined): OutcomeOf {
  return closedBy === undefined ? request : { ...request, closedBy }
}

/** Makes the requests of a kit. */
export function createRequests(parts: KitParts): Requests {
  const waiters = new Map<RequestId, Waiter>()

  const openOf = (roomId: RoomId): PendingRequest[] => {
    const found: PendingRequest[] = []
    for (const { request } of waiters.values()) if (request.roomId === roomId) found.push(request)
    return found
  }

  /** Closes a request by compare-and-set, in one commit with its record. */
  const close = async (
    request: PendingRequest,
    status: Closed,
    decision: Partial<RequestDecision>,
  ): Promise<ClosedRequest | undefined> => {
    const closed = closedRequest(request, status, decision)
    const outcome = await parts.inRoom(request.roomId, (locked) =>
      locked.commit([closedDraft(parts, locked.room, closed)], {
        requests: [closed],
        receipts: [parts.receipt(request.roomId, 'request', decisionData(closed), { turnId: request.turnId })],
      }),
    )
    return 'events' in outcome ? { request: closed, eventId: outcome.events[0]?.id } : undefined
  }

  const settle = (request: PendingRequest, outcome: RequestOutcome, closedBy?: EventId): void => {
    const waiter = waiters.get(request.id)
    waiters.delete(request.id)
    waiter?.dispose()
    waiter?.decide(outcome, closedBy)
  }

  const expireLater = (request: PendingRequest, delayMs: number): (() => void) =>
    parts.clock.setTimer(Math.max(0, delayMs), () => {
      parts.background(
        'request',
        async () => {
          const closed = await close(request, 'expired', { by: { kind: 'system', id: 'timer' } })
          if (closed !== undefined) settle(closed.request, { status: 'expired' }, closed.eventId)
        },
        { roomId: request.roomId },
      )
    })

  const find = async (id: RequestId, organizationId: OrganizationId | undefined): Promise<PendingRequest> => {
    const known = waiters.get(id)?.request
    const stored =
      known === undefined
        ? (await parts.store.requests.list({ id, limit: 1 })).items[0]
        : await parts.store.requests.get(known.roomId, id)
    const room = stored === undefined || stored === null ? null : await parts.store.getRoom(stored.roomId)
    const isForeign = organizationId !== undefined && room?.organizationId !== organizationId
    if (stored !== undefined && stored !== null && !isForeign) return stored
    throw new ParleyError({
      code: 'request_not_found',
      message: `There is no request ${id}. List open ones with kit.pendingRequests().`,
      details: { requestId: id },
    })
  }

  const wait = (
    request: PendingRequest,
    spec: Pick<RequestSpec, 'checkValue'>,
    timeoutMs: number,
    decide: Waiter['decide'],
  ): void => {
    waiters.set(request.id, { request, checkValue: spec.checkValue, decide, dispose: expireLater(request, timeoutMs) })
  }

  return {
    async open(turn, spec) {
      const { roomId, agentId, trigger } = turn.request
      const open = await parts.store.requests.list({ roomId, status: 'open', limit: parts.limits.openRequests })
      if (open.items.length >= parts.limits.openRequests) throw requestLimit(roomId, parts.limits.openRequests)
      const nowMs = parts.clock.now()
      const request = newRequest(parts, turn, spec, nowMs)
      await parts.inRoom(roomId, async (locked) => {
        const isForPerson = spec.kind !== 'approval'
        const draft = parts.systemDraft(locked.room, {
          type: 'requestOpened',
          content: {
            type: 'system',
            code: 'request_opened',
            text: openedText(request),
            data: { request: requestJson(request) },
          },
          causeId: trigger.id,
          turnId: turn.turnId,
          ...(isForPerson ? { visibility: turn.request.visibility ?? trigger.responseVisibility ?? 'all' } : {}),
        })
        const stored =
          locked.room.organizationId === undefined
            ? request
            : { ...request, organizationId: locked.room.organizationId }
        const committed = await locked.commit([draft], { requests: [stored] })
        if (!('events' in committed))
          throw new ParleyError({
            code: 'version_conflict',
            message: `Request ${request.id} could not be stored. Ask again.`,
          })
      })
      parts.hooks.fire('onUserInputRequired', { request }, { roomId, channelId: agentId })
      const outcome = new Promise<RequestOutcome>((resolve) => {
        const decide: Waiter['decide'] = (decided, closedBy) => {
          if (spec.mode === 'suspend') turn.resumeTimer?.()
          resolve(decided)
          if (spec.mode === 'detach') {
            parts.background(
              'request',
              () => deliverOutcome(parts, withCause(request, closedBy), decided, spec.onDecided),
              { roomId },
            )
          }
        }
        wait(request, spec, spec.timeoutMs, decide)
      })
      if (spec.mode === 'suspend') turn.pauseTimer?.()
      return { requestId: request.id, outcome }
    },

    async answer(id, decision, organizationId) {
      const request = await find(id, organizationId)
      checkDecision(request, decision)
      if (request.status !== 'open') return decidedAlready(request)
      const waiter = waiters.get(id)
      let { value } = decision
      if (value !== undefined && decision.decision !== 'reject' && waiter?.checkValue !== undefined) {
        const checked = await waiter.checkValue(value)
        if (!checked.ok) return { outcome: 'value_invalid', violations: checked.violations }
        value = checked.value
      }
      const status = statusOf[decision.decision]
      const closed = await close(request, status, { ...decision, ...(value === undefined ? {} : { value }) })
      if (closed === undefined) return decidedAlready(await find(id, organizationId))
      const reason = decision.reason === undefined ? {} : { reason: decision.reason }
      const decided: RequestOutcome =
        status === 'rejected'
          ? { status, by: decision.by, ...reason }
          : { status, by: decision.by, ...(value === undefined ? {} : { value }), ...reason }
      settle(closed.request, decided, closed.eventId)
      return { outcome: 'accepted', request: closed.request }
    },

    async pending({ roomId, kind, organizationId }) {
      const found: PendingRequest[] = []
      let after: string | undefined
      do {
        const page = await parts.store.requests.list({
          status: 'open',
          limit: 1_000,
          ...(roomId === undefined ? {} : { roomId }),
          ...(kind === undefined ? {} : { kind }),
          ...(organizationId === undefined ? {} : { organizationId }),
          ...(after === undefined ? {} : { after }),
        })
        found.push(...page.items)
        after = page.next
      } while (after !== undefined)
      return found.toSorted((one, other) =>
        one.createdAt < other.createdAt ? -1 : one.createdAt > other.createdAt ? 1 : one.id < other.id ? -1 : 1,
      )
    },

    offer(open, draft) {
      if (waiters.size === 0 || draft.source.kind !== 'person' || (draft.type !== 'message' && draft.type !== 'dtmf'))
        return undefined
      const candidates = openOf(open.id).filter(
        ({ kind, sensitive, participantId }) =>
          kind !== 'approval' &&
          !sensitive &&
          (participantId === undefined || participantId === draft.source.participantId),
      )
      const [request] = candidates
      if (request === undefined) return undefined
      return async (passed) => {
        const answer = await readAnswer(request, passed.content, waiters.get(request.id)?.checkValue)
        if (answer === undefined) return undefined
        const by = { kind: 'person' as const, id: draft.source.participantId ?? 'person' }
        const closed = closedRequest(request, answer.status, {
          by,
          ...(answer.value === undefined ? {} : { value: answer.value }),
        })
        return {
          routing: { target: null, observers: [], reason: 'request', skipped: [] },
          request: closed,
          draft: closedDraft(parts, open.room, closed, passed.id),
          committed: () =>
            settle(
              closed,
              answer.status === 'rejected'
                ? { status: 'rejected', by }
                : { status: answer.status, by, ...(answer.value === undefined ? {} : { value: answer.value }) },
            ),
        }
      }
    },

    async cancelAll(room) {
      const { items } = await parts.store.requests.list({ roomId: room.id, status: 'open', limit: 1_000 })
      const closed = items.map((request) =>
        closedRequest(request, 'cancelled', { by: { kind: 'system', id: 'room' }, reason: 'room_closed' }),
      )
      return {
        drafts: closed.map((request) => closedDraft(parts, room, request)),
        requests: closed,
        committed() {
          for (const request of closed) settle(request, { status: 'cancelled', reason: 'room_closed' })
        },
      }
    },

    turnEnded(turnId) {
      for (const { request } of waiters.values()) {
        if (request.turnId !== turnId || request.mode !== 'suspend') continue
        settle(request, { status: 'cancelled', reason: 'turn_ended' })
        parts.background(
          'request',
          async () => {
            await close(request, 'cancelled', { by: { kind: 'system', id: 'turn' }, reason: 'turn_ended' })
          },
          { roomId: request.roomId },
        )
      }
    },

    async deliverToolOutcome(turn, { callId, tool, result, isLate = false }) {
      await deliverOutcome(
        parts,
        { roomId: turn.request.roomId, agentId: turn.request.agentId, turnId: turn.turnId, tool, callId, isLate },
        result,
      )
    },

    async recover() {
      for (const request of await this.pending({})) {
        if (waiters.has(request.id)) continue
        if (request.sensitive) {
          await close(request, 'cancelled', { by: { kind: 'system', id: 'restart' }, reason: 'process_restarted' })
          // The agent in charge learns that its question is gone, so that it may ask again.
          parts.background(
            'request',
            () => deliverOutcome(parts, request, { status: 'cancelled', reason: 'process_restarted' }),
            { roomId: request.roomId },
          )
          continue
        }
        wait(request, {}, Date.parse(request.expiresAt) - parts.clock.now(), (outcome, closedBy) => {
          parts.background('request', () => deliverOutcome(parts, withCause(request, closedBy), outcome), {
            roomId: request.roomId,
          })
        })
      }
    },

    close() {
      for (const waiter of waiters.values()) waiter.dispose()
      waiters.clear()
    },
  }
}
