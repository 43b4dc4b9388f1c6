import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { secretSamples } from './__fixtures__/secret-samples.ts'
import { ParleyError } from '../parley-error.ts'
import { safeErrorText } from './error-text.ts'

const key = ['sk', 'abc123'].join('-')

describe('S5 class name', () => {
  class QuotaError extends Error {}
  class Named extends Error {
    override readonly name = 'provider.Overloaded'
  }
  test.each<[string, unknown, string]>([
    ['of an error', new Error('it broke'), 'Error: it broke'],
    ['of a built-in class', new TypeError('it broke'), 'TypeError: it broke'],
    ['of a class without a name of its own', new QuotaError('it broke'), 'QuotaError: it broke'],
    ['of a class with a name', new Named('it broke'), 'provider.Overloaded: it broke'],
    ['that is no name', Object.assign(new Error('it broke'), { name: 'a b <script>' }), 'Error: it broke'],
    ['that is very long', Object.assign(new Error('it broke'), { name: 'a'.repeat(65) }), 'Error: it broke'],
    ['that is a secret', Object.assign(new Error('it broke'), { name: ['AK', 'IA1234567890'].join('') }), '[REDACTED_KEY]: it broke'], // prettier-ignore
    ['that reads like a sensitive name', Object.assign(new Error('it broke'), { name: 'TokenError' }), 'TokenError: it broke'], // prettier-ignore
    ['of an abort', new DOMException('stopped', 'AbortError'), 'AbortError: stopped'],
    ['alone when there is no message', new RangeError(''), 'RangeError'],
    ['of what is only shaped like an error', { name: 'Remote', message: 'it broke' }, 'Remote: it broke'],
    ['left out of a ParleyError', new ParleyError({ code: 'run_unknown', message: 'There is no run r1.' }), 'There is no run r1.'], // prettier-ignore
    ['left out of a thrown text', 'it broke', 'it broke'],
    ['of null', null, 'A value that is no error was thrown: null.'],
    ['of nothing', undefined, 'A value that is no error was thrown: undefined.'],
    ['of a number', 7, 'A value that is no error was thrown: number.'],
    ['of an object', { secret: 'a' }, 'A value that is no error was thrown: object.'],
  ])('S5 %s', (_name, error, text) => {
    expect(safeErrorText(error)).toBe(text)
  })
})

test.each(secretSamples)('S5 $label is no part of an error text', ({ name, value }) => {
  for (const error of [
    new Error(`refused ${name}=${value}`),
    new ParleyError({ code: 'step_failed', message: `refused ${name}: ${value}` }),
    `refused {"${name}": ${JSON.stringify(value)}}`,
    new AggregateError([new Error(`${name}: ${value}`)]),
    Object.assign(new Error('outer'), { [name]: value, cause: new Error(value) }),
  ]) {
    expect(safeErrorText(error)).not.toContain(value.slice(-8))
  }
})

describe('S5 file paths become base names', () => {
  test.each([
    ['no file /usr/lib/app/main.ts here', 'no file main.ts here'],
    ['/home/ada/app/main.ts:10:5 failed', 'main.ts:10:5 failed'],
    ["open '/home/ada lovelace/my app/main.ts'", "open 'main.ts'"],
    ['in /Users/ada lovelace/app/main.ts, line 1', 'in main.ts, line 1'],
    ['in C:\\Users\\ada lovelace\\app\\main.ts now', 'in main.ts now'],
    ['in C:\\\\Users\\\\ada\\\\main.ts now', 'in main.ts now'],
    ['in D:/work/ada/main.ts now', 'in main.ts now'],
    ['on \\\\server\\share\\ada\\main.ts now', 'on main.ts now'],
    ['in ../../ada/main.ts now', 'in main.ts now'],
    ['in ./ada/main.ts now', 'in main.ts now'],
    ['in ..\\ada\\main.ts now', 'in main.ts now'],
    ['in ../main.ts now', 'in main.ts now'],
    ['in ~/.ssh/id_rsa now', 'in id_rsa now'],
    ['at file:///home/ada/main.ts now', 'at main.ts now'],
    ['at file:///C:/ada/main.ts now', 'at main.ts now'],
    ['folder /home/ada/ now', 'folder ada now'],
    ['path=/home/ada/x.ts (/home/ada/y.ts)', 'path=x.ts (y.ts)'],
    ['PATH:/home/ada/x.ts', 'PATH:x.ts'],
  ])('S5 %s', (message, text) => {
    expect(safeErrorText(message)).toBe(text)
  })

  test.each([
    'see https://example.com/docs/errors?next=1 and ws://host:80/a/b',
    'model openai/fast and/or application/json, 1/2 of 3 / 4, 24/7',
    'use /help or steps.a.output.b',
    'a regular sentence. And another... yes',
  ])('S5 what is no path stays: %s', (message) => {
    expect(safeErrorText(message)).toBe(message)
  })
})

