import { createVirtualClock, scriptedModel } from '@parley/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CompositeValidator } from './composite-validator.ts'
import { t } from './field-type.ts'
import { Schema } from './schema.ts'
import { validateValue } from './validate-value.ts'
import { createValidationContext } from './validation-context.ts'
import type { Validator } from './validator.ts'
import { v } from './validators.ts'

const context = createValidationContext()
const passes = (validator: Validator, value: unknown): boolean => {
  const result = validator.check(value, context)
  if (result instanceof Promise) throw new Error('The validator should answer at once.')
  return result.ok
}

describe('each validator', () => {
  test('C-4 range includes both ends and takes numbers only', () => {
    const range = v.range({ min: 0, max: 1 })
    for (const good of [0, 0.5, 1]) expect(passes(range, good), String(good)).toBe(true)
    for (const bad of [-0.001, 1.001, NaN, '0.5', null, true]) expect(passes(range, bad), String(bad)).toBe(false)
    expect(passes(v.range({ min: 3 }), 1e9)).toBe(true)
    expect(passes(v.range({ max: 3 }), -1e9)).toBe(true)
  })

  test('C-4 range agrees with comparison', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(), fc.double(), (min, size, value) => {
        expect(passes(v.range({ min, max: min + size }), value)).toBe(value >= min && value <= min + size)
      }),
    )
  })

  test('C-4 length counts characters of text and items of lists', () => {
    const length = v.length({ min: 1, max: 2 })
    for (const good of ['a', 'ab', '😀😀', [1], [1, 2]]) expect(passes(length, good), String(good)).toBe(true)
    for (const bad of ['', 'abc', [], [1, 2, 3], 2, null, { length: 1 }]) expect(passes(length, bad)).toBe(false)
  })

  test('C-4 pattern matches from the start, and need not reach the end', () => {
    expect(passes(v.pattern('ab'), 'abc')).toBe(true)
    expect(passes(v.pattern('ab'), 'cab')).toBe(false)
    expect(passes(v.pattern('a|b'), 'xb')).toBe(false)
    expect(passes(v.pattern(/ab/i), 'AB')).toBe(true)
    expect(passes(v.pattern(/^b/m), 'a\nb')).toBe(false)
    expect(passes(v.pattern('1'), 1)).toBe(false)
    const again = v.pattern(/ab/g)
    expect([passes(again, 'ab'), passes(again, 'ab')]).toEqual([true, true])
  })

  test('C-4 oneOf is strict equality', () => {
    const oneOf = v.oneOf([1, 'a', null])
    for (const good of [1, 'a', null]) expect(passes(oneOf, good)).toBe(true)
    for (const bad of ['1', true, undefined, 'A', [1]]) expect(passes(oneOf, bad)).toBe(false)
  })

  test('C-4 notEmpty refuses white space only, null, empty lists and objects; falsy values are values', () => {
    for (const good of ['x', ' x ', 0, false, [0], { a: 1 }]) expect(passes(v.notEmpty(), good)).toBe(true)
    for (const bad of ['', ' \t\n', null, undefined, [], {}]) expect(passes(v.notEmpty(), bad)).toBe(false)
  })

  test('C-4 custom: true passes, a text is the message, all else fails', async () => {
    expect(v.custom(() => true).check(1, context)).toEqual({ ok: true })
    expect(v.custom(() => 'Must be even.').check(1, context)).toEqual({ ok: false, message: 'Must be even.' })
    for (const answer of [false, null, undefined, '']) {
      expect(v.custom(() => answer).check(1, context)).toMatchObject({ ok: false })
    }
    expect(await v.custom(async () => true).check(1, context)).toEqual({ ok: true })
    expect(await v.custom(async () => 'No.').check(1, context)).toEqual({ ok: false, message: 'No.' })
  })

  test('C-4 wrong options are refused', () => {
    const wrong = [
      () => v.range({ min: 2, max: 1 }),
      () => v.range({ min: NaN }),
      () => v.length({ mni: 1 } as object),
      () => v.oneOf('ab' as unknown as string[]),
      () => v.custom('x' as unknown as () => true),
      () => v.pattern('('),
    ]
    for (const run of wrong) expect(run).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  })
})

