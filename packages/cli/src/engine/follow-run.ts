import { ParleyError, terminalRunStatuses, type RunEvent } from '@parley/spec'
import type { RunResult } from '@parley/workflow'
import type { CommandContext } from '../command-context.ts'
import type { CliEngine } from './open-engine.ts'

/** Which run is followed, and who is told of its events. */
export interface FollowRunOptions {
  runId: string
  /** Events up to this one were seen before. @default 0 */
  afterSeq?: number
  onEvent: (event: RunEvent) => void
}

/** How a run that a command followed ended, for the command. */
export type FollowedRun = { result: RunResult; isInterrupted: boolean }

/**
 * Follows a run until it is over, until it stands still for something that will not come by itself, or until the person
 * interrupts: a stored run is then put aside, any other cancelled.
 */
export async function followRun(
  { world }: CommandContext,
  { engine, isStored }: CliEngine,
  { runId, afterSeq = 0, onEvent }: FollowRunOptions,
): Promise<FollowedRun> {
  const stop = new AbortController()
  const shown = showAll(engine.events(runId, afterSeq, stop.signal), onEvent)
  let isInterrupted = world.signal.aborted
  const interrupted = new Promise<void>((resolve) => {
    const note = (): void => {
      isInterrupted = true
      resolve()
    }
    if (world.signal.aborted) note()
    else world.signal.addEventListener('abort', note, { once: true })
  })
  const halt = async (): Promise<void> => {
    try {
      if (isStored) await engine.pause(runId, 'interrupted')
      else await engine.cancel(runId, 'interrupted')
    } catch (error) {
      // It ended by itself in the meantime: there is nothing to stop.
      if (!ParleyError.isInstance(error) || error.code !== 'run_terminal') throw error
    }
  }
  // Whether it stands still or is over is known from its result; what ends by a deadline goes on by itself.
  const isStill = async (): Promise<boolean> => {
    const { status, waits } = await engine.result(runId)
    return status !== 'waiting' || waits.every(({ deadline }) => deadline === undefined)
  }
  try {
    while (!isInterrupted && !(await Promise.race([isStill(), interrupted.then(() => true)]))) {
      await Promise.race([world.clock.sleep(lookAgainMs, { signal: world.signal }).catch(() => {}), shown])
    }
    if (isInterrupted) await halt()
    const result = await engine.result(runId)
    // The last event of a run that is over comes before its feed ends.
    if (terminalRunStatuses.includes(result.status)) await shown
    return { result, isInterrupted }
  } finally {
    stop.abort()
    await shown
  }
}

/** Between two looks at a run that waits for a deadline. */
const lookAgainMs = 250

async function showAll(events: AsyncIterable<RunEvent>, onEvent: (event: RunEvent) => void): Promise<void> {
  try {
    for await (const event of events) onEvent(event)
  } catch (error) {
    // A feed that was told to end may say so by its signal's reason.
    const isStopped = error instanceof Error && error.name === 'AbortError'
    if (!isStopped) throw error
  }
}
