import type { Json } from '@parley/spec'
import type { TurnState } from '../turn/turn-machine.ts'
import type { CallLog, LoggedStep } from './call-log.ts'
import { withoutWords } from './without-words.ts'

/** Steps of one block; the machine's state is kept before each, so that what is left of a long call can be replayed. */
const BLOCK_STEPS = 1_000

/** Blocks that are kept: 20 000 steps; of a longer call the oldest block goes. */
const BLOCKS = 20

interface Block {
  readonly from: TurnState
  readonly steps: LoggedStep[]
}

/** What the machine of one call was told and decided, as far back as it is kept. */
export class StepLog {
  readonly #blocks: Block[] = []
  #dropped = 0
  #hasSecrets = false

  /**
   * Notes a step.
   * @param before - the state that the step began from
   * @param isSecret - what is said at this moment is kept from every record
   */
  add(step: LoggedStep, before: TurnState, isSecret: boolean): void {
    let block = this.#blocks.at(-1)
    if (block === undefined || block.steps.length >= BLOCK_STEPS) {
      block = { from: before, steps: [] }
      this.#blocks.push(block)
      if (this.#blocks.length > BLOCKS) this.#dropped += this.#blocks.shift()?.steps.length ?? 0
    }
    this.#hasSecrets ||= isSecret
    block.steps.push(
      isSecret ? { atMs: step.atMs, ...withoutWords({ event: step.event, effects: step.effects }) } : step,
    )
  }

  /** All steps that are kept. */
  get steps(): readonly LoggedStep[] {
    return this.#blocks.flatMap(({ steps }) => steps)
  }

  /** What replays the call, from the oldest step that is kept. */
  toLog(settings: CallLog['settings']): CallLog {
    const { steps } = this
    const [first] = this.#blocks
    if (first === undefined || this.#dropped === 0) return { settings, steps }
    // The state is plain JSON. It may still hold a secret that was said before.
    const from = first.from as unknown as Json
    return {
      settings,
      steps,
      from: (this.#hasSecrets ? withoutWords(from) : from) as unknown as TurnState,
      dropped: this.#dropped,
    }
  }
}
