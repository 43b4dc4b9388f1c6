import { ParleyError } from '@parley/spec'
import type { AssembledParts } from './create-parts.ts'

/** What closing ends besides the parts. */
export interface ClosingOptions {
  graceMs: number
  stopTimers(): Promise<void>
  stopSources(): Promise<void>
  recovered: Promise<void>
}

/**
 * Ends a kit in order: sources and timers, lanes within the grace, turns and background work, channels one by one,
 * then the ports. Everything is tried; what failed is told at the end.
 */
export async function closeKit(
  assembled: AssembledParts,
  { graceMs, stopTimers, stopSources, recovered }: ClosingOptions,
): Promise<void> {
  const { parts } = assembled
  const errors: unknown[] = []
  const attempt = async (run: () => unknown): Promise<void> => {
    try {
      await run()
    } catch (error) {
      errors.push(error)
    }
  }
  await attempt(stopSources)
  await attempt(stopTimers)
  await attempt(() => withinGrace(assembled, graceMs, recovered))
  assembled.beginClosing()
  await attempt(() => assembled.drainBackground())
  await attempt(() => parts.hooks.settled())
  await attempt(() => parts.orchestration.close())
  for (const channel of parts.registry.list()) {
    await attempt(() => channel.close?.())
    parts.registry.remove(channel.channelId)
  }
  // Channels end what they carry, and say so.
  await attempt(() => assembled.drainBackground())
  await attempt(() => parts.lanes.receivers.close())
  await attempt(() => assembled.release())
  await attempt(() => parts.backplane.close?.())
  await attempt(() => parts.locks.close?.())
  await attempt(() => parts.store.close())
  if (errors.length === 0) return
  throw new ParleyError({
    code: 'kit_close_failed',
    message: `${errors.length} parts of the kit could not be closed. Their errors are the cause.`,
    details: { errors: errors.map((error) => (ParleyError.isInstance(error) ? error.code : 'internal_error')) },
    cause: new AggregateError(errors),
  })
}

/** Lets lanes and turns run to their end, as long as the grace lasts. */
async function withinGrace({ parts }: AssembledParts, graceMs: number, recovered: Promise<void>): Promise<void> {
  let wake: (() => void) | undefined
  const over = new Promise<void>((resolve) => {
    wake = resolve
  })
  const dispose = parts.clock.setTimer(graceMs, () => wake?.())
  const atRest = recovered.then(() => parts.lanes.drain()).then(() => parts.allTurnsEnded())
  await Promise.race([atRest, over])
  dispose()
}
