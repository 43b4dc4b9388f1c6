import type { Clock } from '@parley/spec'
import { resolveOptions } from '../resolve-options.ts'

/** How an agent goes through a menu. */
export interface IvrOptions {
  /** Pause between two digits: menus lose keys that come too fast. @default 500 */
  interDigitMs: number
  /** The same menu heard so often is a loop. @default 3 */
  maxSameMenus: number
}

export const defaultIvrOptions: Readonly<IvrOptions> = Object.freeze({ interDigitMs: 500, maxSameMenus: 3 })

/** An agent's way through the menus of one call. */
export interface IvrNavigator {
  /** A menu was heard. @returns `loop` when it is the same one for the last time that is allowed: press no more keys */
  menu(text: string): 'go' | 'loop'
  /** Sends digits one at a time, in the order of calls; `w` waits. */
  press(digits: string, context?: { signal?: AbortSignal }): Promise<void>
}

/** Texts of which so many words are the same are one menu: recognition never gives the same text twice. */
const SAME_SHARE = 0.8

/**
 * Makes the navigator.
 * @param ports - `send` presses one key
 * @throws {ParleyError} `invalid_options`
 */
export function createIvrNavigator(
  given: Partial<IvrOptions> | undefined,
  { clock, send }: { clock: Clock; send(digit: string): Promise<void> },
): IvrNavigator {
  const options = resolveOptions('ivr', defaultIvrOptions, given)
  const menus: { words: Set<string>; count: number }[] = []
  let last: Promise<void> = Promise.resolve()
  let lastPressMs = -Infinity

  const pressAll = async (digits: string, signal: AbortSignal | undefined): Promise<void> => {
    for (const digit of digits) {
      const waitMs = lastPressMs + options.interDigitMs - clock.monotonicMs()
      if (waitMs > 0) await clock.sleep(waitMs, signal === undefined ? {} : { signal })
      signal?.throwIfAborted()
      await send(digit)
      lastPressMs = clock.monotonicMs()
    }
  }

  return Object.freeze({
    menu(text: string) {
      const words = new Set(
        text
          .toLowerCase()
          .split(/[^\p{L}\p{N}]+/u)
          .filter((word) => word !== ''),
      )
      const known = menus.find((menu) => likeness(menu.words, words) >= SAME_SHARE)
      if (known === undefined) {
        menus.push({ words, count: 1 })
        if (menus.length > 50) menus.shift()
        return options.maxSameMenus <= 1 ? 'loop' : 'go'
      }
      known.count += 1
      return known.count >= options.maxSameMenus ? 'loop' : 'go'
    },
    press(digits: string, { signal }: { signal?: AbortSignal } = {}) {
      const pressed = last.then(() => pressAll(digits, signal))
      // Who asked hears of a failure; the next one begins anyway.
      last = pressed.catch(() => {})
      return pressed
    },
  })
}

function likeness(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  if (one.size === 0 && other.size === 0) return 1
  let same = 0
  for (const word of one) if (other.has(word)) same += 1
  return same / Math.max(one.size, other.size)
}
