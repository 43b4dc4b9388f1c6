import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ParleyError } from '../parley-error.ts'
import { toSafeFileName } from './safe-file-name.ts'

test.each([
  ['', 'it is empty'],
  ['..', 'it holds ".."'],
  ['../x', 'it holds ".."'],
  ['a/../../x', 'it holds ".."'],
  ['a\\..\\x', 'it holds ".."'],
  ['v1..2', 'it holds ".."'],
  ['/etc/passwd', 'it begins with a slash'],
  ['\\\\server\\share', 'it begins with a slash'],
  ['C:\\x', 'it begins with a drive letter'],
  ['c:x', 'it begins with a drive letter'],
  [`a${String.fromCharCode(0)}.png`, 'it holds a NUL character'],
])('S9 %j is refused: %s', (name, reason) => {
  const refuse = (): string => toSafeFileName(name)
  expect(refuse).toThrow(expect.objectContaining({ code: 'path_refused', details: { reason } }))
  // The name may be anything, so the error does not repeat it.
  if (name.length > 2) expect(refuse).not.toThrow(name)
})

test.each([
  ['triage-report_2', 'triage-report_2'],
  ['my report.v1', 'my_report_v1'],
  ['a/b\\c', 'a_b_c'],
  ['run:1', 'run_1'],
  ['.hidden', '_hidden'],
  ['größe😀', 'gr__e_'],
  ['a\nb', 'a_b'],
])('S9 %j becomes %s', (name, safe) => {
  expect(toSafeFileName(name)).toBe(safe)
})

test('S9 100 characters stay', () => {
  expect(toSafeFileName('a'.repeat(100))).toBe('a'.repeat(100))
  expect(toSafeFileName('a'.repeat(101))).toBe('a'.repeat(100))
})

test('S9 any name is refused or safe, and a safe one stays as it is', () => {
  const names = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({ unit: fc.constantFrom('.', '/', '\\', ':', 'a', 'C', '-'), maxLength: 12 }),
  )
  fc.assert(
    fc.property(names, (name) => {
      try {
        const safe = toSafeFileName(name)
        expect(safe).toMatch(/^[a-zA-Z0-9_-]{1,100}$/)
        expect(toSafeFileName(safe)).toBe(safe)
      } catch (error) {
        if (!ParleyError.isInstance(error)) throw error
        expect(error.code).toBe('path_refused')
        expect(name).toMatch(/^$|\.\.|^[\\/]|^[A-Za-z]:|\0/)
      }
    }),
    { numRuns: 500 },
  )
})
