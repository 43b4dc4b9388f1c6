import type { ChannelId, Disposer } from '@parley/spec'
import type { MustHearDue } from '../ledger/heard-spans.ts'
import { noteReceipt, type CallCore } from './call-core.ts'
import type { SayOptions, Speech, SpeechHandle } from './call-types.ts'

/** What was cut is said again so long after the cut, unless a turn of the person is to be answered first, in ms. */
const QUIET_MS = 2_000

/** What saying again needs of the call. */
export interface MustHearParts {
  core: () => CallCore
  say(text: string | Speech, options: SayOptions): SpeechHandle
  /** It was said as often as it may be, and was not heard. */
  onUnheard(utteranceId: string, spanId: string): void
}

/** Sees to it that what must be heard is heard: said again after the person was answered, at most twice (H-7). */
export class MustHear {
  readonly #parts: MustHearParts
  #due: (MustHearDue & { agentId: ChannelId | null; utteranceId: string })[] = []
  readonly #withdrawn = new Set<string>()
  #answering = new Set<string>()
  #stopWait: Disposer = () => {}

  constructor(parts: MustHearParts) {
    this.#parts = parts
  }

  /** An utterance is over, however it ended. */
  settled(utteranceId: string, agentId: ChannelId | null): void {
    if (this.#withdrawn.delete(utteranceId)) return
    const core = this.#parts.core()
    const { due, unheard } = core.ledger.mustHearDue(utteranceId)
    for (const spanId of unheard) this.#unheard(utteranceId, spanId)
    if (due.length === 0) return
    // A line that has ended says nothing again: that it was not heard is what is left to tell.
    if (core.isEnding) return due.forEach(({ spanId }) => this.#unheard(utteranceId, spanId))
    this.#due.push(...due.map((one) => ({ ...one, agentId, utteranceId })))
    this.#wait()
  }

  /** It has done what it was said for: it is not said again. */
  withdraw(utteranceId: string): void {
    const before = this.#due.length
    this.#due = this.#due.filter((one) => one.utteranceId !== utteranceId)
    if (before === this.#due.length) this.#withdrawn.add(utteranceId)
  }

  /** A turn of the person is to be answered. */
  turnCommitted(turnId: string): void {
    this.#answering.add(turnId)
  }

  /** Nothing more comes for a turn. */
  turnSettled(turnId: string): void {
    this.#answering.delete(turnId)
    this.#resay()
  }

  close(): void {
    this.#stopWait()
    for (const { utteranceId, spanId } of this.#due.splice(0)) this.#unheard(utteranceId, spanId)
  }

  #wait(): void {
    this.#stopWait()
    this.#stopWait = this.#parts.core().parts.access.clock.setTimer(QUIET_MS, () => this.#resay())
  }

  #resay(): void {
    if (this.#due.length === 0) return
    const core = this.#parts.core()
    if (core.isEnding) return
    const isBusy = this.#answering.size > 0 || core.user === 'speaking' || core.driver.state.open !== null
    if (isBusy || core.driver.state.isOnHold || core.mode !== 'agent') return this.#wait()
    this.#stopWait()
    const due = this.#due.splice(0)
    for (const { spanId, text, fromWord, attempt, agentId } of due) {
      noteReceipt(core, 'resaid', { spanId, attempt })
      void this.#parts.say([{ text, mustHear: 'resay', spanId, fromWord }], {
        kind: 'resay',
        ...(agentId === null ? {} : { agentId }),
      })
    }
  }

  #unheard(utteranceId: string, spanId: string): void {
    const core = this.#parts.core()
    noteReceipt(core, 'mustHearUnheard', { utteranceId, spanId })
    core.emitter.emit({ type: 'mustHearUnheard', utteranceId, spanId })
    this.#parts.onUnheard(utteranceId, spanId)
  }
}
