import { ParleyError, type Json } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { compileCondition } from './compile-condition.ts'
import { parseExpression } from './parse-expression.ts'

const compile = (source: Json) => {
  if (typeof source !== 'string') return compileCondition(source)
  const parsed = parseExpression(source)
  if (!parsed.ok) throw new Error(parsed.problem.message)
  return compileCondition(parsed.logic)
}

const refusal = expect.objectContaining({ code: 'condition_error' })

const data = {
  input: { n: 3, name: 'Ada', zero: 0, text0: '0', empty: '', none: [], object: {}, no: false, nothing: null },
  steps: {
    'my-step': {
      output: {
        list: [
          { id: 1, tags: ['a'] },
          { id: 2, tags: [] },
        ],
      },
    },
  },
  state: { 'a.b': 'dot', long: 'x'.repeat(1000) },
}

test.each<[Json, boolean]>([
  [[], false],
  ['', false],
  [0, false],
  [null, false],
  [false, false],
  ['0', true],
  [{}, true],
  [[0], true],
  [-1, true],
  [true, true],
  [' ', true],
])('2.5 truthiness of %j is %s', (value, holds) => {
  expect(compile('x').evaluate({ x: value })).toBe(holds)
  expect(compile('not x').evaluate({ x: value })).toBe(!holds)
  expect(compile('x and true').evaluate({ x: value })).toBe(holds)
  expect(compile('x or false').evaluate({ x: value })).toBe(holds)
  expect(compile({ if: [{ var: 'x' }, true, false] }).evaluate({ x: value })).toBe(holds)
  expect(compile({ some: [{ var: 'list' }, { var: '' }] }).evaluate({ list: [value] })).toBe(holds)
  expect(compile({ '!!': { var: 'x' } }).value({ x: value })).toBe(holds)
})

test.each<[string, boolean]>([
  ['input.n == 3', true],
  ['input.n == "3"', false],
  ['input.n != "3"', true],
  ['input.zero == false', false],
  ['input.zero == null', false],
  ['input.empty == 0', false],
  ['input.nothing == null', true],
  ['input.missing == null', true],
  ['input.missing.deeper != null', false],
  ['input.n > 2 and input.n < 4', true],
  ['input.n <= 3 and input.n >= 3', true],
  ['input.n > "2"', false],
  ['input.n <= "4"', false],
  ['input.name > 1 or input.name < 1', false],
  ['input.nothing < 1 or input.nothing >= 0', false],
  ['input.no < true or true > false', false],
  ['"a" < "b" and "B" < "a"', true],
  ['[1] < [2]', false],
  ['input.name in ["Ada", "Ben"]', true],
  ['input.n in ["3"]', false],
  ['input.n not in [1, 2]', true],
  ['"da" in input.name', true],
  ['"" in input.name', true],
  ['3 in input.name', false],
  ['"n" in input', false],
  ['1 in input.nothing', false],
  ['[1] in [[1], 2]', true],
  ['steps.my-step.output.list == [1]', false],
  ['steps.my-step.output.list[0].tags == ["a"]', true],
  ['steps.my-step.output.list[1].id * 2 == input.n + 1', true],
  ['state["a.b"] == "dot"', true],
  ['state.a.b == "dot"', false],
  ['input.name[0] == "A" or input.name.length == 3', false],
  ['input.none.length == 0', false],
  ['1 + 2 * 3 == 7 and (1 + 2) * 3 == 9', true],
  ['7 % 4 == 3 and -7 % 4 == -3 and 1 / 4 == 0.25', true],
  ['-input.n == 0 - 3', true],
  ['input.zero and input.n / input.zero > 1', false],
  ['input.toString == null and input.hasOwnProperty == null', true],
])('2.5 %s is %s', (source, holds) => {
  expect(compile(source).evaluate(data)).toBe(holds)
})

