import type { Json } from '@parley/spec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileCondition } from './compile-condition.ts'
import { parseExpression } from './parse-expression.ts'

const logicOf = (text: string): Json => {
  const result = parseExpression(text)
  if (!result.ok) throw new Error(`${result.problem.column}: ${result.problem.message}`)
  return result.logic
}

test.each<[string, Json]>([
  ['input.risky == true', { '==': [{ var: 'input.risky' }, true] }],
  ['customer.id != null', { '!=': [{ var: 'customer.id' }, null] }],
  ['a.b >= 3 and x in ["p","q"]', { and: [{ '>=': [{ var: 'a.b' }, 3] }, { in: [{ var: 'x' }, ['p', 'q']] }] }],
  ['a or b and c', { or: [{ var: 'a' }, { and: [{ var: 'b' }, { var: 'c' }] }] }],
  ['a or b or c', { or: [{ var: 'a' }, { var: 'b' }, { var: 'c' }] }],
  ['(a or b) or c', { or: [{ or: [{ var: 'a' }, { var: 'b' }] }, { var: 'c' }] }],
  ['not a == b', { '!': [{ '==': [{ var: 'a' }, { var: 'b' }] }] }],
  ['not a and b', { and: [{ '!': [{ var: 'a' }] }, { var: 'b' }] }],
  ['not not a', { '!': [{ '!': [{ var: 'a' }] }] }],
  ['a not in [1]', { '!': [{ in: [{ var: 'a' }, [1]] }] }],
  ['1 + 2 * 3 - 4 < 5', { '<': [{ '-': [{ '+': [1, { '*': [2, 3] }] }, 4] }, 5] }],
  ['1 - 2 - 3', { '-': [{ '-': [1, 2] }, 3] }],
  ['1 + 2 + 3', { '+': [1, 2, 3] }],
  ['8 / 4 % 2', { '%': [{ '/': [8, 4] }, 2] }],
  ['-3 - -0', { '-': [-3, 0] }],
  ['-a * 2', { '*': [{ '-': [{ var: 'a' }] }, 2] }],
  ['steps.my-step.output[0].x', { var: 'steps.my-step.output.0.x' }],
  ['steps["my-step"][\'a.b\\c\']', { var: 'steps.my-step.a\\.b\\\\c' }],
  ['a.0.in', { var: 'a.0.in' }],
  ['größe > 1', { '>': [{ var: 'größe' }, 1] }],
  ['a - 1', { '-': [{ var: 'a' }, 1] }],
  ['a in["x"]', { in: [{ var: 'a' }, ['x']] }],
  ['[]', []],
  ['[1, [null, false], a]', [1, [null, false], { var: 'a' }]],
  [String.raw`"say \"no\"" != 'it "is"'`, { '!=': ['say "no"', 'it "is"'] }],
  ['1.5e3 == 15e+2', { '==': [1500, 1500] }],
  [' a\n== 1 ', { '==': [{ var: 'a' }, 1] }],
])('2.5 %s', (text, logic) => {
  expect(logicOf(text)).toEqual(logic)
})

test.each<[string, number, RegExp]>([
  ['', 1, /a value.*the end/],
  ['  ', 3, /the end/],
  ['a ==', 5, /the end/],
  ['a b', 3, /operator.*name "b"/],
  ['a && b', 3, /write "and"/],
  ['a || b', 3, /write "or"/],
  ['!a', 1, /write "not"/],
  ['a = 1', 3, /write "=="/],
  ['(a', 3, /"\)"/],
  ['a)', 2, /"\)"/],
  ['[1', 3, /"\]"/],
  ['[1,]', 4, /a value/],
  ['x == "open', 6, /quote/],
  [String.raw`"\x"`, 1, /text/],
  ['1 < a < 3', 7, /chain/],
  ['a == b in c', 8, /chain/],
  ['a not b', 3, /operator/],
  ['and', 1, /"and"/],
  ['a.', 2, /"\."/],
  ['a[-1]', 2, /"\["/],
  ['a[b]', 2, /"\["/],
  ['f(x)', 2, /"\("/],
  ['constructor.name', 1, /constructor/],
  ['a + b.__proto__', 5, /__proto__/],
  ['a["prototype"]', 1, /prototype/],
  ['a[""]', 1, /path/],
  ['1e999', 1, /too large/],
  ['a # b', 3, /"#"/],
  ['a; b', 2, /";"/],
])('2.5 %j is refused at column %i', (text, column, message) => {
  expect(parseExpression(text)).toEqual({ ok: false, problem: { column, message: expect.stringMatching(message) } })
})

test.each([['('], ['['], ['not '], ['-']])('2.5 nesting by "%s" ends at 32 levels', (opening) => {
  const closing = { '(': ')', '[': ']' }[opening] ?? ''
  const nest = (levels: number) => parseExpression(`${opening.repeat(levels)}a${closing.repeat(levels)}`)
  expect(nest(32)).toMatchObject({ ok: true })
  expect(nest(33)).toMatchObject({ ok: false, problem: { message: expect.stringContaining('32') } })
  expect(nest(100_000)).toMatchObject({ ok: false })
})

