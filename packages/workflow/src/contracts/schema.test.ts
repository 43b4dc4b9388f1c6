import type { Contract, Json } from '@parley/spec'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { t, type Field, type Fields } from './field-type.ts'
import { Schema } from './schema.ts'
import { validateValue, type Validated } from './validate-value.ts'
import { createValidationContext } from './validation-context.ts'
import { v } from './validators.ts'

const context = createValidationContext()
const check = (contract: Contract, value: unknown): Validated => {
  const result = validateValue(contract, value, context)
  if (result instanceof Promise) throw new Error('The contract should answer at once.')
  return result
}
const accepts = (field: Field, value: unknown): boolean => check(new Schema({ a: field }), { a: value }).ok
const refusal = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

describe('field types', () => {
  test('C-2 takes every type and its shorthand', () => {
    const cases: [Field, unknown, unknown][] = [
      [t.str, '', 1],
      [String, 'x', null],
      [t.int, -3, '3'],
      [t.float, 0.5, '0.5'],
      [Number, 0.5, 'x'],
      [t.bool, false, 0],
      [Boolean, true, 'true'],
      [t.list(), [1, 'x', null], {}],
      [Array, [], 'x'],
      [t.list(t.str), ['a', ''], ['a', 1]],
      [[t.str], ['a'], [null]],
      [[String], ['a'], [true]],
      [[[Number]], [[1], []], [[1], ['x']]],
      [t.optional(t.int), 1, 'x'],
      [new Schema({ b: t.str }), { b: 'x' }, { b: 1 }],
      [t.list(new Schema({ b: t.str })), [{ b: 'x' }], [{ b: 1 }]],
      [z.email(), 'a@b.cd', 'a'],
    ]
    for (const [field, good, bad] of cases) {
      expect(accepts(field, good), `good ${JSON.stringify(good)}`).toBe(true)
      expect(accepts(field, bad), `bad ${JSON.stringify(bad)}`).toBe(false)
    }
  })

  test('C-2 refuses tuples, unions and what is no type, at definition', () => {
    const wrong: unknown[] = [[String, Number], [], null, undefined, 'str', 3, Object, Date, { b: t.str }, () => true]
    for (const field of wrong) {
      // What no compiler would let through.
      const error = refusal(() => new Schema({ a: field as Field }))
      expect(error, String(field)).toMatchObject({ code: 'schema_unsupported', details: { field: 'a' } })
    }
    expect(refusal(() => t.list([t.str, t.int]))).toMatchObject({ code: 'schema_unsupported' })
  })

  test('C-2 nests 32 levels and not 33', () => {
    const nested = (levels: number): Field => (levels === 1 ? t.str : t.list(nested(levels - 1)))
    expect(() => new Schema({ a: nested(31) })).not.toThrow()
    expect(refusal(() => new Schema({ a: nested(32) }))).toMatchObject({
      code: 'schema_unsupported',
      details: { limit: 'depth', max: 32 },
    })
  })

  test('C-2 refuses a field that contains itself', () => {
    const circle: Field[] = []
    circle.push(circle)
    expect(refusal(() => new Schema({ a: circle }))).toMatchObject({ code: 'schema_unsupported' })
  })

  test('C-2 refuses fields that lead to a prototype, and takes those that only look like it', () => {
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      const fields: Fields = Object.fromEntries([[name, t.str]])
      expect(refusal(() => new Schema(fields))).toMatchObject({ code: 'schema_unsupported' })
    }
    const schema = new Schema({ toString: t.optional(t.str), valueOf: t.optional(t.str) })
    expect(check(schema, {})).toEqual({ ok: true, value: {} })
    expect(check(schema, { toString: 'x' }).ok).toBe(true)
    expect(check(schema, { toString: 1 }).ok).toBe(false)
  })

  test('C-2 infers the type of the value', () => {
    const schema = new Schema({
      name: t.str,
      tags: [String],
      score: t.optional(t.float),
      inner: new Schema({ ok: Boolean }),
      when: z.string().transform((text) => new Date(text)),
    })
    const validate = (value: unknown): unknown => validateValue(schema, value, context)
    expect(validate({})).toMatchObject({ ok: false })
    type Output = NonNullable<(typeof schema)['~standard']['types']>['output']
    expectTypeOf<Output['name']>().toEqualTypeOf<string>()
    expectTypeOf<Output['tags']>().toEqualTypeOf<string[]>()
    expectTypeOf<Output['score']>().toEqualTypeOf<number | null | undefined>()
    expectTypeOf<Output['inner']['ok']>().toEqualTypeOf<boolean>()
    expectTypeOf<Output['when']>().toEqualTypeOf<Date>()
  })
})