test.each<[Json, Json]>([
  [{ '==': [{ var: 'input.n' }, 3] }, true],
  [{ '===': [{ var: 'input.n' }, 3] }, true],
  [{ '!==': [1, '1'] }, true],
  [{ '<': [1, { var: 'input.n' }, 5] }, true],
  [{ '<=': [1, { var: 'input.n' }, 2] }, false],
  [{ '?:': [false, 1, 2] }, 2],
  [{ if: [false, 1] }, null],
  [{ if: [false, 1, true, 2, 3] }, 2],
  [{ '??': [{ var: 'input.nothing' }, 0, 1] }, 0],
  [{ var: ['input.missing', 7] }, 7],
  [{ var: ['input.nothing', { '+': [3, 4] }] }, 7],
  [{ var: ['input.no', true] }, false],
  [{ '-': 5 }, -5],
  [{ min: [3, 1, 2] }, 1],
  [{ max: [3, 1, 2] }, 3],
  [{ '*': [0, { var: 'input.n' }, -1] }, 0],
  [{ cat: ['a', 1, null, true] }, 'a1true'],
  [{ substr: ['workflow', 4] }, 'flow'],
  [{ substr: ['workflow', -4, 2] }, 'fl'],
  [{ substr: ['workflow', 0, -4] }, 'work'],
  [{ substr: ['ab', 1, -5] }, ''],
  [{ merge: [[1], 2, [[3]]] }, [1, 2, [3]]],
  [{ length: 'four' }, 4],
  [{ length: { var: 'steps.my-step.output.list' } }, 2],
  [{ length: { var: 'input.missing' } }, 0],
  [{ map: [{ var: 'steps.my-step.output.list' }, { var: 'id' }] }, [1, 2]],
  [{ filter: [[1, 2, 3], { '>': [{ var: '' }, 1] }] }, [2, 3]],
  [{ reduce: [[1, 2, 3], { '+': [{ var: 'accumulator' }, { var: 'current' }] }, 0] }, 6],
  [{ all: [{ var: 'steps.my-step.output.list' }, { '>': [{ var: 'id' }, 0] }] }, true],
  [{ all: [[], true] }, false],
  [{ none: [{ var: 'input.missing' }, true] }, true],
  [{ some: [{ var: 'steps.my-step.output.list' }, { in: ['a', { var: 'tags' }] }] }, true],
  // Inside a list operator names are those of the entry, nothing else.
  [{ map: [{ var: 'steps.my-step.output.list' }, { var: 'input.n' }] }, [null, null]],
  [{ map: [[[1, 2]], { var: 1 }] }, [2]],
])('2.5 JSONLogic %j gives %j', (logic, value) => {
  expect(compile(logic).value(data)).toEqual(value)
})

describe('2.5 errors when it runs', () => {
  test.each<[Json, RegExp]>([
    ['input.n / input.zero > 1', /divides by zero/],
    ['input.n % input.zero > 1', /divides by zero/],
    ['input.name + 1 == 2', /needs numbers, not a text/],
    ['-input.name == 2', /needs numbers, not a text/],
    ['input.missing * 2 == 0', /needs numbers, not null/],
    ['input.no + 1 == 1', /needs numbers, not a boolean/],
    ['input.none + 1 == 1', /needs numbers, not a list/],
    ['input.n * 1e308 > 1', /too large/],
    [{ max: [1, { var: 'input.text0' }] }, /needs numbers/],
    [{ map: [{ var: 'input.name' }, 1] }, /needs a list, not a text/],
    [{ some: [{ var: 'input.object' }, 1] }, /needs a list, not an object/],
    [{ length: { var: 'input.n' } }, /list or a text, not a number/],
    [{ cat: ['a', { var: 'input.none' }] }, /not a list/],
    [{ substr: [{ var: 'input.n' }, 1] }, /not a number/],
  ])('%j', (source, message) => {
    const condition = compile(source)
    const evaluate = () => condition.evaluate(data)
    expect(evaluate).toThrow(refusal)
    expect(evaluate).toThrow(message)
  })
})

