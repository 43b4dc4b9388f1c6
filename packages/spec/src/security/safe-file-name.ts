import { ParleyError } from '../parley-error.ts'

const maxLength = 100

const refusals: readonly { pattern: RegExp; reason: string }[] = [
  { pattern: /^$/, reason: 'it is empty' },
  { pattern: /\0/, reason: 'it holds a NUL character' },
  { pattern: /\.\./, reason: 'it holds ".."' },
  { pattern: /^[\\/]/, reason: 'it begins with a slash' },
  { pattern: /^[A-Za-z]:/, reason: 'it begins with a drive letter' },
]

/**
 * The name of a workflow or a run as the name of a file: every character but `a-z A-Z 0-9 _ -` becomes `_`, 100
 * characters. What looks like a way out of the folder is refused rather than mended.
 * @throws {ParleyError} `path_refused`
 */
export function toSafeFileName(name: string): string {
  const refusal = refusals.find(({ pattern }) => pattern.test(name))
  if (refusal === undefined) return name.replace(/[^a-zA-Z0-9_-]/gu, '_').slice(0, maxLength)
  throw new ParleyError({
    code: 'path_refused',
    message: `A name cannot be used for a file: ${refusal.reason}. Use letters, digits, "_" and "-".`,
    details: { reason: refusal.reason },
  })
}
