import { ParleyError, type Contract, type ContractFault } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { t } from './field-type.ts'
import { Schema } from './schema.ts'
import { validateValue, type Validated } from './validate-value.ts'
import { createValidationContext, type ValidationContext } from './validation-context.ts'
import { v } from './validators.ts'

const context = createValidationContext()
const faults = (contract: Contract, value: unknown): ContractFault[] => {
  const result = validateValue(contract, value, context)
  if (result instanceof Promise) throw new Error('The contract should answer at once.')
  return result.ok ? [] : result.faults
}
const never = new Promise<never>(() => {})

describe('answers', () => {
  test('C-1 gives what the schema makes of the value: transforms and defaults', () => {
    const schema = z.object({ n: z.string().transform(Number), d: z.int().default(3) })
    expect(validateValue(schema, { n: '7', dropped: 1 }, context)).toEqual({ ok: true, value: { n: 7, d: 3 } })
    const own = new Schema({ n: z.string().transform(Number), list: [z.string().trim()], d: z.int().default(3) })
    const value = { n: '7', list: ['a', ' b '], kept: 1 }
    expect(validateValue(own, value, context)).toEqual({ ok: true, value: { n: 7, list: ['a', 'b'], d: 3, kept: 1 } })
    expect(value).toEqual({ n: '7', list: ['a', ' b '], kept: 1 })
  })

  test('C-1 answers at once when the schema does', () => {
    expect(validateValue(z.string(), 'x', context)).toEqual({ ok: true, value: 'x' })
    expect(validateValue(new Schema({}), {}, context)).toEqual({ ok: true, value: {} })
  })

  test('C-1 validators see the value after the transform of its field', () => {
    const schema = new Schema({ n: z.string().transform(Number) }, { validators: { n: [v.range({ max: 5 })] } })
    expect(validateValue(schema, { n: '5' }, context)).toEqual({ ok: true, value: { n: 5 } })
    expect(validateValue(schema, { n: '6' }, context)).toMatchObject({
      ok: false,
      faults: [{ path: 'n', actual: 'int' }],
    })
  })
})

describe('asynchronous schemas', () => {
  const slowNumber = z.string().transform(async (text) => Number(text))
  const slowCheck = z.string().refine(async (text) => text === 'good', 'Not good.')

  test('C-1 are awaited, at any depth, and their output is taken', async () => {
    const inner = new Schema({ n: slowNumber }, { validators: { n: [v.range({ max: 5 })] } })
    const schema = new Schema(
      { list: [inner], one: t.optional(slowNumber), kept: t.str },
      { validators: { list: [v.custom((list) => JSON.stringify(list) === '[{"n":1},{"n":2}]')] } },
    )
    const value = { list: [{ n: '1' }, { n: '2' }], one: '3', kept: 'x' }
    const clocked = { ...context, clock: createVirtualClock() }
    expect(await validateValue(schema, value, clocked)).toEqual({
      ok: true,
      value: { list: [{ n: 1 }, { n: 2 }], one: 3, kept: 'x' },
    })
    expect(value.list[0]).toEqual({ n: '1' })
    expect(await validateValue(schema, { ...value, list: [{ n: '1' }, { n: '6' }] }, clocked)).toMatchObject({
      ok: false,
      faults: [{ path: 'list[1].n', expected: 'range', actual: 'int' }],
    })
    expect(await validateValue(slowNumber, '4', clocked)).toEqual({ ok: true, value: 4 })
    expect(clocked.clock.pending).toBe(0)
  })

  test('C-1 their faults have their place, beside those found at once', async () => {
    const schema = new Schema({ a: t.int, b: [slowCheck] })
    expect(await validateValue(schema, { a: 'x', b: ['good', 'bad'] }, context)).toEqual({
      ok: false,
      faults: [
        { path: 'a', expected: 'int', actual: 'str', message: 'Expected int, got str.', severity: 'error' },
        { path: 'b[1]', expected: 'custom', actual: 'str', message: 'Not good.', severity: 'error' },
      ],
    })
  })

  test('C-1 an extended schema with an asynchronous base is awaited', async () => {
    const schema = Schema.from(z.object({ n: slowNumber })).extend({ m: slowNumber })
    expect(await validateValue(schema, { n: '1', m: '2' }, context)).toEqual({ ok: true, value: { n: 1, m: 2 } })
    expect(await validateValue(schema, { n: 1, m: '2' }, context)).toMatchObject({ faults: [{ path: 'n' }] })
    expect(await validateValue(schema, { n: '1', m: 2 }, context)).toMatchObject({ faults: [{ path: 'm' }] })
  })

  test.each<[string, number | undefined, number]>([
    ['the default of 30 s', undefined, 30_000],
    ['what is given', 100, 100],
  ])('C-1 are given %s', async (_name, given, limitMs) => {
    const hanging = z.string().refine(() => never)
    const cases: Contract[] = [
      hanging,
      new Schema({ a: hanging }),
      new Schema({ a: t.str }, { validators: { a: [v.custom(() => never)] } }),
    ]
    for (const contract of cases) {
      const clock = createVirtualClock()
      const timed: ValidationContext = { ...context, clock, ...(given === undefined ? {} : { timeoutMs: given }) }
      let result: Validated | undefined
      const work = Promise.resolve(validateValue(contract, contract === hanging ? 'x' : { a: 'x' }, timed)).then(
        (answer) => (result = answer),
      )
      await clock.advance(limitMs - 1)
      expect(result).toBeUndefined()
      await clock.advance(1)
      await work
      expect(result).toMatchObject({
        ok: false,
        faults: [
          { path: '<internal>', expected: 'validation_in_time', message: expect.stringContaining(`${limitMs} ms`) },
        ],
      })
      expect(clock.pending).toBe(0)
    }
  })

  test('C-1 an abort ends the wait with its reason', async () => {
    const stop = new AbortController()
    const clock = createVirtualClock()
    const aborted = validateValue(
      z.string().refine(() => never),
      'x',
      { ...context, clock, signal: stop.signal },
    )
    stop.abort(new Error('Cancelled by the test.'))
    await expect(aborted).rejects.toThrow('Cancelled by the test.')
    expect(clock.pending).toBe(0)
  })
})

