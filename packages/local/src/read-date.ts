import { readNumber, readOrdinal, type Span } from './number-words.ts'

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]
const dayMs = 86_400_000

/** Words a person may use to say a date; a recognizer's vocabulary needs them. */
export const dateWords: readonly string[] = [
  ...weekdays,
  ...months,
  'today',
  'tomorrow',
  'yesterday',
  'last',
  'next',
  'ago',
]

/**
 * Reads a date as `YYYY-MM-DD`, counted from `today` (same form). A weekday or a day without a year is the next one,
 * or the latest one after `last` or `since`; a month and a day without a year lie within half a year of today.
 */
export function readDate(words: readonly string[], at: number, today: string): Span<string> | undefined {
  const word = words[at] ?? ''
  if (word === 'today' || word === 'tonight') return { length: 1, value: today }
  if (word === 'tomorrow') return { length: 1, value: addDays(today, 1) }
  if (word === 'yesterday') return { length: 1, value: addDays(today, -1) }
  if (word === 'this' && ['morning', 'afternoon', 'evening'].includes(words[at + 1] ?? ''))
    return { length: 2, value: today }
  return readRelative(words, at, today) ?? readWritten(word, today) ?? readMonthDay(words, at, today)
}

function readRelative(words: readonly string[], at: number, today: string): Span<string> | undefined {
  const word = words[at] ?? ''
  if (word === 'last' || word === 'next' || word === 'since') {
    const direction = word === 'next' ? 1 : -1
    const day = weekdays.indexOf(words[at + 1] ?? '')
    if (day >= 0) return { length: 2, value: nextWeekday(today, day, direction) }
    if (words[at + 1] === 'week' && word !== 'since') return { length: 2, value: addDays(today, 7 * direction) }
    return undefined
  }
  const day = weekdays.indexOf(word)
  if (day >= 0) return { length: 1, value: nextWeekday(today, day, 1) }
  const isAhead = word === 'in'
  const count = readNumber(words, isAhead ? at + 1 : at)
  if (!count || !Number.isInteger(count.value) || count.value < 0 || count.value > 3660) return undefined
  const unitAt = (isAhead ? at + 1 : at) + count.length
  const unit = words[unitAt] ?? ''
  const days = /^days?$/u.test(unit) ? 1 : /^weeks?$/u.test(unit) ? 7 : 0
  if (days === 0) return undefined
  if (isAhead) return { length: unitAt + 1 - at, value: addDays(today, days * count.value) }
  return words[unitAt + 1] === 'ago'
    ? { length: unitAt + 2 - at, value: addDays(today, -days * count.value) }
    : undefined
}

function readWritten(word: string, today: string): Span<string> | undefined {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/u.exec(word)
  if (iso) return dated(1, Number(iso[1]), Number(iso[2]), Number(iso[3]))
  const slashed = /^(\d{1,2})\/(\d{1,2})(?:\/(\d{4}))?$/u.exec(word)
  if (!slashed) return undefined
  const [, month, day, year] = slashed
  if (year === undefined) return nearest(1, Number(month), Number(day), today)
  return dated(1, Number(year), Number(month), Number(day))
}

function readMonthDay(words: readonly string[], at: number, today: string): Span<string> | undefined {
  const monthFirst = monthOf(words[at])
  if (monthFirst > 0) {
    const day = readDay(words, at + 1)
    return day && withYear(words, at, 1 + day.length, monthFirst, day.value, today)
  }
  const start = words[at] === 'the' ? at + 1 : at
  const day = readDay(words, start)
  if (!day) return undefined
  const monthAt = start + day.length + (words[start + day.length] === 'of' ? 1 : 0)
  const month = monthOf(words[monthAt])
  return month > 0 ? withYear(words, at, monthAt + 1 - at, month, day.value, today) : undefined
}

function readDay(words: readonly string[], at: number): Span<number> | undefined {
  const ordinal = readOrdinal(words, at)
  if (ordinal) return ordinal
  const tensWord = words[at] === 'twenty' ? 20 : words[at] === 'thirty' ? 30 : 0
  const follower = tensWord > 0 ? readOrdinal(words, at + 1) : undefined
  if (follower && follower.value < 10) return { length: 2, value: tensWord + follower.value }
  const number = readNumber(words, at)
  if (!number || !Number.isInteger(number.value) || number.value < 1 || number.value > 31) return undefined
  return number
}

function withYear(
  words: readonly string[],
  at: number,
  length: number,
  month: number,
  day: number,
  today: string,
): Span<string> | undefined {
  const year = /^\d{4}$/u.exec(words[at + length] ?? '')
  return year ? dated(length + 1, Number(year[0]), month, day) : nearest(length, month, day, today)
}

function monthOf(word: string | undefined): number {
  if (word === undefined || word.length < 3) return 0
  // `may` alone is also a verb: it counts, because a day must stand beside it.
  return months.findIndex((month) => month === word || month.slice(0, 3) === word) + 1
}

function nearest(length: number, month: number, day: number, today: string): Span<string> | undefined {
  const year = Number(today.slice(0, 4))
  const candidates = [year - 1, year, year + 1].flatMap((each) => dated(length, each, month, day) ?? [])
  const distance = (span: Span<string>): number => Math.abs(dayNumber(span.value) - dayNumber(today))
  return candidates.toSorted((a, b) => distance(a) - distance(b))[0]
}

function dated(length: number, year: number, month: number, day: number): Span<string> | undefined {
  const value = new Date(Date.UTC(year, month - 1, day))
  if (value.getUTCMonth() !== month - 1 || value.getUTCDate() !== day) return undefined
  return { length, value: value.toISOString().slice(0, 10) }
}

function nextWeekday(today: string, weekday: number, direction: 1 | -1): string {
  const distance = ((weekday - new Date(dayNumber(today) * dayMs).getUTCDay()) * direction + 7) % 7
  return addDays(today, direction * (distance === 0 ? 7 : distance))
}

function addDays(date: string, days: number): string {
  return new Date((dayNumber(date) + days) * dayMs).toISOString().slice(0, 10)
}

function dayNumber(date: string): number {
  return Math.floor(Date.parse(`${date}T00:00:00Z`) / dayMs)
}
