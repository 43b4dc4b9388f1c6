import { ParleyError, checkOptions } from '@parley/spec'
import type { Clock, Disposer } from '@parley/spec'
import { defaultCollectOptions, type CollectOptions } from './dtmf-options.ts'

/** What a person gave when digits were asked for. */
export type Collected =
  | { type: 'digits'; digits: string }
  /** Nothing usable within all attempts; `partial` are the keys of the last one. */
  | { type: 'timeout'; partial: string }
  | { type: 'hangup' }
  /** They answered in words. */
  | { type: 'spoken'; text: string }

/** One running `collect`. */
export interface Collection {
  readonly isSensitive: boolean
  readonly result: Promise<Collected>
  digit(digit: string): void
  spoken(text: string): void
  hangup(): void
}

/** What a collection needs of its call. */
export interface CollectionPorts {
  clock: Clock
  /** Pause after a key that ends the attempt, in ms. */
  interDigitMs: number
  /** Speaks the prompt; settles when it was heard, cut or failed. */
  say?(prompt: string, attempt: number): Promise<void>
  /** Ends the wait; `result` rejects with its reason. */
  signal?: AbortSignal
  onEnd?(): void
}

/** A prompt that never says that it was heard is waited for no longer than this. */
const PROMPT_BOUND_MS = 30_000

/**
 * Asks for digits and waits for them.
 * @throws {ParleyError} `invalid_options`
 */
export function startCollection(given: CollectOptions, ports: CollectionPorts): Collection {
  checkOptions('collect', given, ['digits', 'terminator', 'timeoutMs', 'sensitive', 'prompt', 'retries'])
  const options = { ...defaultCollectOptions, ...given }
  const { min, max } =
    typeof options.digits === 'number' ? { min: options.digits, max: options.digits } : options.digits
  if (!(Number.isInteger(min) && Number.isInteger(max) && min >= 1 && max >= min && max <= 256)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'Option "digits" of collect has to be a count of 1 to 256, or such a range { min, max }.',
      details: { path: 'digits', expected: 'a count or a range' },
    })
  }
  const { clock, interDigitMs, say, signal } = ports
  const { promise, resolve, reject } = Promise.withResolvers<Collected>()
  let digits = ''
  let attempt = 0
  let isOver = false
  let stopTimer: Disposer = () => {}

  const wait = (delayMs: number, run: () => void): void => {
    stopTimer()
    stopTimer = clock.setTimer(delayMs, run)
  }
  const leave = (): boolean => {
    if (isOver) return false
    isOver = true
    stopTimer()
    signal?.removeEventListener('abort', abort)
    ports.onEnd?.()
    return true
  }
  const end = (value: Collected): void => {
    if (leave()) resolve(value)
  }
  const abort = (): void => {
    if (leave()) reject(signal?.reason)
  }

  const settleAttempt = (): void => {
    if (digits.length >= min) return end({ type: 'digits', digits })
    if (attempt > options.retries) return end({ type: 'timeout', partial: digits })
    ask()
  }
  const listen = (of: number): void => {
    // A key was pressed meanwhile, or it has been asked again: another wait runs.
    if (isOver || of !== attempt || digits !== '') return
    wait(options.timeoutMs, settleAttempt)
  }
  const ask = (): void => {
    digits = ''
    attempt += 1
    const current = attempt
    if (options.prompt === undefined || say === undefined) return listen(current)
    wait(PROMPT_BOUND_MS, () => listen(current))
    // A prompt that could not be spoken leaves the person the same time to answer.
    say(options.prompt, current).then(
      () => listen(current),
      () => listen(current),
    )
  }

  if (signal?.aborted === true) abort()
  else {
    signal?.addEventListener('abort', abort, { once: true })
    ask()
  }
  return Object.freeze({
    isSensitive: options.sensitive,
    result: promise,
    digit(digit: string) {
      if (isOver) return
      if (digit === options.terminator) return settleAttempt()
      digits += digit
      if (digits.length >= max) return end({ type: 'digits', digits })
      wait(interDigitMs, settleAttempt)
    },
    spoken(text: string) {
      if (text.trim() !== '') end({ type: 'spoken', text })
    },
    hangup: () => end({ type: 'hangup' }),
  })
}
