import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { documentLimits } from './document-limits.ts'
import { parseDocument } from './parse-document.ts'

function problemsOf(text: string, limits = documentLimits()): string[] {
  return parseDocument(text, limits).problems.map(
    ({ code, line, column, message }) => `${code} ${line ?? '-'}:${column ?? '-'} ${message}`,
  )
}

describe('workflows 2.3: what is read', () => {
  test('is YAML 1.2 of the core schema: yes and dates are texts, 0o7 is a number', () => {
    const { value, problems } = parseDocument('a: yes\nb: 2020-01-01\nc: 0o7\nd: ~\ne: !!str 5\n1: x\n')
    expect(problems).toEqual([])
    expect(value).toEqual({ a: 'yes', b: '2020-01-01', c: 7, d: null, e: '5', '1': 'x' })
  })

  test('is JSON, with tabs and escapes', () => {
    const { value, problems } = parseDocument('{\n\t"a": [\n\t\t1,\n\t\t"\\u00e4\\ud83d\\ude00\\/"\n\t]\n}')
    expect(problems).toEqual([])
    expect(value).toEqual({ a: [1, 'ä😀/'] })
  })

  test('any JSON text gives what JSON.parse gives', () => {
    const json = fc
      .jsonValue({ maxDepth: 6 })
      .filter((value) => !/__proto__|constructor|prototype|-0\b/.test(JSON.stringify(value)))
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, 2, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        const read = parseDocument(text)
        expect(read.problems).toEqual([])
        expect(read.value).toEqual(JSON.parse(text))
      }),
    )
  })

  test('any text ends in a value or in problems, never in an error', () => {
    const texts = fc.string({ unit: fc.constantFrom(...Array.from('{}[]:,-&*!%"\'\n #?|>ab1\t')), maxLength: 60 })
    fc.assert(
      fc.property(texts, (text) => {
        const { value, problems } = parseDocument(text)
        expect(value !== undefined || problems.length > 0).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('has aliases, up to 100', () => {
    const text = (count: number): string => `a: &x { k: 1 }\nlist: [${'*x, '.repeat(count)}]\n`
    expect(parseDocument(text(100)).value).toMatchObject({ list: Array.from({ length: 100 }, () => ({ k: 1 })) })
    expect(problemsOf(text(101))).toEqual(['limit_exceeded 2:408 The document has more than 100 aliases.'])
  })
})

describe('workflows 2.3: what is refused, with line and column', () => {
  test.each([
    ['duplicate keys', 'a: 1\nb:\n  c: 1\n  c: 2\n', 'document_invalid 4:3 The key "c" is there twice.'],
    ['duplicate keys of JSON', '{"a": 1,\n "a": 2}', 'document_invalid 2:2 The key "a" is there twice.'],
    [
      'custom tags',
      'a: 1\nb: !vault x\n',
      "document_invalid 2:4 Tags of one's own are not read: Unresolved tag: !vault.",
    ],
    [
      'tags of YAML 1.1',
      'a: !!binary aGk=\n',
      "document_invalid 1:4 Tags of one's own are not read: Unresolved tag: tag:yaml.org,2002:binary.",
    ],
    ['another version of YAML', '%YAML 1.1\n---\na: yes\n', 'document_invalid 1:1 The document asks for YAML 1.1.'],
    ['several documents', 'a: 1\n---\nb: 2\n', 'document_invalid 2:1 The text holds more than one document.'],
    [
      'keys that are no text',
      '? [a]\n: 1\n',
      'document_invalid 1:3 The text is neither YAML nor JSON: With stringKeys, all keys must be strings.',
    ],
    ['an open bracket', 'a: [1, 2\nb: 3\n', /^document_invalid 2:\d The text is neither YAML nor JSON/],
    ['an anchor that is not there', 'a: *x\n', /^document_invalid 1:4 /],
    [
      'an alias in its own anchor',
      'a: &x\n  b: *x\n',
      'document_invalid 2:6 The alias "x" stands inside its own anchor.',
    ],
    ['numbers that JSON does not have', 'a: .nan\n', 'document_invalid 1:4 NaN is no number of JSON.'],
    ['infinite numbers', 'a: 1e999\n', 'document_invalid 1:4 Infinity is no number of JSON.'],
    ['minus zero', 'a: -0\n', 'document_invalid 1:4 -0 is no number of JSON.'],
  ])('%s', (_what, text, problem) => {
    const [first] = problemsOf(text)
    expect(first).toEqual(typeof problem === 'string' ? problem : expect.stringMatching(problem))
  })

  test.each(['__proto__', 'constructor', 'prototype'])('S11 the key %s, wherever it stands', (key) => {
    const { value, problems } = parseDocument(`a:\n  - ${key}: { polluted: true }\n`)
    expect(problems).toMatchObject([{ code: 'document_invalid', path: `a[0].${key}`, line: 2, column: 5 }])
    expect(value).toEqual({ a: [{}] })
    expect(Object.hasOwn({}, 'polluted')).toBe(false)
  })

  test('a merge key is a key like any other', () => {
    expect(parseDocument('a: &x { k: 1 }\nb: { <<: *x }\n').value).toEqual({ a: { k: 1 }, b: { '<<': { k: 1 } } })
  })
})

describe('workflows 17: hostile documents are refused', () => {
  test('an alias bomb', () => {
    const levels = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 10; level += 1) {
      levels.push(`a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}]`)
    }
    expect(problemsOf(levels.join('\n'))[0]).toMatch(/^limit_exceeded .* The aliases of the document grow too large\.$/)
  })

  test.each([
    ['lists', '['.repeat(200_000)],
    ['closed lists', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', '{"a":'.repeat(100_000)],
    ['block lists', `${'- '.repeat(100_000)}a`],
    ['block objects', Array.from({ length: 1_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['keys of keys', '? '.repeat(100_000)],
  ])('deep nesting of %s', (_what, text) => {
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/^limit_exceeded \d+:\d+ The document nests lists and objects deeper than 200\.$/),
    ])
  })

  test('nesting of 200 is fine', () => {
    expect(problemsOf('['.repeat(200) + ']'.repeat(200))).toEqual([])
    expect(problemsOf('['.repeat(202) + ']'.repeat(202))).toHaveLength(1)
  })

  test('more than 1 MiB, in bytes of UTF-8', () => {
    const text = (bytes: number): string => `a: ${'x'.repeat(bytes - 3)}`
    expect(problemsOf(text(1_048_576))).toEqual([])
    expect(problemsOf(text(1_048_577))[0]).toMatch(/^limit_exceeded -:- The document has 1048577 bytes/)
    expect(problemsOf(`a: ${'ä'.repeat(524_288)}`)[0]).toMatch(/^limit_exceeded/)
  })

  test('the limits can be raised up to 16 MiB and are halved for the network', () => {
    expect(documentLimits()).toEqual({ maxBytes: 1_048_576, maxAliases: 100, maxSteps: 1_000, maxRegionDepth: 16 })
    expect(documentLimits({ maxBytes: 1e9, maxAliases: 1e9, maxSteps: 1e9, maxRegionDepth: 1e9 })).toEqual({
      maxBytes: 16_777_216,
      maxAliases: 100,
      maxSteps: 100_000,
      maxRegionDepth: 16,
    })
    expect(documentLimits({}, true)).toEqual({ maxBytes: 524_288, maxAliases: 50, maxSteps: 500, maxRegionDepth: 8 })
  })

  test('thousands of faults of the text are told twenty at a time', () => {
    expect(problemsOf('"'.repeat(20_000)).length).toBeLessThanOrEqual(20)
  })

  test('an object with very many keys is read, and its last key is told to be there twice', () => {
    const keys = Array.from({ length: 5_000 }, (_, index) => `k${index}: 1`)
    expect(problemsOf([...keys, 'k7: 2'].join('\n'))).toEqual(['document_invalid 5001:1 The key "k7" is there twice.'])
  })
})

describe('workflows 2.3: positions', () => {
  const text = [
    'name: x',
    'steps:',
    '  - id: one',
    '    prompt: Tell {{a}} more',
    '  - id: two',
    '    prompt: "Say {{b}}"',
    '  - id: three',
    '    prompt: |',
    '      First',
    '      then {{c}}',
    '  - { id: four, prompt: "with \\"quotes\\" {{d}}" }',
    'again: &p { q: 1 }',
    'more: *p',
  ].join('\n')
  const { positions } = parseDocument(text)

  test('an entry is at its key, an item at itself, what is missing at what is around it', () => {
    expect(positions([])).toEqual({ line: 1, column: 1 })
    expect(positions(['steps'])).toEqual({ line: 2, column: 1 })
    expect(positions(['steps', 1])).toEqual({ line: 5, column: 5 })
    expect(positions(['steps', 1, 'prompt'])).toEqual({ line: 6, column: 5 })
    expect(positions(['steps', 1, 'model', 'x'])).toEqual({ line: 5, column: 5 })
    expect(positions(['steps', 9])).toEqual({ line: 2, column: 1 })
    expect(positions(['more', 'q'])).toEqual({ line: 12, column: 13 })
  })

  test('a place within a text is found where it is written as it is', () => {
    const find = (index: number, part: string): unknown =>
      positions(['steps', index, 'prompt'], (value) => {
        const lines = value.slice(0, value.indexOf(part)).split('\n')
        return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
      })
    expect(find(0, '{{a}}')).toEqual({ line: 4, column: 18 })
    expect(find(1, '{{b}}')).toEqual({ line: 6, column: 18 })
    expect(find(2, '{{c}}')).toEqual({ line: 10, column: 12 })
    // A text with escapes is not there as it is: its begin is told.
    expect(find(3, '{{d}}')).toEqual({ line: 11, column: 25 })
  })
})
