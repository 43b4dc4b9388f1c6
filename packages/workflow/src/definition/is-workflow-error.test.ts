import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ParleyError, errorCodes, type ErrorCode } from '@parley/spec'
import { isWorkflowError } from './is-workflow-error.ts'

test('17 exactly the codes that the specification lists are those of workflows', () => {
  const page = readFileSync(new URL('../../../../docs/spec/workflows.md', import.meta.url), 'utf8')
  const listed = /^Error codes: (.+)\.$/m
    .exec(page)?.[1]
    ?.match(/[a-z_]+/g)
    ?.sort()
  // All keys of the table are codes.
  const codes = Object.keys(errorCodes) as ErrorCode[]
  expect(codes.filter((code) => isWorkflowError(new ParleyError({ code, message: 'x' }))).sort()).toEqual(listed)
})

test('17 an error of somebody else is none', () => {
  expect(isWorkflowError(new Error('step_failed'))).toBe(false)
  expect(isWorkflowError({ code: 'step_failed' })).toBe(false)
})
