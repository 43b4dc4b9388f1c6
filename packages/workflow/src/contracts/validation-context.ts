import { createSystemClock, type ChatModel, type Clock } from '@parley/spec'

/** Which model a judge asks for: one by name, one that was given, or (neither) the one that is routed to. */
export interface JudgeModelOptions {
  /** `provider/model`. */
  model?: string
  llm?: ChatModel
}

/** What validators may use. */
export interface ValidationContext {
  /** A model that is routed, counted and budgeted. Without it a judge uses the model it was given itself. */
  model?(options: JudgeModelOptions): ChatModel
  readonly clock: Clock
  /** Ends waiting; the validation then rejects with the reason. */
  readonly signal: AbortSignal
  /** How long one asynchronous schema or validator may take. @default 30000 */
  readonly timeoutMs?: number
}

/** How long one asynchronous schema or validator may take where nothing is said, in ms. */
export const DEFAULT_VALIDATION_TIMEOUT_MS = 30_000

/** A context for validation outside a run: the machine's clock, no end, no models. */
export function createValidationContext(): ValidationContext {
  return { clock: createSystemClock(), signal: new AbortController().signal }
}
