import { createRedactor } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { safeValue } from './safe-value.ts'

const redactor = createRedactor({ sensitiveKeys: ['*_code'] })
const scope = { redact: (value: Parameters<typeof redactor.value>[0]) => redactor.value(value) }

describe('S4 the value that a template names', () => {
  test.each([
    [['input', 'password'], 'hunter', '[REDACTED]'],
    [['input', 'credentials', 'user'], 'ada', '[REDACTED]'],
    [['state', 'door_code'], 'hunter', '[REDACTED]'],
    [['input'], { password: 'hunter', name: 'Ada' }, { password: '[REDACTED]', name: 'Ada' }],
    [['steps', 'a', 'output', 'token'], 'hunter', '[REDACTED]'],
    [['item'], [{ api_key: 'hunter' }], [{ api_key: '[REDACTED]' }]],
  ])('%j %j gives %j', (path, value, expected) => {
    expect(safeValue(scope, path, value)).toEqual(expected)
  })

  test.each([
    [['steps', 'token', 'output'], 'a word'],
    [['templates', 'password_reset'], 'Write a mail.'],
    [['input', 'tokens'], 3],
    [['input', 'a', '0', 'b'], false],
    [['state', 'none'], null],
    [['item'], ''],
  ])('%j %j stays as it is', (path, value) => {
    expect(safeValue(scope, path, value)).toEqual(value)
  })

  test('what is not there stays absent', () => {
    expect(safeValue(scope, ['input', 'password'], undefined)).toBeUndefined()
  })
})