describe('strictness', () => {
  test('C-3 int refuses booleans, fractions, text and what is not finite', () => {
    for (const good of [0, -7, 1e20]) expect(accepts(t.int, good), String(good)).toBe(true)
    for (const bad of [true, false, 1.5, '1', NaN, Infinity, null, undefined, 1n, [1]]) {
      expect(accepts(t.int, bad), String(bad)).toBe(false)
    }
  })

  test('C-3 float takes whole numbers and refuses booleans, NaN and Infinity', () => {
    for (const good of [0, 1, -0.25, 1e300]) expect(accepts(t.float, good), String(good)).toBe(true)
    for (const bad of [true, NaN, Infinity, -Infinity, '1.5', null, undefined]) {
      expect(accepts(t.float, bad), String(bad)).toBe(false)
    }
  })

  test('C-3 bool takes only booleans', () => {
    for (const bad of [0, 1, '', 'true', null, undefined]) expect(accepts(t.bool, bad), String(bad)).toBe(false)
  })

  test('C-3 nothing coerces: a value that passes comes back the same', () => {
    const value = { a: { b: [1, 2], c: '3' }, other: { x: 1 } }
    const result = check(new Schema({ a: new Schema({ b: [t.int], c: t.str }) }), value)
    expect(result.ok && result.value).toBe(value)
  })

  test('C-3 optional is absent or null', () => {
    const schema = new Schema({ a: t.optional(t.str) })
    for (const good of [{}, { a: undefined }, { a: null }, { a: '' }]) expect(check(schema, good).ok).toBe(true)
    for (const bad of [{ a: 0 }, { a: false }, { a: [] }]) expect(check(schema, bad).ok).toBe(false)
    expect(check(new Schema({ a: t.str }), { a: null }).ok).toBe(false)
    expect(check(new Schema({ a: t.str }), {}).ok).toBe(false)
  })

  test('C-3 keeps unknown keys unless strict', () => {
    const value = { a: 'x', extra: 1 }
    expect(check(new Schema({ a: t.str }), value)).toEqual({ ok: true, value })
    expect(check(new Schema({ a: t.str }, { strict: true }), value)).toEqual({
      ok: false,
      faults: [expect.objectContaining({ path: '*', expected: 'absent', actual: 'int' })],
    })
    expect(check(new Schema({ a: t.str }, { strict: true }), { a: 'x' }).ok).toBe(true)
  })

  test('C-3 only an object is an object', () => {
    const schema = new Schema({ a: t.optional(t.str) })
    for (const bad of [null, undefined, [], 'x', 1, true]) expect(check(schema, bad).ok, String(bad)).toBe(false)
  })

  /** Types with a reference of what each takes, written independently. */
  interface Sample {
    field: Field
    takes: (value: unknown) => boolean
  }
  const sample: fc.Memo<Sample> = fc.memo((depth) => {
    const leaves = fc.constantFrom<Sample>(
      { field: t.str, takes: (value) => typeof value === 'string' },
      { field: t.int, takes: (value) => typeof value === 'number' && value % 1 === 0 },
      { field: t.float, takes: (value) => typeof value === 'number' && Math.abs(value) < Infinity },
      { field: t.bool, takes: (value) => value === true || value === false },
    )
    if (depth <= 1) return leaves
    const inner = sample(depth - 1)
    return fc.oneof(
      leaves,
      inner.map(({ field, takes }) => ({
        field: t.list(field),
        takes: (value: unknown) => Array.isArray(value) && value.every((item) => takes(item)),
      })),
      inner.map(({ field, takes }) => ({
        field: t.optional(field),
        takes: (value: unknown) => value === undefined || value === null || takes(value),
      })),
      fc.record({ one: inner, other: inner, strict: fc.boolean() }).map(({ one, other, strict }) => ({
        field: new Schema({ a: one.field, b: other.field }, { strict }),
        takes: (value: unknown) =>
          typeof value === 'object' &&
          value !== null &&
          !Array.isArray(value) &&
          one.takes(Reflect.get(value, 'a')) &&
          other.takes(Reflect.get(value, 'b')) &&
          (!strict || Object.keys(value).every((key) => key === 'a' || key === 'b')),
      })),
    )
  })
  const scalar = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.integer({ min: -3, max: 3 }),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
  )
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      scalar,
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
    ),
  })).value

  test('C-3 a schema takes what a plain reading of it takes', () => {
    let taken = 0
    fc.assert(
      fc.property(sample(4), value, ({ field, takes }, candidate) => {
        const expected = takes(candidate)
        if (expected) taken++
        const result = check(new Schema({ root: field }), { root: candidate })
        expect(result.ok).toBe(expected)
        if (!result.ok) expect(result.faults.length).toBeGreaterThan(0)
      }),
      { numRuns: 2000 },
    )
    expect(taken).toBeGreaterThan(50)
  })

  test('C-8 JSON Schema and back is the same schema and takes the same', () => {
    fc.assert(
      fc.property(sample(4), value, ({ field }, candidate) => {
        const schema = new Schema({ root: field })
        const json = schema.toJsonSchema()
        // What a store would do to it.
        const back = Schema.fromJsonSchema(JSON.parse(JSON.stringify(json)))
        expect(back.toJsonSchema()).toEqual(json)
        expect(back.equals(schema)).toBe(true)
        // JSON has no such numbers.
        fc.pre(isJson(candidate))
        expect(check(back, { root: candidate }).ok).toBe(check(schema, { root: candidate }).ok)
      }),
      { numRuns: 1000 },
    )
  })
})

