import { ParleyError } from '@parley/spec'
import type { Clock, Disposer } from '@parley/spec'
import { resolveOptions } from '../resolve-options.ts'
import { startCollection, type Collected, type Collection } from './collection.ts'
import {
  defaultCollectOptions,
  defaultDigitCollectorOptions,
  type CollectOptions,
  type DigitCollectorOptions,
} from './dtmf-options.ts'

/** Keys that belong together. */
export interface KeypadEntry {
  digits: string
  /** What ended it. */
  endedBy: 'terminator' | 'pause' | 'maxDigits'
  startedAtMs: number
}

/** What the collector needs of its call. */
export interface DigitCollectorPorts {
  clock: Clock
  /** A complete entry that nobody had asked for: a user turn. */
  onEntry(entry: KeypadEntry): void
  /** Speaks a prompt; settles when it was heard. */
  say?(prompt: string, attempt: number): Promise<void>
  /** A sensitive collection begins or ends: what both sides say meanwhile is masked wherever it would be kept. */
  onSensitive?(isSensitive: boolean, atMs: number): void
}

/** Gathers the keys of one call. */
export interface DigitCollector {
  /** One key of `0-9*#A-D`; others are ignored. */
  push(digit: string): void
  /**
   * Whether a key belongs to an entry that is complete by its length: the terminator that people press all the same, and
   * whatever is keyed in beyond a sensitive value. Such keys mean nothing and must not be kept.
   */
  absorbs(digit: string): boolean
  /** A finished user turn in words. @returns whether it answers a running collection and is no turn of its own */
  spoken(text: string): boolean
  /**
   * Asks for digits; keys go to it until it ends.
   * @throws {ParleyError} `invalid_options`, also while another one runs
   */
  collect(options: CollectOptions, context?: { signal?: AbortSignal }): Promise<Collected>
  readonly isCollecting: boolean
  readonly isSensitive: boolean
  /** The call is over: a running collection ends as `hangup`, keys that wait are dropped. Idempotent. */
  close(): void
}

const keys = /^[0-9*#A-D]$/

/**
 * Makes the collector of a call.
 * @throws {ParleyError} `invalid_options`
 */
export function createDigitCollector(
  given: Partial<DigitCollectorOptions> | undefined,
  { clock, onEntry, say, onSensitive }: DigitCollectorPorts,
): DigitCollector {
  const options = resolveOptions('dtmf', defaultDigitCollectorOptions, given)
  let digits = ''
  let startedAtMs = 0
  let stopTimer: Disposer = () => {}
  let running: Collection | undefined
  let wantedNow: CollectOptions | undefined
  let tail: { untilMs: number; terminator: string; isSensitive: boolean } | undefined
  let isClosed = false

  const reset = (): void => {
    stopTimer()
    digits = ''
  }
  const finish = (endedBy: KeypadEntry['endedBy']): void => {
    const entry: KeypadEntry = { digits, endedBy, startedAtMs }
    reset()
    if (entry.digits !== '') onEntry(entry)
  }

  /** A key ended a collection by its length: what follows at once belongs to it. */
  const noteTail = (digit: string): void => {
    const { terminator = defaultCollectOptions.terminator, sensitive: isSensitive = false } = wantedNow ?? {}
    if (running !== undefined || digit === terminator) return
    tail = { untilMs: clock.monotonicMs() + options.interDigitMs, terminator, isSensitive }
  }

  return Object.freeze({
    push(digit: string) {
      if (isClosed || !keys.test(digit)) return
      if (running !== undefined) {
        running.digit(digit)
        return noteTail(digit)
      }
      if (digit === options.terminator) return finish('terminator')
      if (digits === '') startedAtMs = clock.monotonicMs()
      digits += digit
      if (digits.length >= options.maxDigits) return finish('maxDigits')
      stopTimer()
      stopTimer = clock.setTimer(options.interDigitMs, () => finish('pause'))
    },
    absorbs(digit: string) {
      const now = clock.monotonicMs()
      if (running !== undefined || tail === undefined || now > tail.untilMs) return false
      if (!tail.isSensitive) return digit === tail.terminator
      tail = { ...tail, untilMs: now + options.interDigitMs }
      return true
    },
    spoken(text: string) {
      if (running === undefined || text.trim() === '') return false
      running.spoken(text)
      return true
    },
    async collect(wanted: CollectOptions, { signal }: { signal?: AbortSignal } = {}) {
      if (isClosed) return { type: 'hangup' as const }
      if (running !== undefined) {
        throw new ParleyError({
          code: 'invalid_options',
          message: 'Digits are being collected already on this call. Await that collection before the next one.',
        })
      }
      reset()
      tail = undefined
      wantedNow = wanted
      const isSensitive = wanted.sensitive === true
      const collection = startCollection(wanted, {
        clock,
        interDigitMs: options.interDigitMs,
        ...(say === undefined ? {} : { say }),
        ...(signal === undefined ? {} : { signal }),
        onEnd: () => {
          // It was over before it began: the signal had been aborted.
          if (running === undefined) return
          running = undefined
          if (isSensitive) onSensitive?.(false, clock.monotonicMs())
        },
      })
      if (signal?.aborted !== true) {
        running = collection
        if (isSensitive) onSensitive?.(true, clock.monotonicMs())
      }
      return collection.result
    },
    get isCollecting() {
      return running !== undefined
    },
    get isSensitive() {
      return running?.isSensitive === true
    },
    close() {
      isClosed = true
      reset()
      running?.hangup()
    },
  })
}
