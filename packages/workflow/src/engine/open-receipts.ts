import type { DurableBackend, ModelReceipt } from '@parley/spec'
import type { JournalWriter } from './journal-writer.ts'

/** Receipts of a run that is taken up again. What was sent when the process ended is closed: nobody knows what came of it. */
export async function openReceipts(
  backend: DurableBackend,
  runId: string,
  writer: JournalWriter,
): Promise<ModelReceipt[]> {
  const receipts = await backend.receipts({ runId })
  return receipts.map((receipt) => {
    if (receipt.execution.status !== 'dispatched') return receipt
    const { estimateNanoUsd } = receipt.budget
    const closed: ModelReceipt = {
      ...receipt,
      execution: { ...receipt.execution, status: 'unknown', actualCostNanoUsd: estimateNanoUsd },
      budget: { ...receipt.budget, settledNanoUsd: estimateNanoUsd },
    }
    writer.receipt(closed)
    return closed
  })
}
