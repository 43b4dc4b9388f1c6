import { terminalRunStatuses, toParleyError, type Logger, type RoomId } from '@parley/spec'
import type { Engine, WorkflowSource } from '@parley/workflow'
import type { CallCenterRooms } from '../rooms/call-center-rooms.ts'
import { callSummarySchema, keptSummarySchema, type SummaryReply } from './call-summary.ts'

/** Has conversations summed up when they end, and tells how far that is. */
export interface CallSummaries {
  /** Begins the run for a conversation that has ended. Never throws: whatever goes wrong, the conversation has ended. */
  begin(roomId: RoomId): Promise<void>
  read(roomId: RoomId): Promise<SummaryReply>
}

/** Sums up with one run per end: a conversation that nobody said anything in since has the same end. */
export function createCallSummaries({
  engine,
  workflow,
  rooms,
  logger,
}: {
  engine: Engine
  workflow: WorkflowSource
  rooms: Pick<CallCenterRooms, 'events' | 'getRoom'>
  logger: Logger
}): CallSummaries {
  async function runIdOf(roomId: RoomId): Promise<string | undefined> {
    const [last] = await rooms.events(roomId, { types: ['message'], newestFirst: true, limit: 1 })
    return last === undefined ? undefined : `summary_${roomId}_${last.index}`
  }
  return {
    async begin(roomId) {
      try {
        const runId = await runIdOf(roomId)
        if (runId !== undefined) await engine.start(workflow, { roomId }, { runId, roomId, idempotencyKey: runId })
      } catch (thrown) {
        const { code, message } = toParleyError(thrown, {
          code: 'internal_error',
          message: 'The summary of a conversation could not be begun.',
        })
        logger.error('A conversation is not summed up.', { roomId, code, detail: message })
      }
    },

    async read(roomId) {
      const runId = await runIdOf(roomId)
      const run = runId === undefined ? undefined : await engine.get(runId)
      if (run === undefined) return { status: 'none' }
      if (!terminalRunStatuses.includes(run.status)) return { status: 'writing' }
      const kept = keptSummarySchema.safeParse((await rooms.getRoom(roomId)).metadata['summary'])
      if (kept.success && kept.data.runId === runId) {
        const { runId: _run, writtenAt: _at, ...summary } = kept.data
        return { status: 'ready', summary: callSummarySchema.parse(summary) }
      }
      return { status: run.status === 'completed' || run.status === 'partial' ? 'empty' : 'failed' }
    },
  }
}
