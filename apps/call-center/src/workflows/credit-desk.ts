import { ParleyError, type DurableBackend, type Json, type RequestOutcome, type RoomId } from '@parley/spec'
import type { Engine, Workflow } from '@parley/workflow'
import { z } from 'zod'
import { paymentSchema, type CreditWish } from './credit-approval.ts'

/** What a wish for a credit came to. */
export type CreditOutcome =
  | z.output<typeof paymentSchema>
  | { status: 'rejected' | 'cancelled'; reason?: string }
  | { status: 'expired' }
  | { status: 'failed'; message: string }

/** The call of a tool that a run is for. */
export interface CreditCall {
  roomId: RoomId
  /** Stable over retries and restarts of the same call. */
  idempotencyKey: string
}

/** Gives credits to customers, and knows which of them wait for a colleague. */
export interface CreditDesk {
  /** Begins the run of a call, or finds it; `waiting` until the instant in ms at which it counts as refused. */
  ask(wish: CreditWish, call: CreditCall): Promise<CreditOutcome | { status: 'waiting'; untilMs: number }>
  /** Passes on what was decided of a call, with the terms as they were decided; gives what its run ended with. */
  decide(decision: RequestOutcome, terms: Omit<CreditWish, 'accountId'>, call: CreditCall): Promise<CreditOutcome>
}

const reasonSchema = z.object({ reason: z.string() })
/** Somebody or the deadline was first: the run says how it ended. */
const settledCodes: ReadonlySet<string> = new Set(['wait_resolved', 'wait_expired', 'run_terminal'])

/** A desk on the workflow: one run per call, whose wait is answered by the decision of the room's request. */
export function createCreditDesk({
  engine,
  backend,
  workflow,
}: {
  engine: Engine
  backend: DurableBackend
  workflow: Workflow
}): CreditDesk {
  async function outcomeOf(runId: string): Promise<CreditOutcome> {
    // Waits for what is at work; the journal tells the rest.
    await engine.result(runId)
    const { run, waits } = await backend.read(runId)
    if (run.status === 'completed') return paymentSchema.parse(run.output)
    const resolution = waits.at(-1)?.resolution
    if (resolution?.decision === 'timeout') return { status: 'expired' }
    if (resolution?.decision === 'rejected') return { status: 'rejected', ...reasonOf(resolution.data) }
    if (run.status === 'cancelled') return { status: 'cancelled' }
    return { status: 'failed', message: run.error?.message ?? `The credit's run stands still (${run.status}).` }
  }

  return {
    async ask(wish, { roomId, idempotencyKey }) {
      const runId = runIdOf(idempotencyKey)
      const { status, waits } = await engine.run(workflow, wish, { runId, roomId, idempotencyKey })
      const [open] = waits
      if (status !== 'waiting' || open?.deadline === undefined) return outcomeOf(runId)
      return { status: 'waiting', untilMs: Date.parse(open.deadline) }
    },

    async decide(decision, terms, { idempotencyKey }) {
      const runId = runIdOf(idempotencyKey)
      const { waits } = await backend.read(runId)
      const open = waits.find(({ status }) => status === 'open')
      try {
        if (decision.status === 'cancelled') await engine.cancel(runId, decision.reason)
        else if (open !== undefined)
          await engine.resolveWait({ waitId: open.id }, replyTo(decision, terms, idempotencyKey))
      } catch (error) {
        if (!ParleyError.isInstance(error) || !settledCodes.has(error.code)) throw error
      }
      return outcomeOf(runId)
    },
  }
}

/** The id of the run of a call: found again after a restart by the call alone. */
export function runIdOf(idempotencyKey: string): string {
  return `credit_${idempotencyKey.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`
}

/** Nobody's decision is a refusal as well; where the deadline has passed, the wait says so itself. */
function replyTo(
  decision: RequestOutcome,
  { invoiceId, cents, reason }: Omit<CreditWish, 'accountId'>,
  idempotencyKey: string,
): Parameters<Engine['resolveWait']>[1] {
  const by = 'by' in decision ? { by: decision.by.id } : {}
  if (decision.status === 'approved' || decision.status === 'answered')
    return { decision: 'approved', data: { invoiceId, cents, reason }, idempotencyKey, ...by }
  const data = decision.reason === undefined ? null : { reason: decision.reason }
  return { decision: 'rejected', data, idempotencyKey, ...by }
}

function reasonOf(data: Json | undefined): { reason?: string } {
  const parsed = reasonSchema.safeParse(data)
  return parsed.success ? parsed.data : {}
}