describe('S5 stack lines are dropped', () => {
  test('S5 of V8, of Firefox, of Python and of Java', () => {
    const lines = [
      'it broke',
      '    at run (/home/ada/app/main.ts:10:5)',
      '    at async Promise.all (index 0)',
      '    at new Promise (<anonymous>)',
      '    at Array.map (native)',
      '    at file:///home/ada/main.ts:1:2',
      '    at node:internal/main/run:3:4',
      'run@https://example.com/main.js:10:5',
      'Traceback (most recent call last):',
      '  File "/home/ada/main.py", line 3, in run',
      '  at com.example.Main.run(Main.java:12)',
      '  ... 12 more',
      'and went on',
    ]
    expect(safeErrorText(lines.join('\n'))).toBe('it broke and went on')
    expect(safeErrorText(lines.join('\r\n'))).toBe('it broke and went on')
  })

  test('S5 the stack of an error itself is never read', () => {
    const error = new Error('it broke')
    expect(error.stack).toContain('error-text.test')
    expect(safeErrorText(error)).toBe('Error: it broke')
  })

  test('S5 a sentence that begins with "at" stays', () => {
    expect(safeErrorText('Give\nat least one item')).toBe('Give at least one item')
  })
})

describe("S5 of a provider's body only type and code stay", () => {
  test.each([
    [
      '400 {"error":{"message":"You said: my diary","type":"invalid_request_error","param":null,"code":"context_length"}} end',
      '400 [type invalid_request_error, code context_length] end',
    ],
    ['{"type":"error","error":{"type":"overloaded_error","message":"x"}}', '[type overloaded_error]'],
    ["Error code: 401 - {'error': {'message': 'my diary', 'code': 'invalid_api_key'}}", 'Error code: 401 - [code invalid_api_key]'], // prettier-ignore
    ['[{"error":{"code":429,"message":"my diary"}}]', '[code 429]'],
    ['{"message":"my diary","code":null}', '[body]'],
    ['{"type":"a sentence of mine","code":"<b>"}', '[body]'],
    [`{"type":"${'a'.repeat(65)}"}`, '[body]'],
    [`{"code":"${key}"}`, '[body]'],
    ['{"message":"my diary, cut of', '[body]'],
    ['502 <!DOCTYPE html><html><body>my diary</body></html>', '502 [body]'],
    ['<html lang="en">my diary', '[body]'],
    ['use {name} or {} or [a]', 'use {name} or {} or [a]'],
  ])('S5 %s', (message, text) => {
    expect(safeErrorText(message)).toBe(text)
  })
})

describe('S5 control characters', () => {
  const escape = String.fromCharCode(27)
  test.each([
    [`${escape}[31mred${escape}[0m text`, 'red text'],
    [`a${String.fromCharCode(0)}b${String.fromCharCode(7)}c${String.fromCharCode(0x9b)}d`, 'abcd'],
    ['one\r\ntwo\n\n  three\tfour', 'one two three four'],
    ['a\u2028b\u2029c', 'a b c'],
    ['a\u202eb\u2066c\u200bd\ufeffe', 'abcde'],
  ])('S5 %j are stripped', (message, text) => {
    expect(safeErrorText(message)).toBe(text)
  })

  test('S5 cannot hide a credential', () => {
    expect(safeErrorText(`use s${String.fromCharCode(0)}k-\u200babc123`)).toBe('use [REDACTED_KEY]')
  })
})

