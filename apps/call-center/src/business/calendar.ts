/** A calendar day as `YYYY-MM-DD`, in UTC. */
export type Day = string

const dayMs = 86_400_000

/** The day of an instant in ms since the epoch. */
export function dayOf(ms: number): Day {
  return new Date(ms).toISOString().slice(0, 10)
}

/** The day so many days later; earlier with a negative count. */
export function addDays(day: Day, days: number): Day {
  return dayOf(Date.parse(day) + days * dayMs)
}

/** The first day of the month so many months later; earlier with a negative count. */
export function firstOfMonth(day: Day, months: number): Day {
  const [year = 1970, month = 1] = day.split('-').map(Number)
  return dayOf(Date.UTC(year, month - 1 + months, 1))
}

/** 0 is Sunday. */
export function weekday(day: Day): number {
  return new Date(Date.parse(day)).getUTCDay()
}

/** The month of a day in words, such as `October`. */
export function monthName(day: Day): string {
  return new Date(Date.parse(day)).toLocaleDateString('en-US', { month: 'long', timeZone: 'UTC' })
}

/** A day in words, such as `Monday, November 23`. */
export function dayName(day: Day): string {
  return new Date(Date.parse(day)).toLocaleDateString('en-US', {
    weekday: 'long',
    month: 'long',
    day: 'numeric',
    timeZone: 'UTC',
  })
}
