import {
  terminalRunStatuses,
  type ConversationStore,
  type PendingRequest,
  type RequestOutcome,
  type RunRecord,
  type RunStatus,
} from '@parley/spec'
import type { Engine } from '@parley/workflow'
import type { CallCenterRooms } from '../rooms/call-center-rooms.ts'
import { creditWords, toCreditResult } from '../tools/credit-result.ts'
import { creditApprovalName, creditWishSchema } from './credit-approval.ts'
import type { CreditDesk } from './credit-desk.ts'

/** A run and the request for it, which is decided, while the run is not over or nobody may know that it is. */
export interface LeftCredit {
  run: RunRecord & Required<Pick<RunRecord, 'roomId' | 'idempotencyKey'>>
  request: PendingRequest
}

/** Requests, and records of their outcomes, of one room that are looked through; no conversation has more. */
const mostRequests = 1_000
/** Rooms close a day after the last word, and the desk is told of nothing in a closed one. */
const toldWithinMs = 25 * 60 * 60_000
const openStatuses: RunStatus[] = ['pending', 'running', 'waiting', 'paused']

/**
 * Finds what a process left between the decision of a request, which is stored first, and the record of its outcome in
 * the room: runs that are not over, and runs that ended in the last day. Asked before the rooms are taken up: what they
 * decide from then on, they pass on themselves.
 */
export async function findLeftCredits(
  engine: Pick<Engine, 'list'>,
  { requests }: Pick<ConversationStore, 'requests'>,
  nowMs: number,
): Promise<LeftCredit[]> {
  const open = await withRequests(engine, requests, { status: openStatuses, sinceMs: -Infinity })
  const ended = await withRequests(engine, requests, {
    status: [...terminalRunStatuses],
    sinceMs: nowMs - toldWithinMs,
  })
  return [...open, ...ended]
}

/** Runs with these statuses that began since, and their requests that are decided. */
async function withRequests(
  engine: Pick<Engine, 'list'>,
  requests: ConversationStore['requests'],
  { status, sinceMs }: { status: RunStatus[]; sinceMs: number },
): Promise<LeftCredit[]> {
  const found: LeftCredit[] = []
  let cursor: string | undefined
  do {
    const page = await engine.list({
      workflow: creditApprovalName,
      status,
      ...(cursor === undefined ? {} : { cursor }),
    })
    for (const run of page.runs) {
      // Newest first.
      if (Date.parse(run.createdAt) < sinceMs) return found
      const { roomId, idempotencyKey } = run
      if (roomId === undefined || idempotencyKey === undefined) continue
      const { items } = await requests.list({ roomId, limit: mostRequests })
      const request = items.find((asked) => asked.idempotencyKey === idempotencyKey && asked.kind === 'approval')
      if (request !== undefined && request.status !== 'open')
        found.push({ run: { ...run, roomId, idempotencyKey }, request })
    }
    cursor = page.cursor
  } while (cursor !== undefined)
  return found
}

/**
 * Passes such decisions on, and says the outcome in the room, since nobody is there to tell it any more. Where the room
 * has it on record nothing is said, and the key keeps it from being said twice.
 */
export async function settleLeftCredits(
  left: readonly LeftCredit[],
  {
    credits,
    rooms,
  }: { credits: Pick<CreditDesk, 'decide'>; rooms: Pick<CallCenterRooms, 'deliver' | 'events' | 'getRoom'> },
): Promise<void> {
  for (const { run, request } of left) {
    const decision = decisionOf(request)
    if (decision === undefined) continue
    const { roomId, idempotencyKey, input } = run
    if (await isOnRecord(request, rooms)) continue
    // With a yes may come other terms; the wait's schema checks them.
    const { accountId: _account, ...terms } = { ...creditWishSchema.parse(input), ...fieldsOf(request) }
    const result = toCreditResult(await credits.decide(decision, terms, { roomId, idempotencyKey }))
    const { status } = await rooms.getRoom(roomId)
    if (status === 'closed' || status === 'archived') continue
    await rooms.deliver(roomId, creditWords(result), {
      as: request.agentId,
      idempotencyKey: `outcome:${roomId}:${request.callId ?? request.id}`,
    })
  }
}

/** Whether the room has been told what came of a request. */
async function isOnRecord({ id, roomId }: PendingRequest, rooms: Pick<CallCenterRooms, 'events'>): Promise<boolean> {
  const records = await rooms.events(roomId, { types: ['system'], newestFirst: true, limit: mostRequests })
  return records.some(
    ({ content, metadata }) =>
      content.type === 'system' && content.code === 'request_outcome' && metadata['requestId'] === id,
  )
}

function decisionOf({ status, decidedBy, reason }: PendingRequest): RequestOutcome | undefined {
  const why = reason === undefined ? {} : { reason }
  const by = decidedBy ?? { kind: 'system', id: 'desk' }
  if (status === 'approved' || status === 'rejected') return { status, by, ...why }
  return status === 'expired' || status === 'cancelled' ? { status, ...why } : undefined
}

function fieldsOf({ value }: PendingRequest): object {
  return typeof value === 'object' && value !== null ? value : {}
}
