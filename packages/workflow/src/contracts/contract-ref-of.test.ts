import type { Contract, Json } from '@parley/spec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { contractRefOf } from './contract-ref-of.ts'
import { t } from './field-type.ts'
import { resolveContract } from './resolve-contract.ts'
import { Schema } from './schema.ts'
import { validateValue } from './validate-value.ts'
import { createValidationContext } from './validation-context.ts'
import { v } from './validators.ts'

const context = createValidationContext()
const none = new Map<string, Contract>()

describe('contractRefOf', () => {
  test('W-3 a schema of types is its JSON Schema', () => {
    const schema = new Schema({ a: t.str, b: t.optional([t.int]) })
    expect(contractRefOf(schema, 'x')).toEqual({ schema: schema.toJsonSchema() })
  })

  test('W-3 what JSON Schema does not say goes by its name', () => {
    const stripping = z.object({ a: z.string() })
    const foreign: Contract = { '~standard': { version: 1, vendor: 'other', validate: (value) => ({ value }) } }
    const named: Contract[] = [
      foreign,
      Schema.from(z.string()),
      new Schema({ a: t.str }, { validators: { a: [v.notEmpty()] } }),
      new Schema({ deep: [new Schema({ a: t.str }, { validators: { a: [v.notEmpty()] } })] }),
      new Schema({ a: z.string() }),
      stripping,
      z.array(stripping),
      z.looseObject({ a: stripping.optional() }),
      z.string().refine(() => true),
      z.string().transform(Number),
      z.string().trim(),
      z.coerce.number(),
      z.int().default(1),
      z.email(),
      z.string().email(),
      z.string().regex(/a/i),
      z.date(),
      z.bigint(),
      z.unknown(),
      z.record(z.string(), z.int()),
      z.tuple([z.string()]),
      z.lazy(() => z.string()),
      z.number().multipleOf(2),
      z.int32(),
      z.literal(undefined),
      z.string().catch('x'),
      z.string().readonly(),
      z.strictObject({}).catchall(z.int()),
      z.discriminatedUnion('k', [z.strictObject({ k: z.literal('a') })]),
    ]
    for (const contract of named) expect(contractRefOf(contract, 'my-name')).toEqual({ name: 'my-name', version: '1' })
  })

  const plain: z.ZodType[] = [
    z.string(),
    z.string().min(1).max(3),
    z.string().length(2),
    z.string().min(2).describe('A name'),
    z.number().min(0).max(2),
    z.number().gt(0).lt(2),
    z.number().positive(),
    z.int(),
    z.number().int().nonnegative(),
    z.boolean(),
    z.null(),
    z.enum(['a', 'bc']),
    z.literal(1),
    z.literal(['a', null, true]),
    z.string().nullable(),
    z.array(z.int()).min(1).max(2),
    z.union([z.string(), z.int(), z.array(z.boolean())]),
    z.looseObject({ a: z.string(), b: z.int().optional() }),
    z.strictObject({ a: z.nullable(z.string()).optional(), c: z.array(z.looseObject({ b: z.number() })) }),
  ]
  const value = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<Json>('', 'a', 'bc', '😀', '😀😀', 'abcd', 0, 1, 2, 3, -1, 1.5, 2 ** 60, true, false, null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
    ),
  })).value

  test('W-3 a zod schema that JSON Schema says wholly is its JSON Schema, and takes and gives the same', () => {
    const resolved = plain.map((zod) => {
      const ref = contractRefOf(zod, 'x')
      expect(ref).toHaveProperty('schema')
      return { zod, contract: resolveContract(ref, none) }
    })
    fc.assert(
      fc.property(fc.constantFrom(...resolved), value, ({ zod, contract }, candidate) => {
        const result = validateValue(contract, candidate, context)
        const expected = zod.safeParse(candidate)
        expect(result).toMatchObject({ ok: expected.success })
        if (expected.success) expect(result).toEqual({ ok: true, value: expected.data })
      }),
      { numRuns: 3000 },
    )
  })
})

describe('resolveContract', () => {
  test('W-3 finds registered names, and says which name is near', () => {
    const contract = z.string()
    const contracts = new Map([['report', contract]])
    expect(resolveContract({ name: 'report', version: '1' }, contracts)).toBe(contract)
    expect(() => resolveContract({ name: 'reprot', version: '1' }, contracts)).toThrow(
      expect.objectContaining({ code: 'unknown_reference', message: expect.stringContaining('"report"') }),
    )
    expect(() => resolveContract({ name: 'toString', version: '1' }, contracts)).toThrow(
      expect.objectContaining({ code: 'unknown_reference' }),
    )
  })

  test('W-3 compiles a JSON Schema, with the engine it is given', () => {
    expect(() => resolveContract({ schema: { not: {} } }, none)).toThrow(
      expect.objectContaining({ code: 'schema_unsupported' }),
    )
    const ref = { schema: { pattern: 'a+b' } }
    expect(() => resolveContract(ref, none)).toThrow(expect.objectContaining({ code: 'schema_unsupported' }))
    const regexEngine = (source: string, flags: string): RegExp => new RegExp(source, flags)
    expect(validateValue(resolveContract(ref, none, { regexEngine }), 'ab', context)).toMatchObject({ ok: true })
  })
})