describe('error records', () => {
  test('C-7 paths name fields and indexes, and the root', () => {
    const schema = new Schema({ a: new Schema({ b: [new Schema({ c: t.str })] }), rows: [[t.int]] })
    const value = { a: { b: [{ c: 1 }] }, rows: [[], [1, 'x']] }
    expect(faults(schema, value).map(({ path }) => path)).toEqual(['a.b[0].c', 'rows[1][1]'])
    expect(faults(schema, 3)).toEqual([
      { path: '<root>', expected: 'object', actual: 'int', message: 'Expected object, got int.', severity: 'error' },
    ])
    const zod = z.object({ a: z.object({ b: z.array(z.object({ c: z.string() })) }) })
    expect(faults(zod, value)).toMatchObject([{ path: 'a.b[0].c', expected: 'str', actual: 'int' }])
    expect(faults(z.array(z.int()), [1, 'x'])).toMatchObject([{ path: '[1]' }])
    expect(faults(zod, 3)).toMatchObject([{ path: '<root>', expected: 'object', actual: 'int' }])
  })

  test('C-7 expected and actual are tokens of types', () => {
    const cases: [Contract, unknown, string, string][] = [
      [z.string(), 1, 'str', 'int'],
      [z.number(), 'x', 'float', 'str'],
      [z.int(), 1.5, 'int', 'float'],
      [z.boolean(), null, 'bool', 'null'],
      [z.array(z.string()), {}, 'list', 'object'],
      [z.object({}), [], 'object', 'list'],
      [z.record(z.string(), z.int()), 'x', 'object', 'str'],
      [z.string(), undefined, 'str', 'missing'],
      [z.number(), NaN, 'float', 'nan'],
      [z.number(), Infinity, 'float', 'infinity'],
      [z.union([z.string(), z.number()]), true, 'str|float', 'bool'],
      [z.enum(['a', 'b']), 'c', 'one_of', 'str'],
      [z.literal(3), 4, 'one_of', 'int'],
      [z.string().min(3), 'x', 'length', 'str'],
      [z.array(z.int()).max(1), [1, 2], 'length', 'list'],
      [z.number().max(3), 4, 'range', 'int'],
      [z.number().multipleOf(2), 3, 'multiple', 'int'],
      [z.email(), 'x', 'email', 'str'],
      [z.string().regex(/a/), 'x', 'pattern', 'str'],
      [z.discriminatedUnion('k', [z.object({ k: z.literal('a') })]), { k: 'z' }, 'one_of', 'str'],
      [z.strictObject({}), { x: 1 }, 'absent', 'int'],
      [z.object({ a: z.unknown() }), {}, 'any', 'missing'],
      [new Schema({ a: [t.int] }), { a: 1 }, 'list', 'int'],
      [new Schema({ a: t.int }), { a: 1.5 }, 'int', 'float'],
      [new Schema({ a: t.str }), { a: new Date(0) }, 'str', 'date'],
    ]
    for (const [contract, value, expected, actual] of cases) {
      expect(faults(contract, value), `${expected} ${actual}`).toMatchObject([{ expected, actual, severity: 'error' }])
    }
  })

  test('C-7 keys that the contract does not declare are not told', () => {
    const secret = 'sk_my_secret'
    const cases: [Contract, unknown, string][] = [
      [z.strictObject({ a: z.strictObject({}).optional() }), { a: { [secret]: 1 } }, 'a.*'],
      [z.record(z.string(), z.int()), { [secret]: 'x' }, '*'],
      [z.object({ a: z.array(z.record(z.string(), z.int())) }), { a: [{ [secret]: 'x' }] }, 'a[0].*'],
      [z.looseObject({}).catchall(z.int()), { [secret]: 'x' }, '*'],
      [new Schema({ a: new Schema({}, { strict: true }) }), { a: { [secret]: 1 } }, 'a.*'],
      [Schema.fromJsonSchema({ type: 'object', additionalProperties: { type: 'string' } }), { [secret]: 1 }, '*'],
    ]
    for (const [contract, value, path] of cases) {
      const found = faults(contract, value)
      expect(found).toMatchObject([{ path }])
      expect(JSON.stringify(found)).not.toContain(secret)
    }
  })

  test('C-7 declared keys are told through unions, pipes, lazy and wrapped schemas', () => {
    const leaf = z.object({ deep: z.string() })
    const wrappers: z.ZodType[] = [
      leaf.optional(),
      leaf.nullable(),
      leaf.default({ deep: '' }),
      leaf.readonly(),
      leaf.transform((value) => value),
      z.lazy(() => leaf),
      z.intersection(leaf, z.object({ other: z.unknown().optional() })),
      z.discriminatedUnion('kind', [z.object({ kind: z.literal('a'), deep: z.string() })]),
    ]
    for (const wrapper of wrappers) {
      expect(faults(z.object({ top: wrapper }), { top: { kind: 'a', deep: 1 } })).toMatchObject([{ path: 'top.deep' }])
    }
    expect(faults(z.tuple([z.object({ a: z.string() })]), [{ a: 1 }])).toMatchObject([{ path: '[0].a' }])
  })

  test('C-7 a message that a library made is not passed on; one that an author wrote is', () => {
    const vendor: Contract = {
      '~standard': {
        version: 1,
        vendor: 'other',
        validate: (value) => ({ issues: [{ message: `Got ${String(value)}`, path: ['a', { key: 'my secret key' }] }] }),
      },
    }
    expect(faults(vendor, { a: 'hidden' })).toEqual([
      { path: 'a.*', expected: 'valid', actual: 'missing', message: 'Expected valid, got missing.', severity: 'error' },
    ])
    expect(
      faults(
        z.string().refine(() => false, 'Must be polite.'),
        'x',
      ),
    ).toMatchObject([{ message: 'Must be polite.' }])
  })

  test('C-7 no value is in a fault, whatever the value and the contract', () => {
    const marker = 'zq7secretqz'
    const holder = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<unknown>(marker, `x ${marker} y`, 914_273_551, 91427.3551, true, null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', marker), tie('value'), { maxKeys: 3 }),
      ),
    })).value
    const contracts: Contract[] = [
      z.strictObject({ a: z.string().max(2), b: z.array(z.int().max(3)) }),
      z.record(z.string().max(1), z.union([z.boolean(), z.array(z.enum(['p', 'q']))])),
      z.array(z.discriminatedUnion('a', [z.object({ a: z.literal('k') })])),
      new Schema({ a: [t.bool], b: t.optional(t.int) }, { strict: true }),
      new Schema(
        { a: t.str, b: t.int },
        { validators: { a: [v.range({ max: 1 }), v.oneOf([1]), v.pattern('no')], b: [v.range({ max: 2 })] } },
      ),
      new Schema(
        { a: Array },
        {
          validators: {
            a: [
              v.custom(() => {
                throw new Error(marker)
              }),
            ],
          },
        },
      ),
      Schema.fromJsonSchema({
        type: 'object',
        properties: {
          a: { anyOf: [{ const: 1 }, { type: 'string', maxLength: 1 }] },
          b: { uniqueItems: true, maxItems: 1 },
        },
        additionalProperties: false,
      }),
    ]
    fc.assert(
      fc.property(holder, fc.constantFrom(...contracts), (value, contract) => {
        const text = JSON.stringify(faults(contract, value))
        expect(text).not.toContain(marker)
        expect(text).not.toMatch(/914273551|91427\.3551/)
      }),
      { numRuns: 1000 },
    )
  })

  test('C-7 tokens are of the alphabet that a retry may see', () => {
    const nested = new Schema({ a: [[[[[[[[t.str]]]]]]]] })
    const found = [
      ...faults(nested, { a: [[[[[[[[1]]]]]]]] }),
      ...faults(
        Schema.fromJsonSchema({ anyOf: [{ type: ['array', 'object', 'string'] }, { type: ['number', 'null'] }] }),
        true,
      ),
      ...faults(z.email(), 'x'),
    ]
    expect(found).toHaveLength(3)
    for (const { expected, actual } of found) {
      expect(expected).toMatch(/^[a-z0-9_|[\],]{1,40}$/)
      expect(actual).toMatch(/^[a-z0-9_|[\],]{1,40}$/)
    }
  })
})

