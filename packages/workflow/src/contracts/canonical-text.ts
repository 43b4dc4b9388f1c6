/** JSON text of a value with keys in order: equal values give equal text. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, field]) => field !== undefined)
    const fields = entries.map(([key, field]) => `${JSON.stringify(key)}:${canonicalText(field)}`)
    return `{${fields.toSorted().join(',')}}`
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  // Of what is no JSON (undefined, a function) nothing equals anything in a schema.
  return JSON.stringify(value) ?? typeof value
}