describe('all', () => {
  test('C-4 all stops at the first failure', () => {
    const seen: string[] = []
    const step = (name: string, answer: boolean): Validator =>
      v.custom(() => {
        seen.push(name)
        return answer ? true : `${name} failed.`
      })
    const all = v.all([step('one', true), step('two', false), step('three', false)])
    expect(all).toBeInstanceOf(CompositeValidator)
    expect(all.check('x', context)).toEqual({ ok: false, message: 'two failed.' })
    expect(seen).toEqual(['one', 'two'])
  })

  test('C-4 all stops at the first failure when validators answer later', async () => {
    const seen: string[] = []
    const later = (name: string, answer: boolean): Validator =>
      v.custom(async () => {
        seen.push(name)
        return answer
      })
    const all = v.all([later('one', true), v.notEmpty(), later('two', false), later('three', true)])
    expect(await all.check('x', context)).toMatchObject({ ok: false })
    expect(seen).toEqual(['one', 'two'])
    expect(await v.all([later('four', true)]).check('x', context)).toEqual({ ok: true })
  })
})

describe('in a schema', () => {
  test('C-4 run on every field at every depth', () => {
    const leaf = new Schema({ n: t.int }, { validators: { n: [v.range({ max: 9 })] } })
    const schema = new Schema(
      { top: t.str, list: [leaf], inner: new Schema({ deep: leaf }) },
      { validators: { top: [v.notEmpty()], list: [v.length({ max: 2 })] } },
    )
    const wrong = { top: ' ', list: [{ n: 10 }, { n: 1 }, { n: 11 }], inner: { deep: { n: 12 } } }
    expect(validateValue(schema, wrong, context)).toMatchObject({
      ok: false,
      faults: [
        { path: 'top', expected: 'not_empty' },
        { path: 'list[0].n', expected: 'range' },
        { path: 'list[2].n', expected: 'range' },
        { path: 'inner.deep.n', expected: 'range' },
      ],
    })
    const long = { top: 'x', list: [{ n: 1 }, { n: 1 }, { n: 1 }], inner: { deep: { n: 1 } } }
    expect(validateValue(schema, long, context)).toMatchObject({ faults: [{ path: 'list', expected: 'length' }] })
  })

  test('C-4 run only after the type passed', () => {
    let calls = 0
    const counts = v.custom(() => {
      calls++
      return true
    })
    const schema = new Schema({ a: t.int, b: [t.int] }, { validators: { a: [counts], b: [counts] } })
    expect(validateValue(schema, { a: 'x', b: [1, 'x'] }, context)).toMatchObject({ ok: false })
    expect(calls).toBe(0)
    expect(validateValue(schema, { a: 1, b: [] }, context)).toMatchObject({ ok: true })
    expect(calls).toBe(2)
  })

  test('C-4 all validators of a field run, not only the first', () => {
    const schema = new Schema({ a: t.str }, { validators: { a: [v.length({ max: 1 }), v.oneOf(['x'])] } })
    expect(validateValue(schema, { a: 'yy' }, context)).toMatchObject({
      faults: [{ expected: 'length' }, { expected: 'one_of' }],
    })
  })

  test('C-4 an optional field that is absent has nothing to check but whether it is empty', () => {
    const lax = new Schema({ a: t.optional(t.float) }, { validators: { a: [v.range({ min: 1 }), v.oneOf([2])] } })
    for (const value of [{}, { a: null }]) expect(validateValue(lax, value, context)).toMatchObject({ ok: true })
    expect(validateValue(lax, { a: 0 }, context)).toMatchObject({ ok: false })
    const firm = new Schema(
      { a: t.optional(t.str) },
      { validators: { a: [v.all([v.notEmpty(), v.length({ max: 3 })])] } },
    )
    for (const value of [{}, { a: null }, { a: ' ' }, { a: 'long' }]) {
      expect(validateValue(firm, value, context)).toMatchObject({ ok: false })
    }
    expect(validateValue(firm, { a: 'ok' }, context)).toMatchObject({ ok: true })
  })

  test('C-4 a judge is asked only when nothing else is wrong', async () => {
    const llm = scriptedModel(['{"result":"PASS","confidence":1}'], { then: 'last' })
    const schema = new Schema(
      { judged: t.str, other: t.int },
      { validators: { judged: [v.llm({ criteria: 'polite', llm })], other: [v.range({ max: 5 })] } },
    )
    const clocked = { ...context, clock: createVirtualClock() }
    expect(await validateValue(schema, { judged: 'x', other: 6 }, clocked)).toMatchObject({ ok: false })
    expect(await validateValue(schema, { judged: 'x', other: 'y' }, clocked)).toMatchObject({ ok: false })
    expect(llm.requests).toHaveLength(0)
    expect(await validateValue(schema, { judged: 'x', other: 5 }, clocked)).toMatchObject({ ok: true })
    expect(llm.requests).toHaveLength(1)
  })
})
