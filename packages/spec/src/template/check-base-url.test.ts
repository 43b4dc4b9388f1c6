import { expect, test } from 'vitest'
import { ParleyError } from '../parley-error.ts'
import { checkBaseUrl } from './check-base-url.ts'

test.each(['https://api.openai.com/v1', 'https://10.0.0.1:8443/', 'https://localhost/v1'])('S15 %s is taken', (url) => {
  expect(() => checkBaseUrl('openai', url)).not.toThrow()
})

test.each(['http://localhost:8080/v1', 'http://127.0.0.1:1/', 'http://[::1]:3000'])(
  'S15 %s is taken only with allowLocalhost',
  (url) => {
    expect(() => checkBaseUrl('openai', url)).toThrow(expect.objectContaining({ code: 'invalid_options' }))
    expect(() => checkBaseUrl('openai', url, { allowLocalhost: false })).toThrow('allowLocalhost')
    expect(() => checkBaseUrl('openai', url, { allowLocalhost: true })).not.toThrow()
  },
)

test.each([
  'http://api.openai.com/v1',
  'http://127.0.0.2/',
  'http://localhost.evil.test/',
  'http://sub.localhost/',
  'http://127.0.0.1.evil.test/',
  'http://0.0.0.0/',
  'http://[::ffff:127.0.0.1]/',
  'ftp://localhost/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'wss://api.openai.com',
  'https://user:s3cret@api.openai.com/v1',
  'https://user@api.openai.com/v1',
  'http://user:s3cret@localhost/',
  'api.openai.com/v1',
  '',
])('S15 %s is refused even with allowLocalhost, and is not told', (url) => {
  let caught: unknown
  try {
    checkBaseUrl('openai', url, { allowLocalhost: true })
  } catch (error) {
    caught = error
  }
  expect(caught).toMatchObject({ code: 'invalid_options', details: { path: 'baseUrl' } })
  expect(ParleyError.isInstance(caught) && JSON.stringify(caught)).not.toContain('s3cret')
})
