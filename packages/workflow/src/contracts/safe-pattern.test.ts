import { describe, expect, test } from 'vitest'
import {
  createSearchPattern,
  createStartPattern,
  flagsOfText,
  refusePattern,
  type RegexEngine,
} from './safe-pattern.ts'
import { v } from './validators.ts'
import { createValidationContext } from './validation-context.ts'

const context = createValidationContext()
const linear: RegexEngine = (source, flags) => new RegExp(source, flags)

describe('what is refused', () => {
  test.each([
    '(a+)+$',
    '(a*)*b',
    '(a|a)*b',
    '(a|aa)+$',
    '([a-zA-Z]+)*$',
    '(.*a){12}',
    'a*a*b',
    '.*.*=.*',
    '\\s*\\s*$',
    '(a?){30}a{30}',
    `${'a?'.repeat(20)}${'a'.repeat(20)}`,
    '(?:a|a)(?:a|a)(?:a|a)(?:a|a)c',
    `${'(?:a|ab)(?:c|bc)'.repeat(20)}d`,
    '(?:a?b?)*c',
    '(?:|)+x',
    '(?:(?:|)b)*c',
    '(?:(?:a?|b*)c)*d',
    '^(\\w+\\s?)*$',
    '\\d+\\.?\\d+x',
    'a{0,20}a{0,20}a{0,20}a{0,20}b',
    '(?:a{0,5}){0,20}b',
    '(k|\\u212a)*x',
    '(?:[^\\p{L}]|é)*$',
    '(?:\\p{L}|[a-z])*$',
    '[^\\s@]+@[^\\s@]+\\.[^\\s@]+',
  ])('C-5 %s, which can match a text in several ways', (source) => {
    const flags = source.startsWith('(k') ? 'iu' : flagsOfText(source)
    expect(refusePattern(source, { flags })).toMatch(/way|repeat|nothing/)
  })

  test.each(['(', '[b-a]', '*', 'a{2,1}', '(?<n>a)(?<n>b)'])('C-5 %s, which is no regular expression', (source) => {
    expect(refusePattern(source)).toBe('it is not a regular expression')
  })

  test.each(['(a)\\1', '(?<n>a)\\k<n>', '(?<=a)b', '(?<!a)b', '\\01', 'a(?=b)', '(?:(?=a)b)+', '(?i:a)'])(
    'C-5 %s, which cannot be judged',
    (source) => {
      expect(refusePattern(source)).toEqual(expect.any(String))
    },
  )

  test('C-5 a pattern that begins anywhere is tried from everywhere', () => {
    for (const source of ['a+b', '\\d+$', '.*x', '(?=.*a)b']) {
      expect(refusePattern(source, { search: true }), source).toContain('begin it with ^')
    }
    for (const source of ['^a+b', '^\\d+$', 'abc', '\\S', '^a+|^b+', '^(?=.*a)b', 'x[0-9]y']) {
      expect(refusePattern(source, { search: true }), source).toBeUndefined()
    }
    expect(refusePattern('^a+|b+', { search: true })).toContain('begin it with ^')
    expect(refusePattern('^a+b', { search: true, flags: 'm' })).toContain('begin it with ^')
  })

  test('C-5 a pattern of more than 1,000 characters, with an engine too', () => {
    expect(refusePattern('a'.repeat(1000))).toBeUndefined()
    expect(refusePattern('a'.repeat(1001))).toContain('1000')
    expect(refusePattern('a'.repeat(1001), { regexEngine: linear })).toContain('1000')
  })

  test('C-5 a pattern whose counts make it huge', () => {
    expect(refusePattern('(?:a{1000}){1000}')).toContain('too large')
    expect(refusePattern('[a-z]{1,1000}')).toBeUndefined()
  })

  test('C-5 the reason does not quote the pattern', () => {
    for (const source of ['(?:secret|secret)+', '(secret', 'secret(?=x)'])
      expect(refusePattern(source)).not.toContain('secret')
  })
})

describe('what is taken', () => {
  test.each([
    '^[a-z][a-z0-9_-]{0,31}$',
    '\\d{4}-\\d{2}-\\d{2}(?:T\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,3})?)?Z)?$',
    '[^@\\s]+@[^@\\s.]+(?:\\.[^@\\s.]+)+$',
    'https?://[^/\\s]+(?:/\\S*)?$',
    '(?:jpg|jpeg|png)$',
    '(?:\\d{1,3}\\.){3}\\d{1,3}$',
    '[+-]?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?$',
    '(?=.*[A-Z])(?=.*\\d).{8,}$',
    '^^(?!admin)[a-z]+$',
    '(?:[a-z]+,)*[a-z]+$',
    '\\p{L}+ \\p{L}+$',
    '[^\\p{L} ]+ \\p{Lu}\\P{L}$',
    '([^@]+@[^.]+\\.)+x',
    '(?<year>\\d{4})',
    'a|b|c',
    '',
    '\\u{1F600}+',
    '[\\b\\x41\\cA\\0\\]-]*',
    'a{,3}{x}',
    '\\bfoo\\b',
    '.+',
  ])('C-5 %s', (source) => {
    expect(refusePattern(source, { flags: flagsOfText(source) })).toBeUndefined()
  })
})

describe('running', () => {
  test('C-5 a text of more than 100,000 characters does not match', () => {
    for (const matches of [
      createStartPattern('a', ''),
      createStartPattern('a', '', linear),
      createSearchPattern('a'),
    ]) {
      expect(matches('a'.repeat(100_000))).toBe(true)
      expect(matches('a'.repeat(100_001))).toBe(false)
    }
  })

  test('C-5 a linear-time engine lifts the refusal and runs the pattern', () => {
    expect(() => v.pattern('(a+)+$')).toThrow(expect.objectContaining({ code: 'invalid_options' }))
    const asked: [string, string][] = []
    const regexEngine: RegexEngine = (source, flags) => {
      asked.push([source, flags])
      return linear(source, flags)
    }
    const validator = v.pattern(/(a+)+$/gi, { regexEngine })
    expect(validator.check('AAA', context)).toEqual({ ok: true })
    expect(validator.check('xAAA', context)).toMatchObject({ ok: false })
    expect(asked.at(-1)).toEqual(['^(?:(a+)+$)', 'i'])
    expect(() => v.pattern('(', { regexEngine })).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  })

  test('C-5 text patterns see whole characters where they can', () => {
    expect(createStartPattern('^.$', flagsOfText('^.$'))('😀')).toBe(true)
    // An escape that needs none is an older pattern.
    expect(flagsOfText('\\-')).toBe('')
    expect(createStartPattern('\\-', '')('-')).toBe(true)
  })

  test('C-5 hostile texts end at once', () => {
    const match = createStartPattern('[^@\\s]+@[^@\\s.]+(?:\\.[^@\\s.]+)+$', '')
    expect(match(`${'a'.repeat(50_000)}@${'a.'.repeat(20_000)}@`)).toBe(false)
  })
})
