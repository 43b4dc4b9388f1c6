import type { ErrorCode } from '@parley/spec'

/** A change of the member that is used. */
export interface FallbackChange {
  stage: 'stt' | 'tts'
  callId?: string
  /** Ids of members; `null`: none was in use. */
  from: string | null
  /** `null`: all are down. */
  to: string | null
  /** The error's code, or `recovered`. */
  reason: ErrorCode | 'recovered'
}

/** Options of `createFallbackStt` and `createFallbackTts`. */
export interface FallbackOptions {
  /** How long opening a member, or the final of a recognizer, may take, in milliseconds. @default 10 000 */
  attemptMs?: number
  /** How long the first sound of a sentence may take, in milliseconds. @default 5 000 */
  firstAudioMs?: number
  /** How often a member is tried again before the next is. @default 1 for recognizers, 0 for voices */
  retries?: number
  /** Between tries of one member, in milliseconds. @default 5 000 */
  retryAfterMs?: number
  /** How often a failed member is probed, in milliseconds. @default 30 000 */
  probeEveryMs?: number
  /** Audio of the open turn that a new recognizer hears again, in milliseconds. @default 8 000 */
  replayMs?: number
  /** By the voice that was asked for: what it is called at each member, by the member's id. @default the same name */
  voices?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Gets each change. */
  onChange?: (change: FallbackChange) => void
}

/** The defaults of fallbacks. */
export const fallbackDefaults = {
  attemptMs: 10_000,
  firstAudioMs: 5_000,
  sttRetries: 1,
  ttsRetries: 0,
  retryAfterMs: 5_000,
  probeEveryMs: 30_000,
  replayMs: 8_000,
} as const

/** Options that `createFallbackStt` and `createFallbackTts` know. */
export const fallbackOptionNames: readonly string[] = [
  'attemptMs',
  'firstAudioMs',
  'retries',
  'retryAfterMs',
  'probeEveryMs',
  'replayMs',
  'voices',
  'onChange',
]
