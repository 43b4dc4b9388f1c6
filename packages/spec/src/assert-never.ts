/** Marks the end of a union: a value that gets here is a case somebody forgot. */
export function assertNever(value: never): never {
  throw new TypeError(`Unexpected value: ${String(value)}`)
}
