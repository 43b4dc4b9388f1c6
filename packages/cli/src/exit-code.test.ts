import { ParleyError, type ErrorCode } from '@parley/spec'
import { expect, test } from 'vitest'
import { exitCodeOf, exitCodes } from './exit-code.ts'

test('workflows 16 exit codes are those of apps 4', () => {
  expect(exitCodes).toEqual({ done: 0, no: 1, usage: 2, unloadable: 3, unreachable: 4, budget: 5, interrupted: 130 })
})

test.each<[ErrorCode, number]>([
  ['invalid_options', 2],
  ['budget_invalid', 2],
  ['path_refused', 3],
  ['import_refused', 3],
  ['document_unknown', 3],
  ['document_invalid', 1],
  ['run_unknown', 1],
  ['store_unavailable', 4],
  ['model_unavailable', 4],
  ['budget_exceeded', 5],
])('workflows 16 %s ends with %i', (code, exit) => {
  expect(exitCodeOf(new ParleyError({ code, message: '-' }))).toBe(exit)
})

test('workflows 16 what nobody knows ends with 1', () => {
  expect(exitCodeOf(new Error('-'))).toBe(1)
  expect(exitCodeOf(undefined)).toBe(1)
})
