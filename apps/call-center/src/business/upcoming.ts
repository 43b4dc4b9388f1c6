import { addDays, weekday, type Day } from './calendar.ts'
import type { OutageRow, SlotRow } from './harbor-rows.ts'

const daysAhead = 8
const parts = [
  { key: 'am', starts: '08:00', ends: '12:00' },
  { key: 'pm', starts: '13:00', ends: '17:00' },
]

/** Technicians' free times of the days after `today`, Sundays off. The ids follow from the days. */
export function upcomingSlots(today: Day): SlotRow[] {
  return Array.from({ length: daysAhead }, (_, index) => addDays(today, index + 1))
    .filter((day) => weekday(day) !== 0)
    .flatMap((day) =>
      parts.map(({ key, starts, ends }) => ({
        id: `slot-${day}-${key}`,
        day,
        starts,
        ends,
        technician: key === 'am' ? 'Noor' : 'Theo',
      })),
    )
}

const hourMs = 3_600_000
const roundMs = 600_000

/** The two outages that are open at an instant (ms since the epoch): begun two and four hours before. */
export function upcomingOutages(now: number): OutageRow[] {
  const at = (hours: number): string => new Date(Math.floor(now / roundMs) * roundMs + hours * hourMs).toISOString()
  return [
    { id: 'out-1', area: 'Riverside', cause: 'a cut fiber cable', started_at: at(-2), expected_end: at(5) },
    { id: 'out-2', area: 'Northside', cause: 'planned work in the exchange', started_at: at(-4), expected_end: at(3) },
  ]
}
