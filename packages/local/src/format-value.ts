import type { Json } from '@parley/spec'

/** Output formats of rules files. */
export const formatNames = ['money', 'date', 'time', 'digits', 'list'] as const

/** Name of an output format. */
export type FormatName = (typeof formatNames)[number]

const labelKeys = ['name', 'title', 'label', 'text', 'id'] as const

/** Writes a value in a format; nothing when the value is not of the format's kind. */
export function formatValue(format: FormatName, value: Json, timeZone: string): string | undefined {
  if (format === 'money') return formatMoney(value)
  if (format === 'date') return formatDate(value, timeZone)
  if (format === 'time') return formatTime(value, timeZone)
  if (format === 'digits') return formatDigits(value)
  return formatList(value)
}

function formatMoney(value: Json): string | undefined {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return undefined
  const whole = Math.trunc(Math.abs(value) / 100)
  const rest = String(Math.abs(value) % 100).padStart(2, '0')
  return `${value < 0 ? '-' : ''}$${String(whole).replace(/\B(?=(?:\d{3})+$)/gu, ',')}.${rest}`
}

function formatDate(value: Json, timeZone: string): string | undefined {
  if (typeof value !== 'string') return undefined
  const isDay = /^\d{4}-\d{2}-\d{2}$/u.test(value)
  const instant = Date.parse(isDay ? `${value}T00:00:00Z` : value)
  if (Number.isNaN(instant)) return undefined
  const zone = isDay ? 'UTC' : timeZone
  return new Intl.DateTimeFormat('en-US', { timeZone: zone, month: 'long', day: 'numeric', year: 'numeric' }).format(
    instant,
  )
}

function formatTime(value: Json, timeZone: string): string | undefined {
  if (typeof value !== 'string') return undefined
  const isClock = /^\d{2}:\d{2}(?::\d{2})?$/u.test(value)
  const instant = Date.parse(isClock ? `2000-01-01T${value}Z` : value)
  if (Number.isNaN(instant)) return undefined
  const zone = isClock ? 'UTC' : timeZone
  const written = new Intl.DateTimeFormat('en-US', { timeZone: zone, hour: 'numeric', minute: '2-digit' }).format(
    instant,
  )
  return written.replace(/\u202f/gu, ' ')
}

function formatDigits(value: Json): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const digits = String(value).replace(/\D/gu, '')
  return digits === '' ? undefined : digits.split('').join(' ')
}

function formatList(value: Json): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined
  const entries = value.map(toListEntry)
  const last = entries.pop() ?? ''
  return entries.length === 0 ? last : `${entries.join(', ')} and ${last}`
}

function toListEntry(value: Json): string {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const key of labelKeys) {
      const label = Object.hasOwn(value, key) ? value[key] : undefined
      if (typeof label === 'string' || typeof label === 'number') return String(label)
    }
  }
  return toText(value)
}

/** A value inside a text: text as such, objects and lists as JSON. */
export function toText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
