import type { ContractFault, Json, JsonSchema } from '@parley/spec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Schema } from './schema.ts'
import { validateValue } from './validate-value.ts'
import { createValidationContext } from './validation-context.ts'

const context = createValidationContext()
const faults = (schema: JsonSchema, value: unknown): ContractFault[] => {
  const result = validateValue(Schema.fromJsonSchema(schema), value, context)
  if (result instanceof Promise) throw new Error('A JSON Schema should answer at once.')
  return result.ok ? [] : result.faults
}
const takes = (schema: JsonSchema, value: unknown): boolean => faults(schema, value).length === 0
const refusal = (schema: JsonSchema): unknown => {
  try {
    Schema.fromJsonSchema(schema)
  } catch (error) {
    return error
  }
  return undefined
}

describe('keywords', () => {
  const cases: [string, JsonSchema, unknown[], unknown[]][] = [
    ['type', { type: 'integer' }, [1, -0, 2.0], [1.5, '1', true, null]],
    ['type, several', { type: ['string', 'null'] }, ['x', null], [1, [], {}]],
    ['type number', { type: 'number' }, [1, 1.5], [NaN, Infinity, '1']],
    ['type null', { type: 'null' }, [null], [0, undefined]],
    ['properties', { properties: { a: { type: 'string' } } }, [{ a: 'x' }, {}, 3, []], [{ a: 1 }, { a: null }]],
    ['required', { required: ['a', 'toString'] }, [{ a: 1, toString: 2 }, 'x'], [{ a: 1 }, {}]],
    [
      'required, whatever it is',
      { type: 'object', properties: { a: {} }, required: ['a'] },
      [{ a: null }],
      [{}, { b: 1 }],
    ],
    [
      'required, if a number one of at least 1',
      { type: 'object', properties: { a: { minimum: 1 } }, required: ['a'] },
      [{ a: 1 }, { a: 'x' }],
      [{ a: 0 }, {}],
    ],
    ['additionalProperties', { properties: { a: {} }, additionalProperties: false }, [{ a: 1 }], [{ a: 1, b: 1 }]],
    ['additionalProperties, a schema', { additionalProperties: { type: 'integer' } }, [{ a: 1 }], [{ a: 'x' }]],
    ['items', { items: { type: 'integer' } }, [[], [1, 2], 'x'], [[1, 'x']]],
    ['items, false', { items: false }, [[]], [[1]]],
    ['enum', { enum: [1, 'a', null] }, [1, 'a', null], [2, '1', undefined]],
    ['enum of objects', { enum: [{ a: 1, b: [2] }] }, [{ b: [2], a: 1 }], [{ a: 1 }, { a: 1, b: ['2'] }]],
    ['const', { const: false }, [false], [0, null, true]],
    ['const null', { const: null }, [null], [undefined, 0, NaN]],
    ['minimum', { minimum: 2 }, [2, 3, 'x'], [1.99]],
    ['maximum', { maximum: 2 }, [2, 1, 'x'], [2.01]],
    ['exclusiveMinimum', { exclusiveMinimum: 2 }, [2.01], [2]],
    ['exclusiveMaximum', { exclusiveMaximum: 2 }, [1.99], [2]],
    ['minLength', { minLength: 2 }, ['ab', '😀😀', 1], ['a', '😀']],
    ['maxLength', { maxLength: 2 }, ['ab', '😀😀', [1, 2, 3]], ['abc']],
    ['pattern', { pattern: '^a+$' }, ['aa', 1], ['ba', 'ab']],
    ['pattern, anywhere', { pattern: 'a' }, ['bab'], ['b']],
    ['minItems', { minItems: 1 }, [[1], 'x'], [[]]],
    ['maxItems', { maxItems: 1 }, [[1], 'xx'], [[1, 2]]],
    [
      'uniqueItems',
      { uniqueItems: true },
      [[1, '1', { a: 1 }, { a: 2 }]],
      [
        [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
      ],
    ],
    ['anyOf', { anyOf: [{ type: 'string' }, { minimum: 3, type: 'number' }] }, ['x', 3], [2, null]],
    ['oneOf', { oneOf: [{ type: 'integer' }, { type: 'number', minimum: 5 }] }, [1, 5.5], [6, 1.5]],
    ['allOf', { allOf: [{ type: 'integer' }, { minimum: 5 }] }, [5], [4, 5.5]],
    ['$ref', { $ref: '#/$defs/n', $defs: { n: { type: 'integer' } } }, [1], ['x']],
    [
      '$ref beside others',
      { $ref: '#/definitions/n', minimum: 3, definitions: { n: { type: 'integer' } } },
      [3],
      [2, 3.5],
    ],
    [
      '$ref, escaped',
      { properties: { 'a/b~': { type: 'integer' }, c: { $ref: '#/properties/a~1b~0' } } },
      [{ c: 1 }],
      [{ c: 'x' }],
    ],
    [
      'annotations',
      { title: 'T', description: 'D', default: 1, format: 'email', examples: [1], $comment: 'c' },
      [1, 'x'],
      [],
    ],
  ]
  test.each(cases)('C-8 %s', (_name, schema, good, bad) => {
    for (const value of good) expect(takes(schema, value), `good ${JSON.stringify(value)}`).toBe(true)
    for (const value of bad) expect(takes(schema, value), `bad ${JSON.stringify(value)}`).toBe(false)
  })

  test('C-8 a schema keeps all its keywords', () => {
    for (const [name, schema] of cases) expect(Schema.fromJsonSchema(schema).toJsonSchema(), name).toEqual(schema)
    const described: JsonSchema = {
      title: 'Person',
      type: 'object',
      properties: { name: { type: 'string', description: 'As in the passport' }, age: { type: 'integer', minimum: 0 } },
      required: ['name'],
    }
    expect(Schema.fromJsonSchema(described).toJsonSchema()).toEqual(described)
  })

  test('C-7 faults of a JSON Schema have places and tokens', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: {
        rows: {
          type: 'array',
          items: { type: 'object', properties: { n: { type: 'integer', maximum: 3 } }, required: ['n'] },
        },
        kind: { enum: ['a'] },
        either: { anyOf: [{ type: 'string' }, { type: ['integer', 'null'] }] },
      },
    }
    expect(faults(schema, { rows: [{ n: 4 }, { n: 'x' }, {}], kind: 'b', either: true })).toMatchObject([
      { path: 'rows[0].n', expected: 'range', actual: 'int' },
      { path: 'rows[1].n', expected: 'int', actual: 'str' },
      { path: 'rows[2].n', expected: 'int', actual: 'missing' },
      { path: 'kind', expected: 'one_of', actual: 'str' },
      { path: 'either', expected: 'str|int|null', actual: 'bool' },
    ])
    expect(faults({ required: ['x'], properties: { x: { type: 'string' } } }, {})).toMatchObject([
      { path: 'x', expected: 'str', actual: 'missing' },
    ])
  })
})

