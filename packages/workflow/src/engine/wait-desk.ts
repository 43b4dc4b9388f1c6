import { ParleyError, sha256Hex, type Json, type WaitRecord } from '@parley/spec'
import { copyToJson } from '../state/copy-json.ts'
import type { WaitAnswer, WaitReply } from './engine-options.ts'
import type { EngineParts } from './engine-parts.ts'
import { isInside } from './region-prefix.ts'
import type { RunDesk } from './run-desk.ts'
import { refuseClosed } from './start-run.ts'
import { checkAnswer, matches } from './wait-answer.ts'

/** What answers to waits are taken with. */
export interface WaitDesk {
  parts: EngineParts
  desk: RunDesk
}

/**
 * Takes the answer to a wait, and lets its run go on.
 * @throws {ParleyError} `wait_unknown`, `wait_invalid`, `wait_resolved`, `wait_expired`, `forbidden`
 */
export async function answerWaitOf(
  { parts, desk }: WaitDesk,
  by: WaitAnswer,
  { decision = 'approved', data, by: who, idempotencyKey }: WaitReply,
): Promise<WaitRecord> {
  refuseClosed(desk)
  const { backend, clock } = parts
  const wait = await backend.findWait('token' in by ? { tokenHash: sha256Hex(by.token) } : { id: by.waitId })
  refuseStranger(wait, who)
  const json = data === undefined ? undefined : copyToJson(data, 'data')
  if (wait.status === 'open') {
    if (wait.kind === 'timer') {
      throw new ParleyError({
        code: 'wait_invalid',
        message: 'A timer waits for the time alone. Cancel the run, or let the time come.',
        details: { waitId: wait.id },
      })
    }
    if (decision === 'approved' || wait.kind === 'event') await checkAnswer(wait, json)
    // Nobody came to its end yet, which is over all the same.
    if (wait.deadline !== undefined && Date.parse(wait.deadline) <= clock.now()) {
      await desk.wake(wait.runId)
      throw new ParleyError({
        code: 'wait_expired',
        message: `Wait ${wait.id} ended at ${wait.deadline}, before it was answered.`,
        details: { waitId: wait.id },
      })
    }
  }
  const { wait: answered } = await backend.resolveWait(wait.id, {
    decision: wait.kind === 'event' ? 'event' : decision,
    ...(json === undefined ? {} : { data: json }),
    ...(who === undefined ? {} : { by: who }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    at: new Date(clock.now()).toISOString(),
  })
  await goOn(desk, wait)
  return answered
}

/** Sends a signal to a run: a wait takes it, now or within 24 h. @throws {ParleyError} `run_unknown`, `run_terminal` */
export async function signalRun({ parts, desk }: WaitDesk, runId: string, name: string, data: Json): Promise<void> {
  refuseClosed(desk)
  const json = copyToJson(data, 'data')
  await parts.backend.signal(runId, name, json)
  const { waits } = await parts.backend.read(runId)
  for (const wait of waits)
    if (wait.status === 'open' && wait.kind === 'event' && wait.name === name && matches(wait.match, json))
      await goOn(desk, wait)
}

/** The run goes on, from memory if it is at work, else from its journal. */
async function goOn(desk: RunDesk, { runId, stepKey }: WaitRecord): Promise<void> {
  const wakes = desk.active(runId)?.scope?.wakes ?? []
  for (const [key, run] of wakes) if (stepKey === key || isInside(stepKey, key)) return run()
  await desk.wake(runId)
}

function refuseStranger({ id, approvers }: WaitRecord, who: string | undefined): void {
  if (approvers === undefined || (who !== undefined && approvers.includes(who))) return
  throw new ParleyError({
    code: 'forbidden',
    message: 'This wait may be answered by its approvers alone.',
    details: { waitId: id, approvers },
  })
}
