import { allow, modify } from './hook-results.ts'
import type { SyncHook } from './hook-engine.ts'

/** Options of `maskCardNumbers`. */
export interface MaskCardNumbersOptions {
  /** Text put in place of a number. @default '[card]' */
  replacement?: string
}

/** 13 to 19 digits, with single spaces or hyphens between them. */
const cardPattern = /(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])/g

/**
 * Masks payment card numbers before an event is committed. Numbers failing the Luhn check are left alone.
 * @example kit.hook('beforeBroadcast', maskCardNumbers(), { redacts: true })   // a failure blocks the event
 */
export function maskCardNumbers({ replacement = '[card]' }: MaskCardNumbersOptions = {}): SyncHook<'beforeBroadcast'> {
  return ({ event }) => {
    if (event.content.type !== 'text') return allow()
    const text = event.content.text.replace(cardPattern, (match) => (passesLuhn(match) ? replacement : match))
    return text === event.content.text ? allow() : modify({ ...event, content: { ...event.content, text } })
  }
}

/** @see ISO/IEC 7812-1, annex B */
function passesLuhn(number: string): boolean {
  let sum = 0
  let isDoubled = false
  for (let index = number.length - 1; index >= 0; index--) {
    const digit = number.charCodeAt(index) - 48
    if (digit < 0 || digit > 9) continue
    sum += isDoubled ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
    isDoubled = !isDoubled
  }
  return sum % 10 === 0
}
