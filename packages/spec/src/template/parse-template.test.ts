import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTemplate, type TemplateStyle } from './parse-template.ts'

const read = (source: string, style: TemplateStyle = 'mustache') => {
  const result = parseTemplate(source, { style })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.template
}

const problemsOf = (source: string, style: TemplateStyle = 'mustache') => {
  const result = parseTemplate(source, { style })
  return result.ok ? [] : result.problems
}

describe('2.4 mustache', () => {
  test.each<[string, string[]]>([
    ['{{name}}', ['name']],
    ['{{ name }}', ['name']],
    ['{{a.b.0.c}}', ['a', 'b', '0', 'c']],
    ['{{steps.my-step_2.output.list.0}}', ['steps', 'my-step_2', 'output', 'list', '0']],
    ['{{context.input.user_message}}', ['context', 'input', 'user_message']],
    ['{{history.0.text}}', ['history', '0', 'text']],
    ['{{ templates.tone }}', ['templates', 'tone']],
    ['{{state.größe}}', ['state', 'größe']],
    ['{{item}}', ['item']],
  ])('%s', (source, path) => {
    expect(read(source).references).toEqual([{ path, line: 1, column: 1, text: source }])
  })

  test.each([
    ['{{ a ?? "none" }}', 'none'],
    ['{{a??"none"}}', 'none'],
    ['{{ a ?? \'it is "none"\' }}', 'it is "none"'],
    ['{{ a ?? "" }}', ''],
    [String.raw`{{ a ?? "say \"no\"\n" }}`, 'say "no"\n'],
    ['{{ a ?? "}} {{b}}" }}', '}} {{b}}'],
  ])('a fallback: %s', (source, fallback) => {
    expect(read(source).references).toEqual([{ path: ['a'], fallback, line: 1, column: 1, text: source }])
  })

  test('text and references keep their order, single and closing braces are text', () => {
    expect(read('{"a": {"b": "{{x}}"}}\n{{y}}{ }').parts).toEqual([
      '{"a": {"b": "',
      { path: ['x'], line: 1, column: 14, text: '{{x}}' },
      '"}}\n',
      { path: ['y'], line: 2, column: 1, text: '{{y}}' },
      '{ }',
    ])
    expect(read('').parts).toEqual([])
    expect(read('plain').parts).toEqual(['plain'])
  })

  test('W-6 all problems at once, each with line and column', () => {
    expect(problemsOf('ok {{name}}\r\n  {{ a b }} {{}}\n{{x.__proto__}} {{{y}}} {{ z ?? none }}\n {{open')).toEqual([
      { message: expect.stringContaining('{{ a b }}'), line: 2, column: 3 },
      { message: expect.stringContaining('{{}}'), line: 2, column: 13 },
      { message: expect.stringContaining('__proto__'), line: 3, column: 1 },
      { message: expect.stringContaining('{{{y}}'), line: 3, column: 17 },
      { message: expect.stringContaining('{{ z ?? none }}'), line: 3, column: 25 },
      { message: expect.stringContaining('"}}"'), line: 4, column: 2 },
    ])
  })

  test.each([
    '{{a.}}',
    '{{.a}}',
    '{{a..b}}',
    '{{a[0]}}',
    '{{a | upper}}',
    '{{f(x)}}',
    '{{#each a}}',
    '{{a ?? "x"',
    String.raw`{{ a ?? "\x" }}`,
    '{{ a ?? "x" ?? "y" }}',
    '{{constructor}}',
    '{{a.prototype.b ?? "x"}}',
  ])('%s is refused', (source) => {
    expect(problemsOf(source)).toHaveLength(1)
  })
})

describe('15 brace', () => {
  test('names, fields of the item, doubled braces', () => {
    expect(read('Hi {name}: {{"a": {item.field}}}', 'brace').parts).toEqual([
      'Hi ',
      { path: ['name'], line: 1, column: 4, text: '{name}' },
      ': {"a": ',
      { path: ['item', 'field'], line: 1, column: 19, text: '{item.field}' },
      '}',
    ])
  })

  test.each(['{', '}', '{}', '{ name }', '{a!r}', '{a:>10}', '{a', 'a}', '{a.constructor}', '{__proto__}'])(
    '%s is refused',
    (source) => {
      expect(problemsOf(source, 'brace')).toHaveLength(1)
    },
  )

  test('W-6 positions of all problems', () => {
    expect(problemsOf('{a}\n }{{ }\n{', 'brace')).toMatchObject([
      { line: 2, column: 2 },
      { line: 2, column: 6 },
      { line: 3, column: 1 },
    ])
  })
})

const anyPiece = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom('{', '}', '{{', '}}', '"', "'", '\\', '\n', '??', ' ', '.', 'a', '{{a}}', '{a}', '{{ a ?? "b" }}'),
)
const anySource = fc.array(anyPiece, { maxLength: 30 }).map((pieces) => pieces.join(''))
const anyStyle = fc.constantFrom<TemplateStyle>('mustache', 'brace')

test('2.4 any text is a template or a list of problems that lie inside it', () => {
  fc.assert(
    fc.property(anySource, anyStyle, (source, style) => {
      const result = parseTemplate(source, { style })
      const lines = source.split('\n')
      const places = result.ok ? result.template.references : result.problems
      expect(result.ok || result.problems.length > 0).toBe(true)
      for (const { line, column } of places) expect(lines[line - 1]?.[column - 1]).toMatch(/[{}]/)
    }),
    { numRuns: 1000 },
  )
})

test('2.4 a mustache template is its parts, put side by side', () => {
  fc.assert(
    fc.property(anySource, (source) => {
      const result = parseTemplate(source, { style: 'mustache' })
      if (!result.ok) return
      const { parts, references } = result.template
      expect(parts.map((part) => (typeof part === 'string' ? part : part.text)).join('')).toBe(source)
      expect(parts.filter((part) => typeof part !== 'string')).toEqual(references)
    }),
    { numRuns: 1000 },
  )
})

test('2.4 a reference that is written is read back', () => {
  const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,8}$/)
  const safe = name.filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text))
  fc.assert(
    fc.property(fc.array(safe, { minLength: 1, maxLength: 5 }), fc.option(fc.string()), (path, fallback) => {
      const written = fallback === null ? '' : ` ?? ${JSON.stringify(fallback)}`
      const expected = fallback === null ? { path } : { path, fallback }
      expect(read(`x {{ ${path.join('.')}${written} }} y`).references).toMatchObject([expected])
      expect(read(`x {${path.join('.')}} y`, 'brace').references).toMatchObject([{ path }])
    }),
  )
})
