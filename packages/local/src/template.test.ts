import type { Json } from '@parley/spec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Roots } from './data-path.ts'
import { compileTemplate, renderText, renderValue, TemplateFault } from './template.ts'
import { compileValue, renderValueTree } from './value-template.ts'

const roots: Roots = {
  slots: { account: '204417', amount: 7900, none: null, day: '2026-11-21' },
  results: {
    bill: {
      cents: 123456,
      lines: ['a', 'b', 'c'],
      at: '2026-11-21T18:30:00.000Z',
      offers: [{ id: 'x', name: 'Small' }, { id: 'y' }],
    },
  },
  payload: { verified: true },
  context: {},
  words: 'say {{slots.account}}',
  agent: 'billing',
}

const text = (source: string) => renderText(compileTemplate(source), roots, 'UTC')

test.each([
  ['no path', 'no path'],
  ['{{slots.account}} of {{agent}}', '204417 of billing'],
  ['{{slots.amount | money}}', '$79.00'],
  ['{{results.bill.cents|money}}', '$1,234.56'],
  ['{{slots.account | digits}}', '2 0 4 4 1 7'],
  ['{{results.bill.lines | list}}', 'a, b and c'],
  ['{{results.bill.offers | list}}', 'Small and y'],
  ['{{results.bill.offers[0].name}}', 'Small'],
  ['{{results.bill.lines.1}}', 'b'],
  ['{{results.bill.lines.length}}', '3'],
  ['{{slots.day | date}}', 'November 21, 2026'],
  ['{{results.bill.at | time}}', '6:30 PM'],
  ['{{slots.none ?? "nothing | at all"}}', 'nothing | at all'],
  ['{{slots.none ?? slots.account}}', '204417'],
  ['{{slots.account | money ?? "unknown"}}', 'unknown'],
  ['{{payload}}', '{"verified":true}'],
])('%s gives "%s"', (source, value) => {
  expect(text(source)).toEqual({ ok: true, value })
})

test('inserted text is never rendered again', () => {
  expect(text('{{words}}')).toEqual({ ok: true, value: 'say {{slots.account}}' })
})

test.each([
  ['{{slots.nobody}}', 'slots.nobody'],
  ['{{slots.none}}', 'slots.none'],
  ['{{slots.account | money}}', 'slots.account'],
  ['{{slots.account.length}}', 'slots.account.length'],
])('%s is missing', (source, missing) => {
  expect(text(source)).toEqual({ ok: false, missing })
})

test('inherited and refused names are not there', () => {
  expect(text('{{results.toString}}').ok).toBe(false)
  expect(() => compileTemplate('{{results.__proto__}}')).toThrow(TemplateFault)
  expect(() => compileTemplate('{{results.constructor.name}}')).toThrow(TemplateFault)
})

test('one placeholder keeps the type of its value', () => {
  const value = (source: string) => renderValue(compileTemplate(source), roots, 'UTC')
  expect(value('{{slots.amount}}')).toEqual({ ok: true, value: 7900 })
  expect(value('{{payload.verified}}')).toEqual({ ok: true, value: true })
  expect(value('a {{slots.amount}}')).toEqual({ ok: true, value: 'a 7900' })
})

test('maps and lists are rendered inside, keys without a value are left out', () => {
  const source: Json = { a: '{{slots.amount}}', b: ['{{agent}}', 1], c: '{{slots.none ?? null}}', d: null }
  expect(renderValueTree(compileValue(source), roots, 'UTC')).toEqual({
    ok: true,
    value: { a: 7900, b: ['billing', 1], d: null },
  })
})

test('any text is a template or a fault, and renders without a throw', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('{{', '}}', 'slots.a', '??', '|', '"', "'", 'money', ' ', 'x', '\\')),
      (pieces) => {
        try {
          text(pieces.join(''))
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateFault)
        }
      },
    ),
    { numRuns: 1000 },
  )
})
