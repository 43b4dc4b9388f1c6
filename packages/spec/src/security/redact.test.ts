import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { harmlessTexts, secretSamples } from './__fixtures__/secret-samples.ts'
import { ParleyError } from '../parley-error.ts'
import { createRedactor, redact } from './redact.ts'

const key = ['sk', 'abc123'].join('-')

test.each(secretSamples)('S4 $label is taken out of nested values of every kind', ({ name, value }) => {
  const places: unknown[] = [
    { [name]: value },
    { a: [{ b: { [name]: value } }] },
    new Map([['a', new Map([[name, value]])]]),
    new Map<unknown, unknown>([
      [1, 'x'],
      [name, value],
    ]),
    new Set([{ [name]: value }]),
    new Error('a', { cause: { [name]: value } }),
    new Error(`failed with ${name}=${value}`),
    new AggregateError([new Error(`${name}: ${value}`)], 'b'),
    { body: JSON.stringify({ deep: [{ [name]: value }] }) },
    JSON.stringify([{ [name]: value }]),
    { toJSON: () => ({ [name]: value }) },
  ]
  for (const place of places) {
    const safe = JSON.stringify(redact(place))
    expect(safe).not.toContain(JSON.stringify(value).slice(1, -1))
    expect(safe).toContain('[REDACTED')
  }
})

test('S4 the value of a sensitive key is hidden whatever it is', () => {
  for (const value of ['a', 1, true, false, null, '', 0, [1], { a: 1 }, new Date(0), () => 1]) {
    expect(redact({ password: value, a: 1 })).toEqual({ password: '[REDACTED]', a: 1 })
  }
})

test.each(harmlessTexts.map((text) => ({ text })))('S4 harmless values stay as they are: $text', ({ text }) => {
  const value = { text, list: [text, 1, -1.5, true, false, null], authority: text, tokens: 3, empty: {}, none: [] }
  expect(redact(value)).toEqual(value)
})

test('S4 JSON that is no secret is left alone: plain data comes back equal', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value)
      expect(JSON.stringify(redact(value))).toBe(text)
      expect(redact(text)).toBe(text)
    }),
  )
})

test('S4 JSON within a text keeps its spaces when nothing is hidden, and is read one level deep', () => {
  expect(redact('{ "a" : 1 }')).toBe('{ "a" : 1 }')
  expect(redact(` {"password":{"a":"b"},"c":1}`)).toBe('{"password":"[REDACTED]","c":1}')
  expect(redact(JSON.stringify({ inner: JSON.stringify({ pin: 1 }) }))).toBe('{"inner":"{\\"pin\\":[REDACTED]}"}')
  expect(redact(`{"broken": "${key}"`)).toBe('{"broken": "[REDACTED_KEY]"')
  expect(redact('{"pin": 1, "pin": 2, "a": 1}')).toBe('{"pin":"[REDACTED]","a":1}')
})

