import { ParleyError, checkOptions } from '@parley/spec'

/**
 * Puts given options over their defaults.
 * @returns a frozen object with every key of `defaults`
 * @throws {ParleyError} `invalid_options` for an unknown key (the nearest known one is named), a value of another type
 * than its default, and a number that is negative where its default is not, or not finite
 */
export function resolveOptions<T extends object>(
  what: string,
  defaults: T,
  options: Partial<T> | undefined,
): Readonly<T> {
  checkOptions(what, options, Object.keys(defaults))
  const resolved = { ...defaults }
  for (const [key, value] of Object.entries(options ?? {})) {
    if (value === undefined) continue
    // `checkOptions` has refused every key that `defaults` does not have.
    const name = key as keyof T
    const expected = defaults[name]
    if (expected !== null && typeof value !== typeof expected) refuse(what, key, `a ${typeof expected}`)
    if (typeof value === 'number' && !Number.isFinite(value)) refuse(what, key, 'a finite number')
    if (typeof value === 'number' && value < 0 && Number(expected) >= 0) refuse(what, key, 'not negative')
    resolved[name] = value as T[keyof T] // Of the type of its default: checked above.
  }
  return Object.freeze(resolved)
}

function refuse(what: string, key: string, expected: string): never {
  throw new ParleyError({
    code: 'invalid_options',
    message: `Option "${key}" of ${what} has to be ${expected}.`,
    details: { path: key, expected },
  })
}
