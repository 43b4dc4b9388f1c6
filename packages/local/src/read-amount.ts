import { readNumber, type Span } from './number-words.ts'

const wholeUnits = new Set(['dollar', 'dollars', 'buck', 'bucks', 'euro', 'euros', 'pound', 'pounds'])
const cents = new Set(['cent', 'cents'])
const marked = /^[$€£](\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?$/u

/**
 * Reads an amount of money as integer cents. It must carry a currency (`$79.00`, `79 dollars and 50 cents`, `50 cents`)
 * unless `isBareAllowed`, when a bare number is whole units.
 */
export function readAmount(words: readonly string[], at: number, isBareAllowed: boolean): Span<number> | undefined {
  const written = marked.exec(words[at] ?? '')
  if (written) {
    const units = Number((written[1] ?? '').replaceAll(',', ''))
    return inRange({ length: 1, value: units * 100 + Number((written[2] ?? '').padEnd(2, '0')) })
  }
  const number = readNumber(words, at)
  if (!number || number.value < 0) return undefined
  const unitAt = at + number.length
  const unit = words[unitAt] ?? ''
  if (cents.has(unit)) return inRange({ length: number.length + 1, value: Math.round(number.value) })
  if (!wholeUnits.has(unit)) {
    return isBareAllowed ? inRange({ length: number.length, value: Math.round(number.value * 100) }) : undefined
  }
  const value = Math.round(number.value * 100)
  const restAt = words[unitAt + 1] === 'and' ? unitAt + 2 : unitAt + 1
  const rest = readNumber(words, restAt)
  if (
    rest &&
    rest.value >= 0 &&
    rest.value < 100 &&
    (cents.has(words[restAt + rest.length] ?? '') || restAt === unitAt + 1)
  ) {
    const hasWord = cents.has(words[restAt + rest.length] ?? '')
    return inRange({ length: restAt + rest.length + (hasWord ? 1 : 0) - at, value: value + Math.round(rest.value) })
  }
  return inRange({ length: number.length + 1, value })
}

function inRange(span: Span<number>): Span<number> | undefined {
  return Number.isSafeInteger(span.value) ? span : undefined
}
