/** Whether a value counts as true in a condition: all but `[] "" 0 null false`. `"0"` and `{}` do. */
export function isTruthy(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}
