import type { Usage } from './chat-model.ts'
import type { Instant } from './json.ts'

/** What a model costs, in integer nano-USD per token, character, minute or request. */
export interface Price {
  from: Instant
  input: number
  output: number
  /** @default `input` */
  cachedInput?: number
  /** @default `output` */
  reasoning?: number
  audioInput?: number
  audioOutput?: number
  perCharacter?: number
  perMinute?: number
  perRequest?: number
}

export interface PriceTable {
  readonly version: string
  entries: ({ model: string } & Price)[]
}

/** What is measured of one call besides tokens. */
export type Measured = Usage & { characters?: number; ms?: number; requests?: number }

/** An amount of use. `costNanoUsd: null` is an unknown price, never zero. */
export interface Spend {
  costNanoUsd: number | null
  tokens?: number
  /** @default 1 */
  calls?: number
  /** Visits of nodes. @default 0 */
  visits?: number
}

export type OnExceed = 'stop' | 'downgrade' | 'pause' | 'warn'

/** Caps of one envelope; an absent cap does not bind. */
export interface BudgetSpec {
  maxCostUsd?: number
  maxTokens?: number
  maxCalls?: number
  maxWallMs?: number
  /** Visits of nodes of flows. */
  maxVisits?: number
  /** Shares of a cap at which a warning is due. @default [0.8] */
  warnAt?: number[]
  /** @default 'stop' */
  onExceed?: OnExceed
}

export type EnvelopeKind = 'tenant' | 'task' | 'run' | 'step' | 'room' | 'call' | 'turn'

/** One budget of a nest of budgets. */
export interface Envelope {
  kind: EnvelopeKind
  id: string
  spec: BudgetSpec
  settled: Spend
  reserved: Spend
  remaining: Spend
}

export type ExceededCap = 'max_cost_usd' | 'max_tokens' | 'max_calls' | 'max_wall_ms' | 'max_visits' | 'price_unknown'

export type Reservation =
  | { ok: true; key: string; maxOutputTokens?: number }
  | {
      ok: false
      code: 'budget_exceeded'
      envelope: { kind: EnvelopeKind; id: string }
      exceeded: ExceededCap
      onExceed: OnExceed
    }

/** How a budget inside another one is opened. */
export interface ChildBudgetOptions {
  /** What was spent before, of work that is taken up again; the envelopes around it know of it already. @default nothing */
  settled?: Spend
  /** Told of shares that are passed by what is reserved here, in this envelope or one around it. @default as outside */
  onWarning?: (warning: { envelope: Envelope; share: number }) => void
}

/** Holds money before it is spent and books the true cost after, over nested envelopes. */
export interface Budget {
  /** Outer to inner. */
  readonly envelopes: readonly Envelope[]
  /** All or nothing over all envelopes; repeating it with the same key changes nothing. */
  reserve(key: string, estimate: Spend, options?: { signal?: AbortSignal }): Promise<Reservation>
  /** Books the true cost. @throws {ParleyError} `budget_invalid` for an unknown or released key */
  settle(key: string, actual: Spend, basis?: 'usage' | 'estimate'): Promise<void>
  release(key: string): Promise<void>
  child(kind: EnvelopeKind, id: string, spec: BudgetSpec, options?: ChildBudgetOptions): Budget
  /**
   * Changes the caps of the innermost envelope; what was spent and what is held stays. Absent: its caps are fixed.
   * @throws {ParleyError} `budget_invalid`
   */
  limit?(spec: BudgetSpec): void
}