describe('S5 length', () => {
  test('S5 500 characters stay, more are cut, class name included', () => {
    expect(safeErrorText('a'.repeat(500))).toBe('a'.repeat(500))
    expect(safeErrorText('a'.repeat(501))).toBe(`${'a'.repeat(499)}…`)
    expect(safeErrorText(new Error('a'.repeat(493)))).toBe(`Error: ${'a'.repeat(493)}`)
    expect(safeErrorText(new Error('a'.repeat(494)))).toBe(`Error: ${'a'.repeat(492)}…`)
    const text = safeErrorText(new TypeError('a'.repeat(500)))
    expect(text).toHaveLength(500)
    expect(text).toMatch(/^TypeError: a+…$/)
  })

  test('S5 no character is cut in half', () => {
    for (const lead of ['', 'a']) {
      const text = safeErrorText(lead + '😀'.repeat(400))
      expect(text.isWellFormed()).toBe(true)
      expect(safeErrorText(new Error(lead + '😀'.repeat(400))).isWellFormed()).toBe(true)
    }
  })
})

describe('S5 several errors', () => {
  test('S5 an AggregateError becomes at most 10 lines', () => {
    const errors = Array.from({ length: 12 }, (_, index) => new RangeError(`try ${index}\nmore`))
    const lines = safeErrorText(new AggregateError(errors, 'all failed')).split('\n')
    expect(lines).toEqual(errors.slice(0, 10).map((_, index) => `RangeError: try ${index} more`))
  })

  test('S5 those within others are told in order, each once', () => {
    const one = new Error('one')
    const inner = new AggregateError([one, 'two'])
    const outer = new AggregateError([inner, new ParleyError({ code: 'run_unknown', message: 'three' }), one])
    inner.errors.push(outer)
    expect(safeErrorText(outer)).toBe('Error: one\ntwo\nthree')
  })

  test('S5 one without errors tells its own message', () => {
    expect(safeErrorText(new AggregateError([], 'none'))).toBe('AggregateError: none')
  })

  test('S5 a cause is not told', () => {
    expect(safeErrorText(new Error('outer', { cause: new Error('inner') }))).toBe('Error: outer')
  })
})

describe('S5 never throws', () => {
  const refuse = (): never => {
    throw new Error(key)
  }
  test.each<[string, unknown]>([
    ['a message', Object.defineProperty(new Error('a'), 'message', { get: refuse })],
    ['a name', Object.defineProperty(new Error('a'), 'name', { get: refuse })],
    ['a proxy', new Proxy({}, { get: refuse, has: refuse, getPrototypeOf: refuse })],
    ['the errors', Object.defineProperty(new AggregateError([]), 'errors', { get: refuse })],
  ])('S5 on %s that fails', (_name, error) => {
    const text = safeErrorText(error)
    expect(text).not.toBe('')
    expect(text).not.toContain(key)
  })

  test('S5 on anything: at most 10 lines of at most 500 characters without control characters', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string({ unit: 'binary', maxLength: 2_000 })), (thrown) => {
        for (const error of [thrown, new Error(String(typeof thrown === 'string' ? thrown : 'a'))]) {
          const lines = safeErrorText(error).split('\n')
          expect(lines.length).toBeLessThanOrEqual(10)
          for (const line of lines) {
            expect(line.length).toBeLessThanOrEqual(500)
            expect(line).not.toMatch(/\p{Cc}/u)
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})

// Work that grows with the square of the length would take minutes here and end at the time limit of the test.
test.each([
  '/',
  '/a',
  '/a/',
  'a/',
  '../',
  './',
  '~/',
  'C:\\',
  'C:\\a',
  '\\\\',
  '\\\\a ',
  "'/",
  "'/a ",
  'file:',
  'file:/',
  '/Users/',
  '/Users/a ',
  '/Users/a b/',
  'at ',
  'at :1',
  'at a (native',
  ':1',
  ':11',
  '@',
  'a@b:1',
  'a@b:1:1\n',
  '\n',

  'at a:1 ',
  '{"a":',
  '{"a":"',
  '[{"a":',
  '{',
  '[',
  '{"type":"',
  '{"type":"a",',
  '<html',
  '<!doctype',
  ' ',
  '\t',
  String.fromCharCode(27),
  `${String.fromCharCode(27)}[`,
  `${String.fromCharCode(27)}[1;`,
  'File "',
  'File "a", line 1',
])('S5 300,000 characters of %j take linear time', (head) => {
  const text = head.repeat(Math.ceil(300_000 / head.length))
  expect(safeErrorText(`${text}x`).length).toBeLessThanOrEqual(500)
})