describe('refusals', () => {
  test.each([
    ['not', { not: { type: 'string' } }],
    ['if', { if: {}, then: {} }],
    ['patternProperties', { patternProperties: { a: {} } }],
    ['propertyNames', { propertyNames: { maxLength: 3 } }],
    ['prefixItems', { prefixItems: [{}] }],
    ['contains', { contains: {} }],
    ['multipleOf', { multipleOf: 2 }],
    ['dependentRequired', { dependentRequired: { a: ['b'] } }],
    ['unevaluatedProperties', { unevaluatedProperties: false }],
    ['$dynamicRef', { $dynamicRef: '#x' }],
    ['nullable', { type: 'string', nullable: true }],
    ['items', { items: [{}, {}] }],
    ['type', { type: 'tuple' }],
    ['type', { type: [] }],
    ['enum', { enum: 'a' }],
    ['required', { required: [1] }],
    ['properties', { properties: [] }],
    ['minimum', { minimum: '1' }],
    ['minLength', { minLength: -1 }],
    ['maxItems', { maxItems: 1.5 }],
    ['uniqueItems', { uniqueItems: 1 }],
    ['anyOf', { anyOf: [] }],
    ['pattern', { pattern: '(' }],
    ['pattern', { pattern: 'a+b' }],
    ['pattern', { pattern: 3 }],
    ['$ref', { $ref: 'https://example.com/schema' }],
    ['$ref', { $ref: '#/$defs/gone', $defs: {} }],
    ['$ref', { $ref: '#' }],
  ] as [string, JsonSchema][])('C-8 %s is refused by name, at any depth', (keyword, schema) => {
    const nested: JsonSchema = { type: 'object', properties: { a: { type: 'array', items: schema } }, required: ['a'] }
    for (const wrong of [schema, nested]) {
      expect(refusal(wrong)).toMatchObject({ code: 'schema_unsupported', details: { keyword } })
    }
  })

  test('C-5 a linear-time engine lifts the refusal of a pattern', () => {
    const schema = Schema.fromJsonSchema(
      { pattern: '(a+)+b' },
      { regexEngine: (source, flags) => new RegExp(source, flags) },
    )
    expect(validateValue(schema, 'xaab', context)).toMatchObject({ ok: true })
    expect(validateValue(schema, 'xaa', context)).toMatchObject({ ok: false })
  })

  test('C-2 circular references are refused', () => {
    const circles: JsonSchema[] = [
      { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } },
      {
        $ref: '#/$defs/a',
        $defs: { a: { properties: { b: { $ref: '#/$defs/b' } } }, b: { items: { $ref: '#/$defs/a' } } },
      },
      { properties: { self: { $ref: '#' } } },
    ]
    for (const circle of circles) {
      expect(refusal(circle)).toMatchObject({ code: 'schema_unsupported', details: { keyword: '$ref' } })
    }
  })

  test('C-2 depth is at most 32, with references or without', () => {
    const nested = (levels: number, leaf: JsonSchema): JsonSchema =>
      levels === 1 ? leaf : { type: 'array', items: nested(levels - 1, leaf) }
    for (const leaf of [{ type: 'string' }, { type: 'string', minLength: 1 }]) {
      expect(refusal(nested(32, leaf))).toBeUndefined()
      expect(refusal(nested(34, leaf))).toMatchObject({ code: 'schema_unsupported', details: { max: 32 } })
    }
    const chain = Object.fromEntries(
      Array.from({ length: 40 }, (_, index): [string, Json] => [`d${index}`, { $ref: `#/$defs/d${index + 1}` }]),
    )
    expect(refusal({ $ref: '#/$defs/d0', $defs: { ...chain, d40: {} } })).toMatchObject({ details: { max: 32 } })
  })

  test('C-8 references cannot multiply a small document into a huge one', () => {
    const levels = Object.fromEntries(
      Array.from({ length: 15 }, (_, index): [string, Json] => {
        const next = { $ref: `#/$defs/d${index + 1}` }
        return [`d${index}`, { allOf: [next, next, next] }]
      }),
    )
    expect(refusal({ $ref: '#/$defs/d0', $defs: { ...levels, d15: {} } })).toMatchObject({
      code: 'schema_unsupported',
      message: expect.stringContaining('10000'),
    })
  })

  test('S11 keys that lead to a prototype are refused', () => {
    for (const text of ['{"properties":{"__proto__":{}}}', '{"properties":{"constructor":{"minLength":1}}}']) {
      expect(refusal(JSON.parse(text) as JsonSchema)).toMatchObject({ code: 'schema_unsupported' })
    }
  })
})