describe('S4 kinds of values', () => {
  test.each<[string, unknown, unknown]>([
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a broken date', new Date(NaN), 'Invalid Date'],
    ['a big integer', 12n, '12'],
    ['no number', NaN, 'NaN'],
    ['infinity', -Infinity, '-Infinity'],
    ['a function', () => key, '[FUNCTION]'],
    ['a class', class Secret {}, '[FUNCTION]'],
    ['a symbol', Symbol(key), '[SYMBOL]'],
    ['nothing', undefined, null],
    ['null', null, null],
    ['a field of nothing', { a: undefined, b: 1 }, { b: 1 }],
    ['an item of nothing', [undefined, 1], [null, 1]],
    ['a boxed text', Object(key), '[REDACTED_KEY]'],
    ['bytes', new Uint8Array(12), '[BINARY 12 bytes]'],
    ['floats', new Float64Array(2), '[BINARY 16 bytes]'],
    ['a view', new DataView(new ArrayBuffer(5)), '[BINARY 5 bytes]'],
    ['a buffer', new ArrayBuffer(3), '[BINARY 3 bytes]'],
    ['a shared buffer', new SharedArrayBuffer(4), '[BINARY 4 bytes]'],
    ['a blob', new Blob(['abc']), '[BINARY 3 bytes]'],
    ['a set', new Set([1, key]), [1, '[REDACTED_KEY]']],
    ['a map of texts', new Map([['a', 1]]), { a: 1 }],
    ['a map of others', new Map<unknown, unknown>([[{ a: 1 }, 2], [3, key]]), [[{ a: 1 }, 2], [3, '[REDACTED_KEY]']]], // prettier-ignore
    ['an address', new URL('https://a:b@host/x'), 'https://[REDACTED]@host/x'],
    ['an object without prototype', Object.assign(Object.create(null), { a: key }), { a: '[REDACTED_KEY]' }],
    ['a key that is a secret', { [key]: 1 }, { '[REDACTED_KEY]': 1 }],
    ['two keys that are secrets', { [key]: 1, [`${key}4`]: 2 }, { '[REDACTED_KEY]': 1, '[REDACTED_KEY]#2': 2 }],
    ['a list too long', Object.assign([], { length: 10_000_001 }), '[LIST 10000001 items]'],
  ])('S4 %s', (_name, value, expected) => {
    expect(redact(value)).toEqual(expected)
  })

  test('S4 a key `__proto__` stays a key and reaches no prototype', () => {
    const safe = redact(JSON.parse('{"__proto__": {"polluted": 1}}'))
    expect(JSON.stringify(safe)).toBe('{"__proto__":{"polluted":1}}')
    expect(Object.getPrototypeOf(safe)).toBe(Object.prototype)
  })

  test('S4 S5 an error gives its class, its cleaned message, code, cause and errors, and no stack or body', () => {
    class ProviderError extends Error {
      code = 'E1'
      response = { body: 'the whole prompt' }
    }
    const error = new ProviderError(`no /usr/lib/app/x.ts for ${key}`, { cause: new TypeError('inner') })
    expect(redact(error)).toEqual({
      name: 'ProviderError',
      message: 'no x.ts for [REDACTED_KEY]',
      code: 'E1',
      cause: { name: 'TypeError', message: 'inner' },
    })
    expect(redact(new AggregateError([new RangeError('one')], 'all'))).toEqual({
      name: 'AggregateError',
      message: 'all',
      errors: [{ name: 'RangeError', message: 'one' }],
    })
    expect(redact(new ParleyError({ code: 'run_unknown', message: 'no', details: { token: 'a', id: 'r' } }))).toEqual({
      name: 'ParleyError',
      message: 'no',
      code: 'run_unknown',
      retryable: false,
      details: { token: '[REDACTED]', id: 'r' },
    })
  })
})

describe('S4 shape', () => {
  test('S4 what holds itself is marked, what is only shared is not', () => {
    const loop: { [name: string]: unknown } = { a: 1 }
    loop['self'] = loop
    loop['list'] = [loop]
    expect(redact(loop)).toEqual({ a: 1, self: '[CIRCULAR]', list: ['[CIRCULAR]'] })
    const shared = { a: 1 }
    expect(redact([shared, shared])).toEqual([{ a: 1 }, { a: 1 }])
    const map = new Map<string, unknown>()
    map.set('self', map)
    expect(redact(map)).toEqual({ self: '[CIRCULAR]' })
    const error = new Error('a')
    error.cause = error
    expect(redact(error)).toEqual({ name: 'Error', message: 'a', cause: '[CIRCULAR]' })
  })

  test('S4 what is shared again and again is walked once', () => {
    let value: unknown = { a: key }
    for (let level = 0; level < 100; level++) value = [value, value]
    let safe = redact(value)
    while (Array.isArray(safe)) safe = safe[1] ?? null
    expect(safe).toEqual({ a: '[REDACTED_KEY]' })
  })

  test('S4 200 levels are walked, deeper ones left out', () => {
    const nested = (levels: number): unknown => {
      let value: unknown = 'end'
      for (let level = 0; level < levels; level++) value = [value]
      return value
    }
    expect(JSON.stringify(redact(nested(200)))).toContain('"end"')
    expect(JSON.stringify(redact(nested(201)))).toContain('[TOO_DEEP]')
    expect(JSON.stringify(redact(nested(100_000)))).toContain('[TOO_DEEP]')
    expect(redact('['.repeat(100_000))).toBe('['.repeat(100_000))
  })

  test('S4 the given value is not changed', () => {
    const value = Object.freeze({ password: 'a', list: Object.freeze([key]) })
    redact(value)
    expect(value).toEqual({ password: 'a', list: [key] })
  })
})

