import { createBudget, type Budget, type Clock, type Logger, type RoomId } from '@parley/spec'
import type { CallCenterRooms } from './call-center-rooms.ts'

/** What each conversation may spend on models. */
export interface CallBudgets {
  budgetOf(roomId: RoomId): Promise<Budget>
  /** Lets the agent in charge say once that simple rules answer from here on. */
  reached(roomId: RoomId): void
}

const words =
  'I have used up what this conversation may cost, so from here on I answer by simple rules. You can always ask for a person.'
/** Budgets at hand; one that is not is made again from the receipts of its room. */
const keptBudgets = 1_000
const receiptPage = 1_000

/** Holds every conversation to the same cap; what was spent before a restart counts. */
export function createCallBudgets({
  capUsd,
  rooms,
  clock,
  logger,
}: {
  capUsd: number
  rooms: () => Pick<CallCenterRooms, 'receipts' | 'state' | 'deliver'>
  clock: Clock
  logger: Logger
}): CallBudgets {
  const budgets = new Map<RoomId, Promise<Budget>>()

  async function open(roomId: RoomId): Promise<Budget> {
    const turns = await rooms().receipts(roomId, { kind: 'turn', limit: receiptPage })
    const spent = turns.reduce((sum, { data }) => sum + costOf(data), 0)
    return createBudget('call', roomId, { maxCostUsd: capUsd }, { clock, settled: { costNanoUsd: spent, calls: 0 } })
  }

  async function tell(roomId: RoomId): Promise<void> {
    const { mode, activeAgentId } = await rooms().state(roomId)
    if (mode !== 'agent' || activeAgentId === null) return
    await rooms().deliver(roomId, words, { as: activeAgentId, idempotencyKey: `cap:${roomId}` })
  }

  return {
    budgetOf(roomId) {
      const known = budgets.get(roomId)
      if (known !== undefined) return known
      const opened = open(roomId)
      budgets.set(roomId, opened)
      // One that could not be made is tried again with the next call.
      opened.catch(() => budgets.delete(roomId))
      const [oldest] = budgets.keys()
      if (budgets.size > keptBudgets && oldest !== undefined) budgets.delete(oldest)
      return opened
    },
    reached(roomId) {
      tell(roomId).catch((error: unknown) =>
        logger.error('A caller could not be told of the cap.', { roomId, pii: String(error) }),
      )
    },
  }
}

function costOf(data: unknown): number {
  const cost = typeof data === 'object' && data !== null && 'costNanoUsd' in data ? data.costNanoUsd : undefined
  return typeof cost === 'number' ? cost : 0
}
