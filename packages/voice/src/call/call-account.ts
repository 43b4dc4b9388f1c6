import type { SpeechPricing, TurnId } from '@parley/spec'
import { createCallCost, type CallCost, type CallCostReport } from '../metrics/call-cost.ts'
import type { CallBudgetOptions } from '../options/voice-options.ts'
import { noteReceipt, type CallCore } from './call-core.ts'

/** What the line and its recording cost, in integer nano-USD per minute. */
export interface LinePricing {
  telephonyPerMinute?: number
  recordingPerMinute?: number
}

/** What a crossed cap does to the call. */
export interface BudgetActions {
  /** The agent is told to come to an end. */
  wrapUp(): void
  transfer(): void
  end(): void
}

/** Adds up what one call costs, and keeps it under its caps. */
export class CallAccount {
  readonly #core: () => CallCore
  readonly #cost: CallCost
  readonly #pricing: LinePricing
  readonly #actions: BudgetActions
  #isDowngraded = false
  #isOver = false

  /** @throws {ParleyError} `invalid_options`, `budget_invalid` */
  constructor(
    core: () => CallCore,
    budget: CallBudgetOptions | undefined,
    pricing: LinePricing,
    actions: BudgetActions,
  ) {
    this.#core = core
    this.#cost = createCallCost(budget)
    this.#pricing = pricing
    this.#actions = actions
  }

  /** Whether cheaper models answer from now on. */
  get isDowngraded(): boolean {
    return this.#isDowngraded
  }

  /** Whether a cap was crossed: nothing is spent on what may not be wanted. */
  get isOver(): boolean {
    return this.#isOver
  }

  heard(provider: string, audioMs: number, pricing: SpeechPricing | undefined): void {
    this.#cost.stt(provider, audioMs, pricing)
    this.#check()
  }

  /** A sentence was synthesized, or came from the cache. */
  spoke(provider: string, characters: number, pricing: SpeechPricing | undefined, isCached: boolean): void {
    if (isCached) this.#cost.cachedTts(characters)
    else this.#cost.tts(provider, characters, pricing)
    this.#check()
  }

  /** What a reply cost that nobody heard, because the turn was another. */
  speculated(agentId: string, costNanoUsd: number | null): void {
    this.#cost.model(agentId, costNanoUsd)
    this.#check()
  }

  /** Reads what an agent's turn cost from its receipt. */
  async readTurn(turnId: TurnId): Promise<void> {
    const { kit, roomId } = this.#core().parts
    for (const { data } of await kit.receipts(roomId, { kind: 'turn', turnId })) {
      if (typeof data !== 'object' || data === null || Array.isArray(data)) continue
      const { agentId, usage, costNanoUsd } = data
      if (usage === null || usage === undefined) continue
      this.#cost.model(
        typeof agentId === 'string' ? agentId : 'unknown',
        typeof costNanoUsd === 'number' ? costNanoUsd : null,
      )
    }
    this.#check()
  }

  /** What it costs by now. */
  report(): CallCostReport {
    const { parts, startedMs, recording } = this.#core()
    const durationMs = parts.access.clock.monotonicMs() - startedMs
    const { telephonyPerMinute, recordingPerMinute } = this.#pricing
    if (parts.endpoint.info.kind === 'twilio' || telephonyPerMinute !== undefined)
      this.#cost.telephony(parts.endpoint.info.kind, durationMs, telephonyPerMinute)
    if (recordingPerMinute !== undefined && recording !== undefined)
      this.#cost.recording('recording', durationMs, recordingPerMinute)
    return this.#cost.report()
  }

  #check(): void {
    const core = this.#core()
    const { totalNanoUsd } = this.report()
    for (const crossing of this.#cost.crossings()) {
      this.#isOver = true
      noteReceipt(core, 'budget', { ...crossing, totalNanoUsd })
      core.parts.endpoint.show?.({
        type: 'notice',
        code: 'call_budget',
        message: crossing.cap === 'soft' ? 'This call has become expensive.' : 'This call has reached its limit.',
      })
      if (crossing.action === 'downgrade') this.#isDowngraded = true
      if (crossing.action === 'wrapUp') this.#actions.wrapUp()
      if (crossing.action === 'transfer') this.#actions.transfer()
      if (crossing.action === 'end') this.#actions.end()
    }
  }
}
