import type { Json } from '@parley/spec'
import { areEqual } from './are-equal.ts'
import { conditionError } from './condition-error.ts'
import type { OperationMeter } from './operation-meter.ts'

/** An operator on values that are there already. */
export type ValueOperator = (values: Json[], meter: OperationMeter) => Json

/** Operators that take numbers only. */
export const numberOperators: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', 'min', 'max'])

/** Operators by name that work on values: comparison, arithmetic, texts and lists. */
export const valueOperators: { readonly [operator: string]: ValueOperator } = {
  '==': ([left = null, right = null], meter) => areEqual(left, right, meter),
  '!=': ([left = null, right = null], meter) => !areEqual(left, right, meter),
  '<': ordered((left, right) => left < right),
  '<=': ordered((left, right) => left <= right),
  '>': ordered((left, right) => left > right),
  '>=': ordered((left, right) => left >= right),
  '+': numeric('+', (numbers) => numbers.reduce((sum, number) => sum + number)),
  '-': numeric('-', ([left = 0, right]) => (right === undefined ? 0 - left : left - right)),
  '*': numeric('*', (numbers) => numbers.reduce((product, number) => product * number)),
  '/': numeric('/', ([left = 0, right = 0]) => left / toDivisor('/', right)),
  '%': numeric('%', ([left = 0, right = 0]) => left % toDivisor('%', right)),
  min: numeric('min', (numbers) => numbers.reduce((least, number) => Math.min(least, number))),
  max: numeric('max', (numbers) => numbers.reduce((most, number) => Math.max(most, number))),
  in: ([item = null, whole = null], meter) => isIn(item, whole, meter),
  cat: (values, meter) => {
    const text = values.map(toPiece).join('')
    meter.spendCharacters(text.length)
    return text
  },
  substr: ([text = null, start = 0, length = null], meter) => cut(text, start, length, meter),
  merge: (values, meter) => {
    // Counted before the list is made: lists that double themselves end here.
    for (const value of values) meter.spend(Array.isArray(value) ? value.length : 1)
    return values.flat()
  },
  length: ([whole = null]) => {
    if (whole === null) return 0
    if (typeof whole === 'string' || Array.isArray(whole)) return whole.length
    throw conditionError(`"length" needs a list or a text, not ${kindOf(whole)}. Name one, or test the value before.`)
  },
}

/** The number that a value is. @throws {ParleyError} `condition_error` for anything else: nothing is coerced */
export function toNumber(operator: string, value: Json): number {
  if (typeof value === 'number') return value
  throw conditionError(
    `"${operator}" needs numbers, not ${kindOf(value)}. Give a number, or test the value before it is used.`,
    { operator },
  )
}

/** A number to divide by. @throws {ParleyError} `condition_error` for zero */
export function toDivisor(operator: string, number: number): number {
  if (number !== 0) return number
  throw conditionError(`"${operator}" divides by zero. Test the divisor before it is used.`, { operator })
}

/** What kind of JSON a value is, in words. */
export function kindOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : typeof value === 'string' ? 'a text' : `a ${typeof value}`
}

/** Two values, or three of which the second lies between. Numbers and texts have an order, unlike types have none. */
function ordered(holds: (left: number | string, right: number | string) => boolean): ValueOperator {
  return (values, meter) =>
    values.every((right, index) => {
      const left = values[index - 1]
      if (index === 0 || left === undefined) return true
      if (typeof left === 'number' && typeof right === 'number') return holds(left, right)
      if (typeof left !== 'string' || typeof right !== 'string') return false
      meter.spendCharacters(Math.min(left.length, right.length))
      return holds(left, right)
    })
}

function numeric(operator: string, calculate: (numbers: number[]) => number): ValueOperator {
  return (values) => {
    const result = calculate(values.map((value) => toNumber(operator, value)))
    // JSON has no negative zero; adding zero makes it the other one.
    if (Number.isFinite(result)) return result + 0
    throw conditionError(`The result of "${operator}" is too large for a number. Use smaller numbers.`, { operator })
  }
}

function isIn(item: Json, whole: Json, meter: OperationMeter): boolean {
  if (Array.isArray(whole)) return whole.some((entry) => areEqual(item, entry, meter))
  if (typeof item !== 'string' || typeof whole !== 'string') return false
  // What a search costs at worst; texts that repeat themselves do cost it.
  meter.spendCharacters(whole.length * Math.max(1, item.length))
  return whole.includes(item)
}

function toPiece(value: Json): string {
  if (value === null) return ''
  if (typeof value !== 'object') return String(value)
  throw conditionError(`"cat" needs texts and numbers, not ${kindOf(value)}. Name a field of it.`, { operator: 'cat' })
}

function cut(text: Json, start: Json, length: Json, meter: OperationMeter): string {
  if (typeof text !== 'string') {
    throw conditionError(`"substr" needs a text, not ${kindOf(text)}. Name one.`, { operator: 'substr' })
  }
  meter.spendCharacters(text.length)
  const from = toNumber('substr', start)
  const first = from < 0 ? Math.max(0, text.length + from) : from
  if (length === null) return text.slice(first)
  const count = toNumber('substr', length)
  // A negative length leaves so many characters out at the end.
  return text.slice(first, count < 0 ? Math.max(first, text.length + count) : first + count)
}
