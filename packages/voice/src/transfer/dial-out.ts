import type { MediaEndpoint } from '@parley/spec'
import type { DialOutcome } from './transfer-options.ts'

/** What came of ringing another line. */
export type DialResult = { outcome: 'accepted'; leg: MediaEndpoint } | Exclude<DialOutcome, { outcome: 'accepted' }>

/** Rings other lines: a carrier, a SIP trunk, a browser of the desk. */
export interface DialOut {
  /** Settles when the line was answered or will not be. An abort ends the ringing. */
  dial(to: string, options: { timeoutMs: number; signal: AbortSignal }): Promise<DialResult>
}