describe('against a plain reading', () => {
  /** What JSON Schema says of a few keywords, written independently. */
  const reference = (schema: Json, value: Json): boolean => {
    if (typeof schema === 'boolean') return schema
    const {
      type,
      enum: values,
      minimum,
      maxLength,
      items,
      properties,
      required,
      additionalProperties,
      anyOf,
      oneOf,
      allOf,
    } = schema as JsonSchema
    const isType = (name: Json): boolean => {
      if (name === 'null') return value === null
      if (name === 'array') return Array.isArray(value)
      if (name === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
      if (name === 'integer') return typeof value === 'number' && Math.floor(value) === value
      return typeof value === name
    }
    const list = (all: Json | undefined): Json[] => (Array.isArray(all) ? all : [])
    if (type !== undefined && ![type].flat().some(isType)) return false
    if (values !== undefined && !list(values).some((one) => JSON.stringify(one) === JSON.stringify(value))) return false
    if (typeof minimum === 'number' && typeof value === 'number' && value < minimum) return false
    if (typeof maxLength === 'number' && typeof value === 'string' && Array.from(value).length > maxLength) return false
    if (items !== undefined && Array.isArray(value) && !value.every((item) => reference(items, item))) return false
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const known = (properties ?? {}) as JsonSchema
      if (!list(required).every((key) => String(key) in value)) return false
      for (const [key, field] of Object.entries(value)) {
        const own = known[key] ?? additionalProperties ?? true
        if (!reference(own, field)) return false
      }
    }
    if (anyOf !== undefined && !list(anyOf).some((one) => reference(one, value))) return false
    if (oneOf !== undefined && list(oneOf).filter((one) => reference(one, value)).length !== 1) return false
    return list(allOf).every((one) => reference(one, value))
  }

  const scalars = fc.record(
    {
      type: fc.oneof(
        fc.constantFrom<Json>('string', 'integer', 'number', 'boolean', 'null', 'array', 'object'),
        fc.constant<Json>(['string', 'integer', 'array']),
      ),
      enum: fc.constant<Json>(['a', 1, null, []]),
      minimum: fc.integer({ min: -1, max: 2 }),
      maxLength: fc.integer({ min: 0, max: 2 }),
    },
    { requiredKeys: [] },
  )
  const schemas: fc.Memo<JsonSchema> = fc.memo((depth) => {
    if (depth <= 1) return scalars
    const inner = schemas(depth - 1)
    const branches = fc.array(inner, { minLength: 1, maxLength: 2 })
    const containers = fc.record(
      {
        type: fc.constantFrom<Json>('array', 'object'),
        items: fc.oneof(fc.boolean(), inner),
        properties: fc.dictionary(fc.constantFrom('a', 'b'), inner, { maxKeys: 2 }),
        required: fc.subarray(['a', 'b', 'c']),
        additionalProperties: fc.oneof(fc.boolean(), inner),
      },
      { requiredKeys: [] },
    )
    return fc.oneof(
      scalars,
      containers,
      branches.map((anyOf) => ({ anyOf })),
      branches.map((oneOf) => ({ oneOf })),
      fc.tuple(scalars, branches).map(([scalar, allOf]) => ({ ...scalar, allOf })),
    )
  })
  const values = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<Json>('a', 'abc', '😀', 0, 1, -2, 1.5, true, null),
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
    ),
  })).value

  test('C-8 takes what JSON Schema takes', () => {
    let taken = 0
    fc.assert(
      fc.property(schemas(3), values, (schema, value) => {
        const expected = reference(schema, value)
        if (expected) taken++
        expect(takes(schema, value)).toBe(expected)
      }),
      { numRuns: 3000 },
    )
    expect(taken).toBeGreaterThan(100)
  })
})
