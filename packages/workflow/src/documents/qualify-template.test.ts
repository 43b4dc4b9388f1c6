import { expect, test } from 'vitest'
import { createOriginalPlaces } from './original-place.ts'
import { qualifyTemplate } from './qualify-template.ts'

test.each([
  ['{{goal}}', '{{input.goal}}'],
  ['{{ goal ?? "a \\"b\\"" }} and {{goal}}', '{{input.goal ?? "a \\"b\\""}} and {{input.goal}}'],
  ['{{goal ?? ""}}', '{{input.goal ?? ""}}'],
  ['{{ input.goal }}', '{{ input.goal }}'],
  ['{{steps.a.output}} {{item}} {{state.k}}', '{{steps.a.output}} {{item}} {{state.k}}'],
  ['{{context}} {{history}} {{templates.t}} {{input}}', '{{context}} {{history}} {{templates.t}} {{input}}'],
  ['{{stepz.a.output}}', '{{stepz.a.output}}'],
  ['no names', 'no names'],
  ['{{ broken', '{{ broken'],
])('workflows 2.4: the short form %s is %s', (written, qualified) => {
  expect(qualifyTemplate(written)).toBe(qualified)
  expect(qualifyTemplate(qualified)).toBe(qualified)
})

test('workflows 2.4: places in what was written out are those of what people wrote', () => {
  const originalPlace = createOriginalPlaces()
  const written = 'Say {{a}}\nand {{b}} to {{steps.x.output}}'
  expect(originalPlace(written, { line: 2, column: 20 })).toEqual({ line: 2, column: 14 })
  expect(originalPlace('plain {{input.a}}', { line: 1, column: 7 })).toEqual({ line: 1, column: 7 })
})
