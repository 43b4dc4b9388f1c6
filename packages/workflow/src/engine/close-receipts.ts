import type { LedgerEntry, ModelReceipt } from '@parley/spec'
import type { JournalWriter } from './journal-writer.ts'
import { costOfReceipt } from './model-calls.ts'
import { attemptOfKey } from './reservation-key.ts'

/** Whether something was sent for a receipt, and nothing more was kept of it. */
export function isOpenReceipt({ execution }: ModelReceipt): boolean {
  return execution.status === 'dispatched'
}

/** The attempt that a receipt belongs to, as `step_key:attempt`. */
export function attemptOfReceipt({ stepKey = '', attempt = 0 }: ModelReceipt): string {
  return `${stepKey}:${attempt}`
}

/**
 * Closes the receipts of a run that is taken up again. What was sent when the process ended is of unknown outcome, and
 * cost what the ledger says: together the receipts of an attempt cost what its ledger does.
 * @param ledger - with the ends of what was interrupted
 */
export function closeReceipts(
  runId: string,
  receipts: readonly ModelReceipt[],
  ledger: readonly LedgerEntry[],
  writer: Pick<JournalWriter, 'receipt'>,
): ModelReceipt[] {
  const left = costsLeft(runId, receipts, ledger)
  const lastOpen = new Map(receipts.filter(isOpenReceipt).map((receipt) => [attemptOfReceipt(receipt), receipt]))
  return receipts.map((receipt) => {
    if (!isOpenReceipt(receipt)) return receipt
    const at = attemptOfReceipt(receipt)
    const costLeft = left.get(at)
    const costNanoUsd = shareOf(costLeft, receipt.budget.estimateNanoUsd, lastOpen.get(at) === receipt)
    if (typeof costLeft === 'number') left.set(at, costLeft - (costNanoUsd ?? 0))
    const closed: ModelReceipt = {
      ...receipt,
      execution: { ...receipt.execution, status: 'unknown', actualCostNanoUsd: costNanoUsd },
      budget: { ...receipt.budget, settledNanoUsd: costNanoUsd },
    }
    writer.receipt(closed)
    return closed
  })
}

/** Of several, each its estimate as far as that goes, and the last one what is left. Without a ledger, the estimate. */
function shareOf(costLeft: number | null | undefined, estimateNanoUsd: number | null, isLast: boolean): number | null {
  if (costLeft === undefined) return estimateNanoUsd
  if (costLeft === null || estimateNanoUsd === null) return null
  return isLast ? costLeft : Math.min(estimateNanoUsd, costLeft)
}

/** What the ledger has of each attempt, less what its receipts that are closed say; unknown where a part of it is. */
function costsLeft(
  runId: string,
  receipts: readonly ModelReceipt[],
  ledger: readonly LedgerEntry[],
): Map<string, number | null> {
  const left = new Map<string, number | null>()
  const add = (at: string, costNanoUsd: number | null): void => {
    const sum = left.get(at) ?? (left.has(at) ? null : 0)
    left.set(at, sum === null || costNanoUsd === null ? null : sum + costNanoUsd)
  }
  for (const { kind, key, costNanoUsd } of ledger) {
    const place = kind === 'reserve' ? undefined : attemptOfKey(runId, key)
    if (place !== undefined) add(`${place.stepKey}:${place.attempt}`, kind === 'release' ? 0 : costNanoUsd)
  }
  for (const receipt of receipts) {
    const at = attemptOfReceipt(receipt)
    const costNanoUsd = costOfReceipt(receipt)
    if (!isOpenReceipt(receipt) && left.has(at)) add(at, costNanoUsd === null ? null : -costNanoUsd)
  }
  return left
}
