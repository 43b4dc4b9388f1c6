/** How keys are gathered into an entry. */
export interface DigitCollectorOptions {
  /** Key that ends an entry and is no part of it; `''` for none. @default '#' */
  terminator: string
  /** Silence after a key that ends an entry. @default 2 000 */
  interDigitMs: number
  /** Keys after which an entry ends by itself. @default 32 */
  maxDigits: number
}

export const defaultDigitCollectorOptions: Readonly<DigitCollectorOptions> = Object.freeze({
  terminator: '#',
  interDigitMs: 2_000,
  maxDigits: 32,
})

/** What `collect` waits for. */
export interface CollectOptions {
  /** How many keys; a range is ended by the terminator or a pause. */
  digits: number | { min: number; max: number }
  /** @default '#' */
  terminator?: string
  /** Wait for the first key after the prompt was heard. @default 10 000 */
  timeoutMs?: number
  /** Digits are masked wherever they would be kept. @default false */
  sensitive?: boolean
  /** Said before waiting, and again at each retry. */
  prompt?: string
  /** How often it is asked again after silence or too few keys. @default 2 */
  retries?: number
}

export const defaultCollectOptions: Readonly<{
  terminator: string
  timeoutMs: number
  sensitive: boolean
  retries: number
}> = Object.freeze({ terminator: '#', timeoutMs: 10_000, sensitive: false, retries: 2 })

/** How tones are sent where the endpoint cannot send digits itself. */
export interface ToneOptions {
  /** @default 100 */
  toneMs: number
  /** @default 60 */
  gapMs: number
  /** What each `w` waits. @default 500 */
  waitMs: number
}

export const defaultToneOptions: Readonly<ToneOptions> = Object.freeze({ toneMs: 100, gapMs: 60, waitMs: 500 })

/** The recognizer hears silence for so long after a tone. */
export const TONE_TAIL_MS = 100