describe('2.5 errors at load', () => {
  test.each<[Json, RegExp]>([
    ['1 / 0 == 1', /divides by zero/],
    ['input.n / 0 == 1', /divides by zero/],
    ['input.n % (1 - 1) == 1 and 1 / (2 - 2) == 1', /divides by zero/],
    ['input.n + "1" == 4', /needs numbers, not a text/],
    ['input.n - [1] == 4', /needs numbers, not a list/],
    ['false and "a" * 2', /needs numbers, not a text/],
    [{ nope: [1] }, /no operator "nope"/],
    [{ log: ['x'] }, /no operator "log"/],
    [{ method: [{ var: 'x' }, 'toString'] }, /no operator "method"/],
    [{ val: ['input', 'constructor'] }, /no operator "val"/],
    [{ missing: ['a'] }, /no operator/],
    [{ try: [1, 2] }, /no operator/],
    [{ throw: 'x' }, /no operator/],
    [{ preserve: { a: 1 } }, /no operator/],
    [{ constructor: ['return 1'] }, /no operator/],
    [{ toString: [] }, /no operator/],
    [JSON.parse('{"__proto__": [1]}') as Json, /no operator/],
    [{}, /one key/],
    [{ '==': [1, 1], '!=': [1, 1] }, /one key/],
    [{ '==': [1] }, /takes 2 arguments, not 1/],
    [{ '!': [] }, /takes 1 arguments, not 0/],
    [{ '<': [1, 2, 3, 4] }, /takes 2 to 3 arguments, not 4/],
    [{ and: [] }, /at least 1/],
    [{ var: '' }, /names no value/],
    [{ var: [] }, /names no value/],
    [{ var: 'a..b' }, /names no value/],
    [{ var: 'constructor.name' }, /names no value/],
    [{ var: 'input.__proto__' }, /names no value/],
    [{ map: [[1], { var: 'constructor' }] }, /names no value/],
    [{ var: { cat: ['in', 'put'] } }, /takes a name/],
    [{ var: ['a', 1, 2] }, /takes a name/],
    [Number.NaN, /not JSON/],
    [(() => 1) as unknown as Json, /not JSON/], // a document cannot hold it, code can pass it
  ])('%j', (source, message) => {
    expect(() => compile(source)).toThrow(refusal)
    expect(() => compile(source)).toThrow(message)
  })
})

