import { ParleyError } from '@parley/spec'
import type { ExtensionManifest } from './extension.ts'

const MAX_CHARACTERS = 500
const namePattern = /^[a-zA-Z0-9_-]{1,64}$/
/** Besides control characters those that are not seen or that turn text around. */
const unseen = /[\p{Cc}\p{Cf}\u2028\u2029]/gu

/**
 * Reads what an extension says of itself, without running anything of it: a value that is computed is refused.
 * @throws {ParleyError} `invalid_options`
 */
export function readManifest(extension: object): ExtensionManifest {
  const name = textOf(extension, 'name')
  if (!namePattern.test(name)) throw refused('name', 'name takes letters, digits, "_" and "-", 64 of them at most')
  return { name, version: textOf(extension, 'version'), description: textOf(extension, 'description') }
}

function textOf(extension: object, key: keyof ExtensionManifest): string {
  const value: unknown = Object.getOwnPropertyDescriptor(extension, key)?.value
  if (typeof value !== 'string') throw refused(key, `${key} has to be a text that is written out`)
  return Array.from(value.replace(unseen, '').trim()).slice(0, MAX_CHARACTERS).join('')
}

function refused(path: string, what: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `An extension needs a manifest of name, version and description: ${what}.`,
    details: { path },
  })
}