function isJson(value: unknown): value is Json {
  if (typeof value === 'number') return Number.isFinite(value)
  if (Array.isArray(value)) return value.every(isJson)
  return typeof value !== 'object' || value === null || Object.values(value).every(isJson)
}

describe('more', () => {
  const base = new Schema({ a: t.str, b: t.int }, { validators: { a: [v.notEmpty()], b: [v.range({ min: 5 })] } })

  test('C-8 extend adds fields, and the later one wins with its validators', () => {
    const wider = base.extend({ b: t.str, c: t.bool }, { validators: { c: [v.oneOf([true])] } })
    expect(check(wider, { a: 'x', b: 'now text', c: true }).ok).toBe(true)
    expect(check(wider, { a: 'x', b: 1, c: true }).ok).toBe(false)
    expect(check(wider, { a: ' ', b: '', c: true }).ok).toBe(false)
    expect(check(wider, { a: 'x', b: '', c: false }).ok).toBe(false)
    // The first schema stays as it was.
    expect(check(base, { a: 'x', b: 5 }).ok).toBe(true)
  })

  test('C-8 extend keeps strictness', () => {
    const strict = new Schema({ a: t.str }, { strict: true }).extend({ b: t.str })
    expect(check(strict, { a: '', b: '' }).ok).toBe(true)
    expect(check(strict, { a: '', b: '', c: '' }).ok).toBe(false)
  })

  test('C-8 from wraps any Standard Schema and keeps its transforms', () => {
    const schema = Schema.from(z.object({ n: z.string().transform(Number), d: z.int().default(7) }))
    expect(check(schema, { n: '3', gone: 1 })).toEqual({ ok: true, value: { n: 3, d: 7 } })
    expect(check(schema, { n: 3 })).toMatchObject({
      ok: false,
      faults: [{ path: 'n', expected: 'str', actual: 'int' }],
    })
    expect(schema.toJsonSchema()).toMatchObject({ type: 'object', properties: { n: { type: 'string' } } })
  })

  test.each([
    ['stripping', z.object({ a: z.string(), b: z.number() })],
    ['strict', z.strictObject({ a: z.string(), b: z.number() })],
  ])('C-8 a %s zod object can be extended, twice', (_name, zod) => {
    const schema = Schema.from(zod)
      .extend({ b: t.bool })
      .extend({ c: t.str }, { validators: { c: [v.notEmpty()] } })
    expect(check(schema, { a: 'x', b: true, c: 'y' })).toEqual({ ok: true, value: { a: 'x', b: true, c: 'y' } })
    expect(check(schema, { a: 'x', b: 1, c: 'y' })).toMatchObject({ faults: [{ path: 'b', expected: 'bool' }] })
    expect(check(schema, { a: 1, b: true, c: 'y' })).toMatchObject({ faults: [{ path: 'a', expected: 'str' }] })
    expect(check(schema, { a: 'x', b: true, c: ' ' })).toMatchObject({ faults: [{ path: 'c', expected: 'not_empty' }] })
    expect(check(schema, { a: 'x', b: true })).toMatchObject({ faults: [{ path: 'c', actual: 'missing' }] })
    expect(schema.toJsonSchema()).toMatchObject({
      properties: { a: { type: 'string' }, b: { type: 'boolean' }, c: { type: 'string' } },
      required: expect.arrayContaining(['a', 'b', 'c']),
    })
  })

  test('C-8 what has no fields cannot be extended', () => {
    const wrong = [
      () => Schema.from(z.string()).extend({ a: t.str }),
      () => Schema.from(z.object({ a: z.string() }).refine(() => true)).extend({ a: t.int }),
      () => Schema.fromJsonSchema({ type: 'string' }).extend({ a: t.str }),
    ]
    for (const run of wrong) expect(refusal(run)).toMatchObject({ code: 'schema_unsupported' })
  })

  test('C-8 from a Schema is that schema, validators included', () => {
    const same = Schema.from(base)
    expect(same.equals(base)).toBe(true)
    expect(check(same, { a: ' ', b: 5 }).ok).toBe(false)
    expect(check(same.extend({ c: t.str }), { a: ' ', b: 5, c: '' }).ok).toBe(false)
  })

  test('C-8 a contract that is no Standard Schema is refused', () => {
    for (const wrong of [null, {}, { '~standard': {} }, { '~standard': { version: 2, validate: () => ({}) } }, 'x']) {
      expect(refusal(() => Schema.from(wrong as Contract))).toMatchObject({ code: 'invalid_options' })
    }
  })

  test('C-8 equals ignores validators and order, not types, strictness or being optional', () => {
    expect(base.equals(new Schema({ b: t.int, a: String }))).toBe(true)
    expect(base.equals(new Schema({ a: t.str, b: t.float }))).toBe(false)
    expect(base.equals(new Schema({ a: t.str, b: t.int }, { strict: true }))).toBe(false)
    expect(base.equals(new Schema({ a: t.str, b: t.optional(t.int) }))).toBe(false)
    expect(base.equals(new Schema({ a: t.str }))).toBe(false)
    expect(new Schema({ a: [t.str] }).equals(new Schema({ a: [t.int] }))).toBe(false)
    const email = z.email()
    expect(new Schema({ a: email }).equals(new Schema({ a: email }))).toBe(true)
    expect(new Schema({ a: email }).equals(new Schema({ a: z.email() }))).toBe(false)
  })

  test('C-8 toJsonSchema says the types, and which zod fields may be absent', () => {
    const schema = new Schema(
      { a: t.str, b: t.optional(t.list(t.int)), c: z.string().optional(), d: z.int().default(1), e: z.email() },
      { strict: true },
    )
    expect(schema.toJsonSchema()).toMatchObject({
      type: 'object',
      properties: {
        a: { type: 'string' },
        b: { anyOf: [{ type: 'array', items: { type: 'integer' } }, { type: 'null' }] },
        e: { type: 'string', format: 'email' },
      },
      required: ['a', 'e'],
      additionalProperties: false,
    })
    const foreign: Contract = { '~standard': { version: 1, vendor: 'other', validate: (value) => ({ value }) } }
    expect(refusal(() => new Schema({ a: foreign }).toJsonSchema())).toMatchObject({
      code: 'schema_unsupported',
      details: { vendor: 'other' },
    })
  })

  test('C-8 a schema is a Standard Schema itself', async () => {
    expect(base['~standard']).toMatchObject({ version: 1, vendor: 'parley' })
    expect(await base['~standard'].validate({ a: 'x', b: 5 })).toEqual({ value: { a: 'x', b: 5 } })
    const nested = new Schema({ 'odd.key': [base] })
    expect(await nested['~standard'].validate({ 'odd.key': [{ a: 'x', b: 'y' }] })).toEqual({
      issues: [{ message: 'Expected int, got str.', path: ['odd.key', 0, 'b'] }],
    })
  })

  test('C-4 validators of a field that is not there are refused, naming the nearest', () => {
    // What no compiler would let through.
    const options = { validators: { nmae: [v.notEmpty()] } } as object
    expect(refusal(() => new Schema({ name: t.str }, options))).toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('"name"'),
    })
    const unknown = { stict: true } as object
    expect(refusal(() => new Schema({ name: t.str }, unknown))).toMatchObject({ code: 'invalid_options' })
  })
})