describe('S10 limits', () => {
  const nest = (levels: number): Json => {
    let logic: Json = { var: 'a' }
    for (let level = 1; level < levels; level += 1) logic = { '!': [logic] }
    return logic
  }

  test('32 levels and not one more', () => {
    expect(compile(nest(32)).evaluate({})).toBe(true)
    expect(() => compile(nest(33))).toThrow(expect.objectContaining({ details: { limit: 'levels', max: 32 } }))
    expect(() => compile(nest(200_000))).toThrow(refusal)
    const circle: { and: Json[] } = { and: [] }
    circle.and.push(circle)
    expect(() => compile(circle)).toThrow(refusal)
  })

  test('512 parts and not one more', () => {
    const wide = (parts: number): Json => ({ or: Array.from({ length: parts - 1 }, () => ({ var: 'a' })) })
    expect(compile(wide(512)).evaluate({ a: 1 })).toBe(true)
    expect(() => compile(wide(513))).toThrow(expect.objectContaining({ details: { limit: 'parts', max: 512 } }))
    expect(() => compile({ in: [1, Array.from({ length: 1_000_000 }, () => 1)] })).toThrow(refusal)
  })

  const tooMuch = expect.objectContaining({ code: 'condition_error', details: { limit: 'operations', max: 1_000_000 } })
  const numbers = (length: number) => Array.from({ length }, (_, index) => index)
  const longTexts = ['a'.repeat(300_000), `${'a'.repeat(299_999)}b`]
  const each = { map: [{ var: 'list' }, { var: '' }] }

  test('1,000,000 operations, counted per evaluation', () => {
    const nested = compile({ map: [{ var: 'lists' }, { map: [{ var: '' }, { '+': [{ var: '' }, 1] }] }] })
    const ten = nested.value({ lists: Array.from({ length: 100 }, () => numbers(100)) })
    expect(ten).toHaveLength(100)
    for (let round = 0; round < 60; round += 1) nested.value({ lists: Array.from({ length: 100 }, () => numbers(100)) })
    expect(() => nested.value({ lists: Array.from({ length: 1000 }, () => numbers(1000)) })).toThrow(tooMuch)
  })

  test.each<[string, Json, { [name: string]: unknown }]>([
    ['a body that is a literal', { map: [{ var: 'list' }, 1] }, { list: numbers(1_000_001) }],
    ['a huge list', each, { list: numbers(600_000) }],
    ['a search in a huge list', { in: [-1, { var: 'list' }] }, { list: numbers(1_000_001) }],
    [
      'equality of huge lists',
      { '==': [{ var: 'list' }, { var: 'other' }] },
      { list: numbers(600_000), other: numbers(600_000) },
    ],
    [
      'a list that doubles itself',
      { reduce: [{ var: 'list' }, { merge: [{ var: 'accumulator' }, { var: 'accumulator' }] }, [1]] },
      { list: numbers(64) },
    ],
    [
      'a text that doubles itself',
      { reduce: [{ var: 'list' }, { cat: [{ var: 'accumulator' }, { var: 'accumulator' }] }, 'a'] },
      { list: numbers(64) },
    ],
    ['a search that repeats itself', { in: [{ var: 'a' }, { var: 'b' }] }, { a: 'a'.repeat(1e5), b: 'a'.repeat(1e5) }],
    [
      'equal texts, many times',
      { map: [{ var: 'list' }, { '==': [{ var: '0' }, { var: '1' }] }] },
      { list: Array.from({ length: 1000 }, () => longTexts) },
    ],
    [
      'order of texts, many times',
      { map: [{ var: 'list' }, { '<': [{ var: '0' }, { var: '1' }] }] },
      { list: Array.from({ length: 1000 }, () => longTexts) },
    ],
    [
      'a text that is cut, many times',
      { map: [{ var: 'list' }, { substr: [{ var: '' }, 1] }] },
      { list: Array.from({ length: 1000 }, () => longTexts[0]) },
    ],
  ])('%s ends', (_name, logic, given) => {
    expect(() => compile(logic).value(given)).toThrow(tooMuch)
  })

  test('what takes too many operations without data is refused at load', () => {
    const list = numbers(100)
    expect(() => compile({ map: [list, { map: [list, { map: [list, 1] }] }] })).toThrow(tooMuch)
  })

  test('a large value costs nothing when it is only looked at', () => {
    expect(compile('list != null and text').evaluate({ list: numbers(1_200_000), text: 'x'.repeat(5_000_000) })).toBe(
      true,
    )
  })
})

describe('S3 hostile data', () => {
  const deep = (levels: number): unknown => {
    let value: unknown = 1
    for (let level = 0; level < levels; level += 1) value = level % 2 ? [value] : { a: value }
    return value
  }

  test('any depth', () => {
    expect(compile('x').evaluate({ x: deep(200_000) })).toBe(true)
    expect(compile('x == y').evaluate({ x: deep(200_000), y: deep(200_000) })).toBe(true)
    expect(compile('x == y').evaluate({ x: deep(200_000), y: deep(200_001) })).toBe(false)
  })

  test('circles end', () => {
    const left: unknown[] = []
    left.push(left)
    const right: unknown[] = []
    right.push(right)
    expect(compile('x').evaluate({ x: left })).toBe(true)
    expect(() => compile('x == y').evaluate({ x: left, y: right })).toThrow(refusal)
  })

  test('a value has no prototype, and functions and the like are null', () => {
    const value = compile('x').value({ x: { f: () => 1, s: Symbol('s'), n: Number.NaN, u: undefined, o: { a: 1 } } })
    expect(value).toEqual(
      Object.assign(Object.create(null), { f: null, s: null, n: null, u: null, o: expect.anything() }),
    )
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect(compile('x').value({ x: class {} })).toBeNull()
  })

  test('an own key of a dangerous name is data that no path reaches', () => {
    const given = JSON.parse('{"x": {"__proto__": {"admin": true}, "constructor": 1}}') as { x: Json }
    expect(compile('x.admin == true').evaluate(given)).toBe(false)
    expect(compile('x == y').evaluate({ ...given, y: {} })).toBe(false)
    expect(compile('x == y').evaluate({ ...given, y: given.x })).toBe(true)
    expect(Object.keys(compile('x').value(given) ?? {})).toEqual(['__proto__', 'constructor'])
  })

  test('names of the data itself are own keys too', () => {
    const inheriting = Object.create({ secret: 1 }) as { [name: string]: unknown }
    expect(compile('secret').evaluate(inheriting)).toBe(false)
    expect(compile('toString').evaluate({})).toBe(false)
  })

  test('data that throws when it is read is a condition error without its text', () => {
    const trap = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('my secret')
        },
      },
    )
    const evaluate = () => compile('x').evaluate({ x: trap })
    expect(evaluate).toThrow(refusal)
    expect(evaluate).not.toThrow(/secret/)
  })
})

