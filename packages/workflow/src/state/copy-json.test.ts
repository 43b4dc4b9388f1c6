import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cloneJson, copyToJson, sizeOfJson } from './copy-json.ts'
import type { Json } from '@parley/spec'

class Point {
  x = 1
}

const json = (): fc.Arbitrary<Json> =>
  fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value)) as Json)

test('W-21 a value of JSON is copied as it is, and shares nothing with the original', () => {
  fc.assert(
    fc.property(json(), (value) => {
      const text = JSON.stringify(value)
      // JSON text has no -0, but its parser makes one of "-0".
      fc.pre(!/-0(?![.\d])/.test(text))
      // Keys of prototypes are refused: that has a test of its own.
      fc.pre(!/"(?:__proto__|constructor|prototype)":/.test(text))
      const copy = copyToJson(value, 'v')
      expect(JSON.stringify(copy)).toBe(text)
      if (typeof value === 'object' && value !== null) expect(copy).not.toBe(value)
      expect(cloneJson(copy)).toEqual(copy)
      expect(sizeOfJson(copy)).toBeGreaterThan(0)
    }),
  )
})

test.each<[string, unknown, string]>([
  ['undefined', { a: [undefined] }, 'v.a[0]'],
  ['a hole of a list', { a: [1, , 3] }, 'v.a[1]'], // oxlint-disable-line no-sparse-arrays -- a hole is what is tried
  ['NaN', { a: NaN }, 'v.a'],
  ['Infinity', [-Infinity], 'v[0]'],
  ['-0', -0, 'v'],
  ['BigInt', { n: 1n }, 'v.n'],
  ['a function', { f: () => 1 }, 'v.f'],
  ['a symbol', { s: Symbol('s') }, 'v.s'],
  ['an object of a class', { p: new Point() }, 'v.p'],
  ['a Date', { at: new Date(0) }, 'v.at'],
  ['a Map', new Map(), 'v'],
  ['a prototype key', JSON.parse('{"a":{"__proto__":1}}'), 'v.a.__proto__'],
  ['constructor as a key', { constructor: 1 }, 'v.constructor'],
])('W-21 %s is refused with its path, never changed', (_, value, path) => {
  expect(() => copyToJson(value, 'v')).toThrow(
    expect.objectContaining({ code: 'value_not_json', details: expect.objectContaining({ path }) }),
  )
})

test('W-21 a circle is refused where it closes, also beside other fields', () => {
  const list: unknown[] = []
  const value: { [key: string]: unknown } = { list, other: 1 }
  list.push({ back: value })
  expect(() => copyToJson(value, 'v')).toThrow(
    expect.objectContaining({ code: 'value_not_json', message: expect.stringContaining('circle') }),
  )
  const shared = { a: 1 }
  expect(copyToJson({ one: shared, two: shared }, 'v')).toEqual({ one: { a: 1 }, two: { a: 1 } })
})

test('W-21 values may be 256 levels deep and no deeper', () => {
  const nest = (levels: number): Json => {
    let value: Json = 1
    for (let level = 0; level < levels; level++) value = [value]
    return value
  }
  expect(copyToJson(nest(256), 'v')).toEqual(nest(256))
  expect(() => copyToJson(nest(257), 'v')).toThrow(
    expect.objectContaining({ code: 'value_not_json', message: expect.stringContaining('256 levels') }),
  )
})

test('1 falsy values are values', () => {
  expect(copyToJson([0, false, '', null], 'v')).toEqual([0, false, '', null])
})

test('W-21 what is no data of a value is left out: symbols, what prototypes hold, what lists are called', () => {
  class Names extends Array<string> {}
  const hidden = { a: 1, [Symbol('secret')]: 'token' }
  expect(Object.getOwnPropertySymbols(copyToJson({ hidden }, 'v') as object)).toEqual([])
  expect(Object.getOwnPropertySymbols((copyToJson({ hidden }, 'v') as { hidden: object }).hidden)).toEqual([])
  const list = copyToJson({ list: Names.from(['a', 'b']) }, 'v') as { list: unknown }
  expect(list).toEqual({ list: ['a', 'b'] })
  expect(list.list).not.toBeInstanceOf(Names)
  expect(copyToJson(Object.assign(Object.create(null), { a: 1 }), 'v')).toEqual({ a: 1 })
})

test('W-21 what somebody hangs on the prototype of all objects is in no copy', () => {
  const everything = Object.prototype as { [key: string]: unknown }
  everything['injected'] = { of: 'nobody' }
  try {
    expect(Object.keys(copyToJson({ a: {} }, 'v') as object)).toEqual(['a'])
  } finally {
    delete everything['injected']
  }
})

test('W-21 a getter is read once, and its value is copied', () => {
  let reads = 0
  const value = {
    get a() {
      reads += 1
      return { b: reads }
    },
  }
  expect(copyToJson(value, 'v')).toEqual({ a: { b: 1 } })
})
