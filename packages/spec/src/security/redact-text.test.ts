import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { harmlessTexts, secretSamples, type SecretSample } from './__fixtures__/secret-samples.ts'
import { redactText } from './redact-text.ts'

const knownForms = secretSamples.filter(({ isKnownForm }) => isKnownForm)

/** What must not be readable anywhere: the value's longest piece that no escape changes. */
function core({ value }: SecretSample): string {
  return value.split(/[^A-Za-z0-9]/).reduce((longest, piece) => (piece.length > longest.length ? piece : longest), '')
}

const contexts: readonly { name: string; place(sample: SecretSample): string }[] = [
  { name: 'JSON', place: ({ name, value }) => JSON.stringify({ before: 1, [name]: value, after: 'kept' }) },
  { name: 'pretty JSON', place: ({ name, value }) => JSON.stringify({ [name]: value, after: 'kept' }, null, 2) },
  {
    name: 'JSON in JSON',
    place: ({ name, value }) => JSON.stringify({ body: JSON.stringify({ [name]: value }), after: 'kept' }),
  },
  {
    name: 'JSON three deep',
    place: ({ name, value }) => `x ${JSON.stringify([JSON.stringify([JSON.stringify({ [name]: value })])])}\nkept`,
  },
  { name: 'an object of a console', place: ({ name, value }) => `{ '${name}': '${value}' }\nkept` },
  { name: 'a list index', place: ({ name, value }) => `config["${name}"] = "${value}"\nkept` },
  { name: 'a hash of Ruby', place: ({ name, value }) => `{"${name}" => "${value}"}\nkept` },
  { name: 'a header', place: ({ name, value }) => `Host: example.com\r\n${name}: ${value}\r\nAccept: kept` },
  { name: 'a setting', place: ({ name, value }) => `PORT=80\n${name}=${value}\nkept` },
  { name: 'a quoted setting', place: ({ name, value }) => `export ${name}="${value}"\nkept` },
  { name: 'an option of a command', place: ({ name, value }) => `tool --${name}=${value} \nkept` },
  { name: 'an error', place: ({ name, value }) => `Request failed: ${name}=${value} \nkept` },
]

describe.each(contexts)('S4 in $name', ({ place }) => {
  test.each(secretSamples)('S4 $label is taken out', (sample) => {
    const text = place(sample)
    const safe = redactText(text)
    expect(text).toContain(core(sample))
    expect(safe).not.toContain(core(sample))
    expect(safe).toMatch(/\[REDACTED(?:_KEY)?\]/)
    expect(safe).toContain('kept')
  })
})

const oneWord = secretSamples.filter(({ value }) => !/\s/.test(value))

test.each(oneWord)('S4 $label is taken out of an address', (sample) => {
  const safe = redactText(
    `GET https://example.com/a?page=2&${sample.name}=${encodeURIComponent(sample.value)}&kept=1 failed`,
  )
  expect(safe).not.toContain(core(sample))
  expect(safe).toMatch(/^GET https:\/\/example\.com\/a\?page=2&.*&kept=1 failed$/)
})

test.each(knownForms)('S4 $label is taken out of a sentence, by its form alone', (sample) => {
  for (const around of ['%', '"%"', '(%)', '%20%', '\\n%', '/%/', '=%', 'é%', '<%>', 'a,%,b', '%. Next']) {
    const cut = around.lastIndexOf('%')
    const text = `Key ${around.slice(0, cut)}${sample.value}${around.slice(cut + 1)} is kept`
    const safe = redactText(text)
    expect(safe).not.toContain(core(sample))
    expect(safe).toContain('[REDACTED_KEY]')
    expect(safe).toMatch(/^Key .*is kept$/)
  }
})

test.each(harmlessTexts.map((text) => ({ text })))('S4 a harmless text stays as it is: $text', ({ text }) => {
  expect(redactText(text)).toBe(text)
})

