import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSensitiveKey } from './sensitive-key.ts'

const words = [
  'api key',
  'apikey',
  'secret',
  'password',
  'passwd',
  'passphrase',
  'token',
  'credential',
  'credentials',
  'auth',
  'authorization',
  'bearer',
  'private key',
  'access key',
  'cookie',
  'session key',
  'pin',
  'cvv',
]

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

const spellings: readonly ((parts: readonly string[]) => string)[] = [
  (parts) => parts.join('_'),
  (parts) => parts.join('-'),
  (parts) => parts.join('.'),
  (parts) => parts.join(' '),
  (parts) => parts.join('_').toUpperCase(),
  (parts) => parts.map((part, index) => (index === 0 ? part : capital(part))).join(''),
  (parts) => parts.map(capital).join(''),
  (parts) => parts.join('2'),
]

test.each(words)('S4 "%s" makes a key sensitive in every spelling and at every place', (word) => {
  for (const spell of spellings) {
    for (const parts of [word.split(' '), ['my', ...word.split(' ')], [...word.split(' '), 'value']]) {
      expect(isSensitiveKey(spell(parts)), spell(parts)).toBe(true)
    }
  }
  expect(isSensitiveKey(`${word}1`)).toBe(true)
})

test.each([
  'author',
  'authors',
  'authority',
  'tokens',
  'max_tokens',
  'token_count',
  'token_usage',
  'prompt_tokens',
  'completion_tokens',
  'maxTokens',
  'tokenCount',
  'TokenUsage',
  'MAX_TOKENS',
  'total-token-count',
  'cachedTokens',
  'key',
  'keys',
  'stepKey',
  'step_key',
  'idempotencyKey',
  'itemKey',
  'monkey',
  'keyboard',
  'api',
  'private',
  'access',

  'pinned',
  'spin',
  'pinning',
  'pass',
  'passed',
  'compass',
  'session',
  'sessionId',
  'authenticate',
  'secretary',
  'bearers',
  'tokenizer',
  'name',
  '',
  '__proto__',
  'apiary_keyring',
  'cookieless',
])('S4 "%s" is not sensitive', (key) => {
  expect(isSensitiveKey(key)).toBe(false)
})

test.each(['APIKey', 'APIkey', 'PassWord', 'X-API-KEY', 'DBPassword', 'secrets', 'passwords', 'cookies', 'apiKeys'])(
  'S4 "%s" is sensitive',
  (key) => {
    expect(isSensitiveKey(key)).toBe(true)
  },
)

test('S4 counted tokens do not hide another word of the key', () => {
  expect(isSensitiveKey('secret_token_count')).toBe(true)
  expect(isSensitiveKey('access_tokens')).toBe(true)
})

test('S4 keys of the caller are globs on the whole key, in any case', () => {
  const options = { sensitiveKeys: ['*badge*', 'x?z', 'Exact', '*a*b*c'] }
  for (const key of ['badge', 'MyBadgeNumber', 'xyz', 'EXACT', 'a-b-c', 'aabbabcc']) {
    expect(isSensitiveKey(key, options), key).toBe(true)
  }
  for (const key of ['bad', 'xz', 'xyyz', 'exactly', 'a-b-cd', 'a.c', '']) {
    expect(isSensitiveKey(key, options), key).toBe(false)
  }
  expect(isSensitiveKey('', { sensitiveKeys: ['*'] })).toBe(true)
})

test('S4 the usual keys stay sensitive beside those of the caller', () => {
  expect(isSensitiveKey('password', { sensitiveKeys: ['badge'] })).toBe(true)
  expect(isSensitiveKey('password', { sensitiveKeys: [], allowKeys: [] })).toBe(true)
})

test('S4 allowed keys are exempt from both', () => {
  const options = { sensitiveKeys: ['*badge*'], allowKeys: ['public_*', 'PIN'] }
  expect(isSensitiveKey('public_token', options)).toBe(false)
  expect(isSensitiveKey('public_badge', options)).toBe(false)
  expect(isSensitiveKey('pin', options)).toBe(false)
  expect(isSensitiveKey('pin_code', options)).toBe(true)
})

test('S4 globs agree with the plain meaning of a star', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })
  const globs = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 6 })
  fc.assert(
    fc.property(globs, letters, (glob, key) => {
      const meaning = new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`)
      expect(isSensitiveKey(key, { sensitiveKeys: [glob] })).toBe(meaning.test(key))
    }),
    { numRuns: 500 },
  )
})

test('S4 long keys and globs take linear time', () => {
  const long = 'aA'.repeat(150_000)
  expect(isSensitiveKey(long)).toBe(false)
  expect(isSensitiveKey('A'.repeat(300_000) + 'key')).toBe(false)
  expect(isSensitiveKey(long, { sensitiveKeys: ['*a*a*a*a*a*a*b'] })).toBe(false)
})
