import type { ConversationStore, PendingRequest, RequestOutcome, RunRecord } from '@parley/spec'
import type { Engine } from '@parley/workflow'
import type { CallCenterRooms } from '../rooms/call-center-rooms.ts'
import { creditWords, toCreditResult } from '../tools/credit-result.ts'
import { creditApprovalName, creditWishSchema } from './credit-approval.ts'
import type { CreditDesk } from './credit-desk.ts'

/** A run that is not over, and the request for it that is. */
export interface LeftCredit {
  run: RunRecord & Required<Pick<RunRecord, 'roomId' | 'idempotencyKey'>>
  request: PendingRequest
}

/** Requests of one room that are looked through; more were never asked in one conversation. */
const mostRequests = 1_000

/**
 * Finds what a process left between the decision of a request, which is stored first, and the end of its run. Asked
 * before the rooms are taken up: what they decide from then on, they pass on themselves.
 */
export async function findLeftCredits(
  engine: Pick<Engine, 'list'>,
  { requests }: Pick<ConversationStore, 'requests'>,
): Promise<LeftCredit[]> {
  const found: LeftCredit[] = []
  let cursor: string | undefined
  do {
    const page = await engine.list({
      workflow: creditApprovalName,
      status: ['pending', 'running', 'waiting', 'paused'],
      ...(cursor === undefined ? {} : { cursor }),
    })
    for (const run of page.runs) {
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

/** Passes such decisions on, and says the outcome in the room, since nobody is there to tell it any more. */
export async function settleLeftCredits(
  left: readonly LeftCredit[],
  { credits, rooms }: { credits: Pick<CreditDesk, 'decide'>; rooms: Pick<CallCenterRooms, 'deliver' | 'getRoom'> },
): Promise<void> {
  for (const { run, request } of left) {
    const decision = decisionOf(request)
    if (decision === undefined) continue
    const { roomId, idempotencyKey, input } = run
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

function decisionOf({ status, decidedBy, reason }: PendingRequest): RequestOutcome | undefined {
  const why = reason === undefined ? {} : { reason }
  const by = decidedBy ?? { kind: 'system', id: 'desk' }
  if (status === 'approved' || status === 'rejected') return { status, by, ...why }
  return status === 'expired' || status === 'cancelled' ? { status, ...why } : undefined
}

function fieldsOf({ value }: PendingRequest): object {
  return typeof value === 'object' && value !== null ? value : {}
}
