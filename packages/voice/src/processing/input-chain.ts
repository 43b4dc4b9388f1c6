import type { AudioFrame, AudioProcessor } from '@parley/spec'

/** Budget of one stage, in ms per frame of 20 ms, on average over `BUDGET_WINDOW_MS`. */
export const STAGE_BUDGET_MS = 2
export const BUDGET_WINDOW_MS = 1_000

/** Why a stage is left out from now on. */
export type BypassReason = { reason: 'slow'; averageMs: number } | { reason: 'failed'; error: unknown }

/** Options of `createInputChain`. */
export interface InputChainOptions {
  /**
   * Milliseconds that only grow, for measuring a stage: time of the machine, since the clock of a call may stand still
   * while a stage works. Without it stages are not measured.
   */
  measure?: () => number
  /** Budget of a stage, in ms per frame of 20 ms. @default 2 */
  budgetMs?: number
  /** Told once for each stage that is left out. */
  onBypass(id: string, reason: BypassReason): void
}

/** What every frame of a person passes before it is judged and recognized. */
export interface InputChain {
  process(frame: AudioFrame): AudioFrame
  reset(): void
  /** Ids of the stages that still work. */
  readonly active: readonly string[]
}

interface Stage {
  processor: AudioProcessor
  spentMs: number
  heardMs: number
  isBypassed: boolean
}

/** Makes the chain of one call, in the order given. A stage that throws or is too slow is left out; audio goes on. */
export function createInputChain(
  processors: readonly AudioProcessor[],
  { measure = () => 0, budgetMs = STAGE_BUDGET_MS, onBypass }: InputChainOptions,
): InputChain {
  const stages: Stage[] = processors.map((processor) => ({ processor, spentMs: 0, heardMs: 0, isBypassed: false }))

  const bypass = (stage: Stage, reason: BypassReason): void => {
    stage.isBypassed = true
    onBypass(stage.processor.id, reason)
  }
  const run = (stage: Stage, frame: AudioFrame): AudioFrame => {
    const startMs = measure()
    let processed: AudioFrame
    try {
      processed = stage.processor.process(frame)
    } catch (error) {
      bypass(stage, { reason: 'failed', error })
      return frame
    }
    stage.spentMs += measure() - startMs
    stage.heardMs += (frame.samples.length / frame.channels / frame.sampleRateHz) * 1_000
    if (stage.heardMs >= BUDGET_WINDOW_MS - 0.5) {
      const averageMs = (stage.spentMs * 20) / stage.heardMs
      stage.spentMs = 0
      stage.heardMs = 0
      if (averageMs > budgetMs) bypass(stage, { reason: 'slow', averageMs })
    }
    return processed
  }

  return Object.freeze({
    process(frame: AudioFrame) {
      let current = frame
      for (const stage of stages) if (!stage.isBypassed) current = run(stage, current)
      return current
    },
    reset() {
      for (const stage of stages) {
        stage.spentMs = 0
        stage.heardMs = 0
        if (!stage.isBypassed) stage.processor.reset()
      }
    },
    get active() {
      return stages.filter(({ isBypassed }) => !isBypassed).map(({ processor }) => processor.id)
    },
  })
}