describe('validators that throw', () => {
  const internal = { path: '<internal>', expected: 'validation', actual: 'unknown', severity: 'error' }

  test('C-7 are a fault at <internal> that names the field and nothing of the error', async () => {
    const thrower = v.custom(() => {
      throw new Error('with a secret')
    })
    const schema = new Schema({ a: [new Schema({ b: t.str }, { validators: { b: [thrower] } })] })
    const [fault] = faults(schema, { a: [{ b: 'x' }] })
    expect(fault).toMatchObject(internal)
    expect(fault?.message).toContain('a[0].b')
    expect(fault?.message).not.toContain('secret')
    const rejecting = v.custom(async () => Promise.reject(new Error('with a secret')))
    const later = new Schema({ a: t.str }, { validators: { a: [rejecting] } })
    expect(await validateValue(later, { a: 'x' }, context)).toMatchObject({ ok: false, faults: [internal] })
  })

  test('C-7 so are foreign schemas that throw or reject', async () => {
    const make = (validate: () => never): Contract => ({ '~standard': { version: 1, vendor: 'other', validate } })
    const throwing = make(() => {
      throw new Error('with a secret')
    })
    expect(faults(throwing, 1)).toMatchObject([internal])
    expect(faults(new Schema({ a: throwing }), { a: 1 })).toMatchObject([internal])
    const rejecting: Contract = {
      '~standard': { version: 1, vendor: 'other', validate: () => Promise.reject(new Error('x')) },
    }
    expect(await validateValue(rejecting, 1, context)).toMatchObject({ faults: [internal] })
  })

  test('C-7 so is a value that is nested too deep to be looked through', () => {
    let deep: unknown = 1
    for (let level = 0; level < 100_000; level++) deep = [deep]
    const schema = Schema.fromJsonSchema({ type: 'array', uniqueItems: true })
    expect(faults(schema, [deep, 2])).toMatchObject([internal])
  })

  test('F-6 an exhausted budget is no fault of the value', async () => {
    const exhausted = new ParleyError({ code: 'budget_exceeded', message: 'Nothing is left.' })
    const sync = new Schema(
      { a: t.str },
      {
        validators: {
          a: [
            v.custom(() => {
              throw exhausted
            }),
          ],
        },
      },
    )
    expect(() => validateValue(sync, { a: 'x' }, context)).toThrow(exhausted)
    const later = new Schema({ a: t.str }, { validators: { a: [v.custom(() => Promise.reject(exhausted))] } })
    await expect(validateValue(later, { a: 'x' }, context)).rejects.toBe(exhausted)
  })
})
