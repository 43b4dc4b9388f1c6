import { ParleyError } from '@parley/spec'
import { closeKit } from '../core/close-kit.ts'
import type { AssembledParts } from '../core/create-parts.ts'
import { recover } from '../core/recovery.ts'
import type { Timers } from '../rooms/timers.ts'
import type { SourceRunner } from '../sources/source-runner.ts'

/** Beginning and end of a kit. */
export interface LifecycleApi {
  /** Resolves when what a stopped process left undone has been taken up. */
  ready(): Promise<void>
  /**
   * Ends everything in order: sources and timers, new traffic, lanes within `graceMs`, turns, channels, ports. Every
   * step is tried. @throws {ParleyError} `kit_close_failed` with all errors
   */
  close(options?: { graceMs?: number }): Promise<void>
}

/** A kit's life: its calls, and whether it has ended. */
export interface Lifecycle {
  api: LifecycleApi
  /** @throws {ParleyError} `kit_closed` from the moment on at which closing begins */
  checkOpen(): void
}

/** Begins a kit's life. */
export function createLifecycle(
  assembled: AssembledParts,
  { timers, sources }: { timers: Timers; sources: SourceRunner },
): Lifecycle {
  const { parts } = assembled
  let recovered: Promise<void> | undefined
  let closed: Promise<void> | undefined
  const ready = (): Promise<void> => {
    recovered ??= recover(parts).catch((error: unknown) => parts.reportError(error, { stage: 'recovery' }))
    return recovered
  }
  // Not at once: whoever makes the kit registers channels and agents first.
  if (!parts.store.isProcessLocal) parts.onClose(parts.clock.setTimer(0, ready))
  return {
    api: {
      ready: async () => ready(),
      close({ graceMs = 5_000 } = {}) {
        closed ??= closeKit(assembled, {
          graceMs,
          stopTimers: () => timers.close(),
          stopSources: () => sources.close(),
          recovered: recovered ?? Promise.resolve(),
        })
        return closed
      },
    },
    checkOpen() {
      if (closed === undefined) return
      throw new ParleyError({ code: 'kit_closed', message: 'The kit is closed. Make a new one with new Kit().' })
    },
  }
}
