/** `7900` as `$79.00`. */
export function formatCents(cents: number): string {
  const sign = cents < 0 ? '-' : ''
  return `${sign}$${(Math.abs(cents) / 100).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
}

/** `134000` as `02:14`; an hour and more as `1:02:14`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'))
  const hours = Math.floor(seconds / 3600)
  return hours === 0 ? parts.join(':') : `${hours}:${parts.join(':')}`
}

/** `820` as `0.8 s`. */
export function formatSeconds(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(1)} s`
}

/** An instant as the hour of the day, such as `14:05`. */
export function formatHour(instant: string): string {
  return new Date(instant).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
}

/** An instant in full, for titles. */
export function formatInstant(instant: string): string {
  return new Date(instant).toLocaleString('en-GB')
}

/** The last part of an id, enough to tell rooms apart. */
export function shortId(id: string): string {
  return id.slice(-5)
}
