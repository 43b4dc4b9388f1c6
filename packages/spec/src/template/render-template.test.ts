import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ParleyError } from '../parley-error.ts'
import { ownPath } from './own-path.ts'
import { parseTemplate, type TemplateStyle } from './parse-template.ts'
import { maxRenderedBytes, renderTemplate } from './render-template.ts'

const render = (source: string, data: unknown, style: TemplateStyle = 'mustache') => {
  const result = parseTemplate(source, { style })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return renderTemplate(result.template, (path) => ownPath(data, path))
}

test.each<[unknown, string]>([
  [0, '0'],
  [false, 'false'],
  ['', ''],
  [1.5, '1.5'],
  [true, 'true'],
  [{ a: [1, null] }, '{"a":[1,null]}'],
  [[], '[]'],
  [new Date(0), '1970-01-01T00:00:00.000Z'],
  [{ at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
])('2.4.3 %j is put in as %s', (value, text) => {
  expect(render('<{{v}}>', { v: value })).toEqual({ ok: true, text: `<${text}>` })
  expect(render('<{{v ?? "other"}}>', { v: value })).toEqual({ ok: true, text: `<${text}>` })
  expect(render('<{v}>', { v: value }, 'brace')).toEqual({ ok: true, text: `<${text}>` })
})

test.each([null, undefined, () => 1, new Date(Number.NaN)])('2.4.4 %s has no text', (value) => {
  expect(render('a {{v.w}}', { v: { w: value } })).toEqual({ ok: false, path: ['v', 'w'] })
  expect(render('a {{v.w ?? ""}}b', { v: { w: value } })).toEqual({ ok: true, text: 'a b' })
})

test('2.4.4 what is missing or inherited has no text', () => {
  expect(render('{{a}}{{b.c}}', { a: 1 })).toEqual({ ok: false, path: ['b', 'c'] })
  expect(render('{{toString}}', {})).toEqual({ ok: false, path: ['toString'] })
  expect(render('{{a.length}}', { a: 'text' })).toEqual({ ok: false, path: ['a', 'length'] })
})

test('2.4.3 a single pass: inserted text and fallbacks are never rendered again', () => {
  expect(render('{{a}} {{c ?? "{{b}}"}}', { a: '{{b}}', b: 'secret' })).toEqual({ ok: true, text: '{{b}} {{b}}' })
  expect(render('{a}', { a: '{b} {{', b: 'secret' }, 'brace')).toEqual({ ok: true, text: '{b} {{' })
})

test('2.4.3 any values, any number of them, come out as they are', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 5 }), (pieces) => {
      const plain = pieces.map(([literal, value]) => [literal.replaceAll(/[{}]/g, ''), value] as const)
      const source = plain.map(([literal], index) => `${literal}{{${index}}}`).join('')
      const values = plain.map(([, value]) => value)
      expect(render(source, values)).toEqual({ ok: true, text: plain.flat().join('') })
    }),
  )
})

test('2.4.4 at most 4 MiB, as UTF-8', () => {
  expect(maxRenderedBytes).toBe(4 * 1024 * 1024)
  const fits = 'x'.repeat(maxRenderedBytes - 1)
  expect(render('-{{v}}', { v: fits })).toMatchObject({ ok: true })
  expect(render('--{{v}}', { v: fits })).toEqual({ ok: false, path: ['v'], tooLarge: true })
  expect(render('{{v}}--', { v: fits })).toEqual({ ok: false, path: [], tooLarge: true })
  for (const [letter, bytes] of [
    ['ä', 2],
    ['€', 3],
    ['😀', 4],
  ] as const) {
    const most = Math.floor(maxRenderedBytes / bytes)
    expect(render('{{v}}', { v: letter.repeat(most) })).toMatchObject({ ok: true })
    expect(render('{{v}}', { v: letter.repeat(most + 1) })).toMatchObject({ ok: false, tooLarge: true })
  }
})

test('2.4.3 a value that JSON cannot carry is an error that names its place', () => {
  const circle: { self?: unknown } = {}
  circle.self = circle
  const attempt = () => render('{{a.b}}', { a: { b: circle } })
  expect(attempt).toThrow(ParleyError)
  expect(attempt).toThrow(expect.objectContaining({ code: 'value_not_json', details: { path: 'a.b' } }))
})