describe('S4 never throws', () => {
  const refuse = (): never => {
    throw new Error(`read ${key}`)
  }
  const hostile: readonly [string, unknown, unknown][] = [
    ['a getter', Object.defineProperty({ b: 1 }, 'a', { get: refuse, enumerable: true }), { b: 1, a: '[UNREADABLE]' }],
    ['an item', Object.defineProperty([1, 2], 1, { get: refuse }), [1, '[UNREADABLE]']],
    ['a proxy', new Proxy({}, { get: refuse, ownKeys: refuse, getPrototypeOf: refuse }), '[UNREADABLE]'],
    ['toJSON', { toJSON: refuse }, '[UNREADABLE]'],
    ['an iterator', Object.assign(new Set([1]), { [Symbol.iterator]: refuse }), '[UNREADABLE]'],
    [
      'a message',
      Object.defineProperty(new Error('a'), 'message', { get: refuse }),
      { name: 'Error', message: '[UNREADABLE]' },
    ],
    ['a field of an error', Object.defineProperty(new Error('a'), 'code', { get: refuse }), expect.objectContaining({ code: '[UNREADABLE]' })], // prettier-ignore
    ['a lying list', new Proxy([], { get: (_target, name) => (name === 'length' ? Number.NaN : refuse()) }), []],
  ]
  test.each(hostile)('S4 on %s that fails', (_name, value, expected) => {
    expect(redact(value)).toEqual(expected)
    expect(JSON.stringify(redact([value, 'next']))).toContain('next')
  })

  test('S4 on a revoked proxy', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(redact({ a: proxy })).toEqual({ a: '[UNREADABLE]' })
  })

  test('S4 on anything, and gives JSON', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: true,
      withBoxedValues: true,
      withObjectString: true,
      withSparseArray: true,
    })
    fc.assert(
      fc.property(anything, (value) => {
        const safe = redact(value)
        expect(JSON.parse(JSON.stringify(safe))).toEqual(safe)
      }),
      { numRuns: 500 },
    )
  })
})

describe('S4 createRedactor', () => {
  test('S4 uses its keys in values, in texts and in JSON within texts', () => {
    const redactor = createRedactor({ sensitiveKeys: ['*badge*'], allowKeys: ['password'] })
    expect(redactor.value({ myBadge: 1, password: 2, token: 3 })).toEqual({
      myBadge: '[REDACTED]',
      password: 2,
      token: '[REDACTED]',
    })
    expect(redactor.text('badge=1 password=2 token=3')).toBe('badge=[REDACTED] password=2 token=[REDACTED]')
    expect(redactor.text('{"badge":{"a":1},"password":2}')).toBe('{"badge":"[REDACTED]","password":2}')
    expect(redact({ badge: 1 }, { sensitiveKeys: ['badge'] })).toEqual({ badge: '[REDACTED]' })
  })

  test('S4 judges a key alike the second time, also when it knows very many', () => {
    const redactor = createRedactor()
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`field${index}`, index]))
    expect(redactor.value(many)).toEqual(many)
    for (let time = 0; time < 2; time++) {
      expect(redactor.value({ new_secret: 1, field1: 2 })).toEqual({ new_secret: '[REDACTED]', field1: 2 })
    }
  })

  test('S4 judges a text alike each time, also when it knows very many, and by its own keys', () => {
    const plain = createRedactor()
    const strict = createRedactor({ sensitiveKeys: ['badge'] })
    const texts = [...secretSamples.map(({ name, value }) => `${name}=${value}`), 'badge=1', ...harmlessTexts]
    const first = texts.map((text) => [plain.text(text), strict.text(text)])
    // More than is kept.
    for (let index = 0; index < 200; index++) plain.text(`${index} ${'x'.repeat(1_900)}`)
    for (let time = 0; time < 2; time++)
      expect(texts.map((text) => [plain.text(text), strict.text(text)])).toEqual(first)
    expect(first[secretSamples.length]).toEqual(['badge=1', 'badge=[REDACTED]'])
  })

  test('S4 a key named as the prototype of an object is a key like any other', () => {
    const value: unknown = JSON.parse('{"__proto__":{"a":1},"b":2}')
    expect(JSON.stringify(redact(value))).toBe('{"__proto__":{"a":1},"b":2}')
  })

  test('refuses an option that it does not know', () => {
    const options: object = { sensitiveKey: ['a'] }
    expect(() => createRedactor(options)).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  })
})