const nameArbitrary = fc.oneof(
  fc.constantFrom('a', 'steps', 'my-step', 'a.b', 'back\\slash', '0'),
  fc.string({ minLength: 1 }),
)
const pathArbitrary = fc
  .tuple(fc.constantFrom('input', 'steps', 'state', 'x_1'), fc.array(nameArbitrary, { maxLength: 3 }))
  .map(([root, names]) => [root, ...names])
  .filter((path) => !path.some((name) => ['__proto__', 'constructor', 'prototype'].includes(name)))

/** Expressions as trees, so that they can be written and compared without the parser's help. */
type Tree =
  | { kind: 'literal'; value: number | string | boolean | null }
  | { kind: 'path'; path: string[] }
  | { kind: 'list'; entries: Tree[] }
  | { kind: 'not' | 'minus'; of: Tree }
  | { kind: 'binary'; operator: string; left: Tree; right: Tree }

const { tree: treeArbitrary } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'tree' },
    fc.record({ kind: fc.constant('path' as const), path: pathArbitrary }),
    fc.record({
      kind: fc.constant('literal' as const),
      value: fc.oneof(
        fc.nat(),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.string(),
        fc.boolean(),
        fc.constant(null),
      ),
    }),
    fc.record({
      kind: fc.constant('list' as const),
      entries: fc.array(tie('tree'), { maxLength: 3, depthIdentifier: 'tree' }),
    }),
    fc.record({ kind: fc.constantFrom('not' as const, 'minus' as const), of: tie('tree') }),
    fc.record({
      kind: fc.constant('binary' as const),
      operator: fc.constantFrom('and', 'or', '==', '!=', '<', '<=', '>', '>=', 'in', '+', '-', '*', '/', '%'),
      left: tie('tree'),
      right: tie('tree'),
    }),
  ),
}))

function write(tree: Tree): string {
  switch (tree.kind) {
    case 'literal':
      return JSON.stringify(tree.value === 0 ? 0 : tree.value)
    case 'path':
      return tree.path.map((name, index) => (index === 0 ? name : `[${JSON.stringify(name)}]`)).join('')
    case 'list':
      return `[${tree.entries.map(write).join(' ,')}]`
    case 'not':
      return `(not ${write(tree.of)})`
    case 'minus':
      return `(- ${write(tree.of)})`
    case 'binary':
      return `(${write(tree.left)} ${tree.operator} ${write(tree.right)})`
  }
}

function toLogic(tree: Tree): Json {
  switch (tree.kind) {
    case 'literal':
      return tree.value === 0 ? 0 : tree.value
    case 'path':
      return { var: tree.path.map((name) => name.replaceAll('\\', '\\\\').replaceAll('.', '\\.')).join('.') }
    case 'list':
      return tree.entries.map(toLogic)
    case 'not':
      return { '!': [toLogic(tree.of)] }
    case 'minus': {
      const of = toLogic(tree.of)
      return typeof of === 'number' ? 0 - of : { '-': [of] }
    }
    case 'binary':
      return { [tree.operator]: [toLogic(tree.left), toLogic(tree.right)] }
  }
}

test('2.5 an expression that is written is read back, with its paths', () => {
  fc.assert(
    fc.property(treeArbitrary, (tree) => {
      const text = write(tree)
      expect(logicOf(text)).toEqual(toLogic(tree))
    }),
    { numRuns: 500 },
  )
})

test('2.5 a path that is written is the path that is read', () => {
  fc.assert(
    fc.property(pathArbitrary, (path) => {
      expect(compileCondition(logicOf(write({ kind: 'path', path }))).references).toEqual([path])
    }),
  )
})

test('2.5 any text is an expression or a problem inside it, and what is read compiles or says why not', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'a',
      'a.b',
      'and',
      'or',
      'not',
      'in',
      '(',
      ')',
      '[',
      ']',
      ',',
      '==',
      '<',
      '+',
      '-',
      '/',
      '%',
      '0',
      '1',
      '"a"',
    ),
    fc.constantFrom('true', 'null', '=', '.', '"', "'", '\\', '[0]', '["k"]', '!', '\n'),
    fc.string({ maxLength: 3 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), fc.constantFrom('', ' '), (pieces, space) => {
      const text = pieces.join(space)
      const result = parseExpression(text)
      if (!result.ok) {
        expect(result.problem.column).toBeGreaterThanOrEqual(1)
        expect(result.problem.column).toBeLessThanOrEqual(text.length + 1)
        return
      }
      try {
        expect(typeof compileCondition(result.logic).evaluate({ a: { b: 1 } })).toBe('boolean')
      } catch (error) {
        expect(error).toMatchObject({ code: 'condition_error' })
      }
    }),
    { numRuns: 2000 },
  )
})
