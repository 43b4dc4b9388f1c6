/**
 * The token of a value's type: `str int float bool null missing list object nan infinity date`, or what `typeof` says.
 * Tells nothing of the value itself.
 */
export function typeToken(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (typeof value === 'string') return 'str'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return numberToken(value)
  if (Array.isArray(value)) return 'list'
  if (value instanceof Date) return 'date'
  return typeof value
}

function numberToken(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return 'infinity'
  return Number.isInteger(value) ? 'int' : 'float'
}

/** A text as a token of a type: lower case, `a-z 0-9 _ | [ ] ,` only, 40 characters. */
export function toToken(text: string): string {
  return text
    .slice(0, 40)
    .toLowerCase()
    .replace(/[^a-z0-9_|[\],]/g, '_')
}
