import fc from 'fast-check'
import { expect, test } from 'vitest'
import { define, step } from './__fixtures__/define.ts'
import { canonicalJson, finishDefinition } from './canonical.ts'
import { defaultDraft } from './definition-defaults.ts'

/** The same value with its keys in another order, at every depth. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, entry]) => [key, shuffled(entry)]),
  )
}

test('W-1 the order of keys does not change the text', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value))
      // -0 is written as JSON writes it.
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('W-1 absent fields are dropped, and null is kept', () => {
  expect(canonicalJson({ b: undefined, a: null, c: [{ d: undefined }] })).toBe('{"a":null,"c":[{}]}')
})

test('W-1 equal meaning gives an equal definition', () => {
  const one = define([
    step('a', { readKeys: ['y', 'x', 'x'], budget: { maxCalls: 1 } }),
    step('b', { dependsOn: ['a', 'a'] }),
    step('c', { dependsOn: ['b', 'a'], condition: { '==': [{ var: 'input.x' }, 1] } }),
  ])
  const other = define([
    step('a', { readKeys: ['x', 'y'], budget: { maxCalls: 1, warnAt: [0.8], onExceed: 'stop' } }),
    step('b', { dependsOn: ['a'] }),
    step('c', { dependsOn: ['a', 'b'], condition: { '==': [{ var: ['input.x'] }, 1] } }),
  ])
  expect(JSON.stringify(other)).toBe(JSON.stringify(one))
  expect(one.hash).toMatch(/^[0-9a-f]{64}$/)
})

test('W-1 finishing a definition again changes nothing', () => {
  const definition = define([step('a'), step('b', { prompt: '{{steps.a.output}}' }, 'llm')])
  expect(finishDefinition(definition)).toEqual(definition)
})

test('W-1 another meaning gives another hash', () => {
  const base = define([step('a'), step('b')])
  expect(define([step('b'), step('a')]).hash).not.toBe(base.hash)
  expect(define([step('a'), step('b', { tier: 'high' })]).hash).not.toBe(base.hash)
  expect(define([step('a'), step('b', { readKeys: [] })]).hash).not.toBe(base.hash)
})

test('W-3 the hash covers versions of functions, not their bodies', () => {
  const of = (version: string): string => define([step('a')], { functions: { a: version } }).hash
  expect(of('1')).toBe(of('1'))
  expect(of('2')).not.toBe(of('1'))
})

test('W-1 the finished definition cannot be changed, so its hash stays true', () => {
  const definition = define([step('a')])
  expect(() => {
    definition.root.steps.push(step('b'))
  }).toThrow(TypeError)
})

test('W-1 what JSON does not carry is refused with its place', () => {
  const draft = defaultDraft('x', { kind: 'dag', steps: [], maxConcurrency: 1 })
  expect(() => finishDefinition({ ...draft, metadata: { a: [Number.NaN] } })).toThrow(/metadata\.a\[0\] is NaN/)
  const circle: { [key: string]: never } = {}
  Object.assign(circle, { circle })
  expect(() => finishDefinition({ ...draft, metadata: circle })).toThrow(/contains itself/)
})

test('S11 a key named __proto__ is data and changes no prototype', () => {
  const text = '{"__proto__":{"isAdmin":true}}'
  expect(canonicalJson(JSON.parse(text))).toBe(text)
})
