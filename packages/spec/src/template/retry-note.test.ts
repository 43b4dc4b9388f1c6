import fc from 'fast-check'
import { expect, test } from 'vitest'
import { executionRetryContext, validationRetryContext } from '../security/retry-tokens.ts'
import { withRetryNote } from './retry-note.ts'

const fault = { path: 'items[0].name', expected: 'str', actual: 'null', message: 'x', severity: 'error' as const }

test('6.1 a first attempt has no note', () => {
  expect(withRetryNote('Say it.', undefined)).toBe('Say it.')
})

test('6.1 the note is bracketed and holds attempt, guidance and fields', () => {
  const { guidance } = executionRetryContext(1, 'timeout')
  expect(withRetryNote('Say it.', executionRetryContext(1, 'timeout'))).toBe(`Say it.\n\n[Attempt 2. ${guidance}]`)
  expect(withRetryNote('Say it.', validationRetryContext(2, [fault]))).toMatch(
    /^Say it\.\n\n\[Attempt 3\. .+ Fields: items\[0\]\.name\.\]$/,
  )
})

test('6.1 notes replace each other, whatever the prompt and however many attempts', () => {
  const contexts = fc.array(
    fc
      .tuple(fc.integer({ min: 1, max: 20 }), fc.boolean())
      .map(([attempt, isValidation]) =>
        isValidation ? validationRetryContext(attempt, [fault]) : executionRetryContext(attempt, 'execution'),
      ),
    { minLength: 1, maxLength: 6 },
  )
  // A prompt that ends with a note of its own is covered by the replacement itself.
  const prompts = fc.string().filter((text) => !/\[Attempt \d/.test(text))
  fc.assert(
    fc.property(prompts, contexts, (prompt, attempts) => {
      const last = attempts.at(-1)
      const noted = attempts.reduce((text, context) => withRetryNote(text, context), prompt)
      expect(noted).toBe(withRetryNote(prompt, last))
      expect(noted.split('[Attempt ')).toHaveLength(2)
      expect(noted.startsWith(prompt)).toBe(true)
    }),
  )
})