describe('S4 exact results', () => {
  const model = ['sk', 'abc123'].join('-')
  const jwt = ['eyJhbGciOi', 'eyJzdWIiOi', 'c2lnbmF0'].join('.')
  test.each([
    [`use ${model}, please`, 'use [REDACTED_KEY], please'],
    [`token ${jwt}.`, 'token [REDACTED_KEY].'],
    ['Authorization: Custom a=1, b="2"\nHost: x', 'Authorization: [REDACTED]\nHost: x'],
    ['AUTHORIZATION: one two three', 'AUTHORIZATION: [REDACTED]'],
    ['authorization=Bearer one two&x=1', 'authorization=[REDACTED]&x=1'],
    ['cookie: a=1; b=2\nnext', 'cookie: [REDACTED]\nnext'],
    ['sent Bearer abc.def-1 twice', 'sent Bearer [REDACTED] twice'],
    ['bearer%20abcdef', 'bearer%20[REDACTED]'],
    ['sent Basic dXNlcjpwYXNz twice', 'sent Basic [REDACTED] twice'],
    ['BASIC dXNlcjpwYXNzMQ==', 'BASIC [REDACTED]'],
    ['password=a b', 'password=[REDACTED] b'],
    ['password=a&b=1', 'password=[REDACTED]&b=1'],
    ['password=a,b', 'password=[REDACTED],b'],
    ['password=a;b', 'password=[REDACTED];b'],
    ['{password=a}b', '{password=[REDACTED]}b'],
    ['password = "a b" c', 'password = "[REDACTED]" c'],
    ['password="a\\"b" c', 'password="[REDACTED]" c'],
    ['password="a\\\\" c', 'password="[REDACTED]" c'],
    ['password="never closed\nkept', 'password="[REDACTED]\nkept'],
    ["'password': 'a b', c", "'password': '[REDACTED]', c"],
    ['{"pin": 1234, "a": 1}', '{"pin": [REDACTED], "a": 1}'],
    ['{"credentials": {"user": "u", "key": [1, "}"]}, "a": 1}', '{"credentials": [REDACTED], "a": 1}'],
    ['{"secret": ["a", "b"], "a": 1}', '{"secret": [REDACTED], "a": 1}'],
    ['token: Bearer abc def', 'token: [REDACTED] def'],
    ['"token" :\n  "a b", "c": 1', '"token" :\n  "[REDACTED]", "c": 1'],
    ['token:\nnext', 'token:\nnext'],
    ['"token": null', '"token": [REDACTED]'],
    ['password=""', 'password=""'],
    ['password=', 'password='],
    ['token === undefined', 'token === [REDACTED]'],
    ['postgres://user:pass@host:5432/db', 'postgres://[REDACTED]@host:5432/db'],
    ['postgres://user:p@ss@host/db?x=1', 'postgres://[REDACTED]@host/db?x=1'],
    ['postgres://user:pa/ss#1@host/db', 'postgres://[REDACTED]@host/db'],
    ['https://onlyuser@host/a', 'https://[REDACTED]@host/a'],
    ['mongodb+srv://a:b@host', 'mongodb+srv://[REDACTED]@host'],
    ['Server=db;Uid=sa;Pwd=a1;Password=b2;', 'Server=db;Uid=sa;Pwd=[REDACTED];Password=[REDACTED];'],
    ['PWD=/home', 'PWD=/home'],
    ['WWW-Authenticate: Basic realm="x"', 'WWW-Authenticate: Basic realm="x"'],
  ])('S4 %s', (text, safe) => {
    expect(redactText(text)).toBe(safe)
  })
})

test('S4 a key that a mark hides only in part is taken out as a whole', () => {
  expect(redactText(`password=${['sk', 'abc'].join('-')}!rest`)).toBe('password=[REDACTED]')
})

test('S4 an unfinished private key goes on to the end', () => {
  const begin = ['-----BEGIN', 'PRIVATE', 'KEY-----'].join(' ')
  expect(redactText(`a ${begin}\nMIIE\nvAIB`)).toBe('a [REDACTED_KEY]')
})

test('S4 keys of the caller count in texts too', () => {
  expect(redactText('badge=17 password=18', { sensitiveKeys: ['BADGE'], allowKeys: ['password'] })).toBe(
    'badge=[REDACTED] password=18',
  )
})

test.each([
  ['db_password={}note', 'db_password=[REDACTED]'],
  ['://refreshToken=#}@', '://[REDACTED]@'],
  ['://:?@@', '://[REDACTED]@'],
])('S4 nothing of %s is left to a second pass', (text, safe) => {
  expect(redactText(text)).toBe(safe)
  expect(redactText(safe)).toBe(safe)
})

test('S4 a second pass changes nothing', () => {
  const piece = fc.oneof(
    fc.constantFrom(...secretSamples.map(({ value }) => value)),
    fc.constantFrom(...secretSamples.map(({ name }) => name)),
    fc.constantFrom(
      '=',
      ': ',
      '"',
      "'",
      '\\',
      '\\"',
      ' ',
      '\n',
      '{',
      '}',
      '[',
      ']',
      '&',
      '@',
      '://',
      ':',
      'Bearer ',
      'Basic ',
    ),
    fc.string({ maxLength: 6 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const safe = redactText(pieces.join(''))
      expect(redactText(safe)).toBe(safe)
    }),
    { numRuns: 1_000 },
  )
})

test('S4 a key is found wherever it stands', () => {
  const around = fc.string({ unit: fc.constantFrom(...' .,;:!?()[]{}<>"\'\n\t=&/@#'.split('')), maxLength: 12 })
  fc.assert(
    fc.property(around, fc.constantFrom(...knownForms), around, (before, sample, after) => {
      expect(redactText(before + sample.value + after)).not.toContain(core(sample))
    }),
  )
})

// Work that grows with the square of the length would take minutes here and end at the time limit of the test.
const heads = [
  'sk-',
  'key-',
  '_key-',
  'eyJ',
  'eyJ_',
  'eyJa.',
  'eyJaaaaaaaa.',
  'AKIA',
  'a-',
  'a',
  '-',
  '.',
  ' ',
  '\\',
  '"',
  "'",
  '-----BEGIN ',
  '-----BEGIN A-----',
  '-----END ',
  'password',
  'password=',
  'password="',
  'password=\\"',
  'password:{',

  '"password":"',
  '"password\\',
  'password=[',
  'authorization: ',
  'authorization',
  'Bearer ',
  'basic ',
  'basic a',
  '://',
  '://a',
  '://a:',
  '://a:b/',
  'http://a:b?',
  '@',
  '=',
  ':',
  ';pwd=',
  'token token ',
  'A',
  'aA',
  'key=key:',
]
test.each(heads)('S4 300,000 characters of %j take linear time', (head) => {
  const text = head.repeat(Math.ceil(300_000 / head.length))
  expect(redactText(`${text}x`).length).toBeGreaterThan(0)
})