test('W-24 a lookup stands between a condition and the data, and its errors come through', () => {
  const asked: string[] = []
  const look = (path: readonly string[]): unknown => {
    asked.push(path.join('/'))
    if (path[0] === 'state') throw new ParleyError({ code: 'state_scope', message: 'Not declared.' })
    return { score: 3 }
  }
  expect(compile('input.a == null or steps.my-step.output').evaluate(look)).toBe(true)
  expect(asked).toEqual(['input/a', 'steps/my-step/output'])
  expect(() => compile('state.a').evaluate(look)).toThrow(expect.objectContaining({ code: 'state_scope' }))
})

test('2.5 the names that a condition reads are known, each once', () => {
  const { references } = compile({
    and: [
      { '>': [{ var: 'steps.my-step.output.score' }, { var: ['input.least', { var: 'state.least' }] }] },
      { some: [{ var: 'steps.list.output' }, { '==': [{ var: 'id' }, { var: 'input.id' }] }] },
      { in: [{ var: 'steps.my-step.output.score' }, [{ var: 'item' }]] },
    ],
  })
  expect(references).toEqual([
    ['steps', 'my-step', 'output', 'score'],
    ['input', 'least'],
    ['state', 'least'],
    ['steps', 'list', 'output'],
    ['item'],
  ])
})

test.each<[Json, Json]>([
  [{ '!': { var: ['a'] } }, { '!': [{ var: 'a' }] }],
  [{ '===': [{ var: 'a' }, 1] }, { '==': [{ var: 'a' }, 1] }],
  [{ '!==': [{ var: 'a' }, 1] }, { '!=': [{ var: 'a' }, 1] }],
  [{ '?:': [{ var: ['a', 1] }, 2] }, { if: [{ var: ['a', 1] }, 2] }],
  [{ map: [{ var: 'a' }, { var: null }] }, { map: [{ var: 'a' }, { var: '' }] }],
])('W-1 %j has the one form %j', (source, logic) => {
  expect(compileCondition(source).logic).toEqual(logic)
  expect(compileCondition(logic).logic).toEqual(logic)
})

test('2.5 what is compiled does not change when its source does', () => {
  const source = { '==': [{ var: 'a' }, 1] as Json[] }
  const condition = compileCondition(source)
  source['=='][1] = 2
  expect(condition.evaluate({ a: 1 })).toBe(true)
  expect(condition.evaluate({ a: 2 })).toBe(false)
})

test('2.5 evaluation changes no data', () => {
  const list = Object.freeze([Object.freeze({ id: 1 })])
  const condition = compile({ reduce: [{ var: 'list' }, { merge: [{ var: 'accumulator' }, { var: 'current' }] }, []] })
  expect(condition.value(Object.freeze({ list }))).toEqual([Object.assign(Object.create(null), { id: 1 })])
  expect(list).toEqual([{ id: 1 }])
})
