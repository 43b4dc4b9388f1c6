import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { createTextFilters, textFilterDefaults, type FilteredPiece, type TextFilterOptions } from './text-filters.ts'

function run(
  text: string,
  options: TextFilterOptions = {},
  language = 'en',
  sizes: readonly number[] = [text.length],
): FilteredPiece[] {
  const filters = createTextFilters(options, language)
  const pieces: FilteredPiece[] = []
  let at = 0
  for (let turn = 0; at < text.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1)
    pieces.push(...filters.push(text.slice(at, at + size)))
    at += size
  }
  return [...pieces, ...filters.end()]
}

const spoken = (text: string, options?: TextFilterOptions, language?: string): string =>
  run(text, options, language)
    .map((piece) => piece.spoken)
    .join('')
const written = (pieces: readonly FilteredPiece[]): string => pieces.map((piece) => piece.written).join('')

const parts = [
  'Hello ',
  '**bold** ',
  '[a link](https://x.com/y) ',
  '$5 million ',
  '12 May 2026 ',
  '5 km ',
  '😀 ',
  '```\ncode\n```\n',
]
const more = [
  '<think>',
  '</think>',
  '{"name":"a","arguments":{}}',
  'call:b{x:1} ',
  '{ "x" ',
  '[',
  '\n- item',
  ' _it_',
  'c',
  'New ',
  'York ',
  '3',
]
const anyText = fc
  .array(fc.oneof(fc.constantFrom(...parts, ...more), fc.string({ maxLength: 8 })), { maxLength: 12 })
  .map((each) => each.join(''))

describe('createTextFilters', () => {
  test('S-2 defaults: all filters are on', () => {
    expect(textFilterDefaults).toEqual({
      toolCallText: true,
      reasoning: true,
      markdown: true,
      emoji: true,
      urls: true,
      numbers: true,
      pronunciations: {},
      custom: [],
    })
  })

  test('S-2 what is said and written does not depend on how the text came', () => {
    const options = { pronunciations: { 'New York': 'the big apple' } }
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(12), { minLength: 1 }), (text, sizes) => {
        const whole = run(text, options, 'en', [1])
        const pieces = run(text, options, 'en', sizes)
        expect(written(pieces)).toBe(written(whole))
        expect(pieces.filter((piece) => piece.toolCall !== undefined)).toEqual(
          whole.filter((piece) => piece.toolCall !== undefined),
        )
        const said = (each: readonly FilteredPiece[]): string =>
          each.flatMap(({ units }) => units.map((unit) => unit.spoken)).join('')
        expect(said(pieces)).toBe(said(whole))
      }),
      { numRuns: 500 },
    )
  })

  test('S-3 the units of a piece are its written text, for any text', () => {
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(12), { minLength: 1 }), (text, sizes) => {
        for (const piece of run(text, {}, 'en', sizes)) {
          expect(piece.units.map((unit) => unit.written).join('')).toBe(piece.written)
          if (piece.spoken !== '') expect(piece.units.map((unit) => unit.spoken).join('')).toBe(piece.spoken)
        }
      }),
    )
  })

  test('S-2 with all filters off text is said as it is written', () => {
    const off = { toolCallText: false, reasoning: false, markdown: false, emoji: false, urls: false, numbers: false }
    fc.assert(
      fc.property(anyText, (text) => {
        expect(written(run(text, off))).toBe(text)
      }),
    )
    const text = '<think>x</think> **$5** 😀 https://x.com/y {"name":"a"}'
    expect(spoken(text, off)).toBe(text)
  })

  test.each([
    ['{"name":"get_order","arguments":{"id":"A-1"}}', 'get_order', { id: 'A-1' }],
    ['[{"name":"get_order","parameters":{"id":2}}]', 'get_order', { id: 2 }],
    ['{"function":{"name":"get_order","arguments":"{\\"id\\":3}"}}', 'get_order', { id: 3 }],
    ['{"tool":"get_order","args":{"note":"a } in it"}}', 'get_order', { note: 'a } in it' }],
    ['call:get_order{"id":4}', 'get_order', { id: 4 }],
    [
      "call:default_api.get_order{id: 5, city: New York, kind: 'x'}",
      'get_order',
      { id: 5, city: 'New York', kind: 'x' },
    ],
  ])('S-2 toolCallText: %s', (text, name, input) => {
    const pieces = run(`Let me look. ${text} Thanks.`, {}, 'en', [3])
    expect(pieces.flatMap((piece) => piece.toolCall ?? [])).toEqual([{ name, arguments: input }])
    expect(written(pieces)).toBe('Let me look.  Thanks.')
    // What came before the call is said before it.
    const at = pieces.findIndex((piece) => piece.toolCall !== undefined)
    expect(written(pieces.slice(0, at))).toBe('Let me look. ')
  })

  test('S-2 toolCallText: JSON that is no call, and JSON that never ends, are left out and named', () => {
    expect(run('{"city":"Bern"}').flatMap((piece) => piece.dropped ?? [])).toEqual([
      { filter: 'toolCallText', reason: 'noName', characters: 15 },
    ])
    const pieces = run('Yes. {"name":"a","argum')
    expect(written(pieces)).toBe('Yes. ')
    expect(pieces.flatMap((piece) => piece.dropped ?? [])).toEqual([
      { filter: 'toolCallText', reason: 'incomplete', characters: 18 },
    ])
  })

  test('S-2 toolCallText: brackets of plain text and the word call stay', () => {
    for (const text of ['Use {name} here.', 'See [1] and [two].', 'Please call: Anna', 'He will call', 'a {', 'c']) {
      expect(written(run(text, {}, 'en', [1]))).toBe(text)
    }
  })

  test('S-2 reasoning: text in tags is neither written nor spoken, nested, unclosed, or with a call in it', () => {
    const pieces = run('<think>Hm. <think>x</think> {"name":"a"}</think>Hello', {}, 'en', [2])
    expect(written(pieces)).toBe('Hello')
    expect(pieces.some((piece) => piece.toolCall !== undefined)).toBe(false)
    expect(pieces.flatMap((piece) => piece.dropped ?? [])).toEqual([
      { filter: 'reasoning', reason: 'tag', characters: 48 },
    ])
    expect(written(run('Hi <thinking>and so on'))).toBe('Hi ')
    expect(written(run('2 < 3 and <b>'))).toBe('2 < 3 and <b>')
  })

  test('S-2 markdown: marks are not said and stay written', () => {
    const text = '# Title\n- **One** and *two*\n- `three` and ~~four~~\n2 * 3 = 6 and snake_case\n> quoted\n'
    const pieces = run(text)
    expect(written(pieces)).toBe(text)
    expect(spoken(text)).toBe('Title\nOne and two\nthree and four\n2 * 3 = 6 and snake_case\nquoted\n')
    expect(spoken('See [the page](https://x.com/a b) now.')).toBe('See the page now.')
    expect(spoken('![logo](x.png)Hi\n```js\nlet x = 1\n```\nDone')).toBe('Hi\n\nDone')
    expect(spoken('| a | b |\n|---|---|\n| c | d |\n')).toBe('a, b\n\nc, d\n')
    expect(spoken('It is - as ever - fine')).toBe('It is - as ever - fine')
  })

  test('S-2 a call in a block of code leaves nothing to be said of the block', () => {
    const pieces = run('Sure.\n```json\n{"name":"a","arguments":{}}\n```\nDone.', {}, 'en', [3])
    expect(pieces.map((piece) => piece.spoken.trim()).filter((said) => said !== '')).toEqual(['Sure.', 'Done.'])
    expect(pieces.some((piece) => piece.toolCall?.name === 'a')).toBe(true)
  })

  test('S-2 emoji are not said', () => {
    expect(spoken('Great 😀 job 👩‍💻 from 🇫🇷 ❤️ now 1️⃣ ok 5 © x')).toBe('Great job from now ok 5 © x')
    expect(spoken('😀')).toBe('')
  })

  test('S-2 urls: only the domain is said', () => {
    expect(spoken('See https://www.example.com/a/b?c=d#e. Or www.test.org/x, or http://a.b.io!')).toBe(
      'See example.com. Or test.org, or a.b.io!',
    )
    expect(spoken('Write to jo@www.example.com')).toBe('Write to jo@www.example.com')
  })

  test.each([
    [
      'en',
      'It costs $5.20, or $1,234.50.',
      'It costs five dollars and twenty cents, or one thousand two hundred thirty-four dollars and fifty cents.',
    ],
    ['en', '$5 million and $0.50 and $1', 'five million dollars and fifty cents and one dollar'],
    ['en', '5 EUR or USD 7 or 8€', 'five euros or seven dollars or eight euros'],
    [
      'en',
      'Call (555) 123-4567 or +1 555 0100.',
      'Call five five five, one two three, four five six seven or plus one, five five five, zero one zero zero.',
    ],
    [
      'en',
      'On 2026-05-12, May 3rd, 12 June 1905 and 7/4/2026.',
      'On May twelfth, twenty twenty-six, May third, June twelfth, nineteen oh five and July fourth, twenty twenty-six.',
    ],
    [
      'en',
      'It is 5 km, 1 kg, 20 °C and 3.5%.',
      'It is five kilometers, one kilogram, twenty degrees Celsius and three point five percent.',
    ],
    [
      'en',
      'The 21st of 1,000 at 10:30 am or 9:05.',
      'The twenty-first of one thousand at ten thirty a m or nine oh five.',
    ],
    ['en', 'Room 101 in 2026 is fine.', 'Room 101 in 2026 is fine.'],
    [
      'de',
      'Das kostet 5,20 € oder 1.234 € am 12.05.2026 um 10:30 Uhr.',
      'Das kostet 5 Euro 20 oder 1234 Euro am 12. Mai 2026 um 10 Uhr 30.',
    ],
    [
      'fr',
      'Le 1er prix est 5,20 €, soit 5 % de 2 km.',
      'Le premier prix est 5 euros 20, soit 5 pour cent de 2 kilomètres.',
    ],
    ['es', 'Cuesta 5,20 € el 12/05/2026, el 3º.', 'Cuesta 5 euros con 20 el 12 de mayo de 2026, el tercero.'],
    ['it', 'Costa 5,20 € per 3 kg.', 'Costa 5 euro e 20 per 3 chilogrammi.'],
    ['pt', 'Custa R$ 5,20 e 10%.', 'Custa 5 reais e 20 e 10 por cento.'],
    ['nl', 'Het kost € 5,20 voor de 2e keer.', 'Het kost 5 euro 20 voor de tweede keer.'],
    [
      'en',
      'Call 1-800-555-0199, not +1000.',
      'Call one, eight zero zero, five five five, zero one nine nine, not +1000.',
    ],
    ['zh', '价格是$5。', '价格是5美元。'],
    ['zh', '价格是¥5。', '价格是5元。'],
    ['ja', '¥500です', '500円です'],
    ['sv', 'Det kostar $5.', 'Det kostar $5.'],
  ])('S-2 numbers in %s: %s', (language, text, said) => {
    expect(spoken(text, {}, language)).toBe(said)
    expect(written(run(text, {}, language, [1]))).toBe(text)
  })

  test('S-2 pronunciations: whole words, any case, phrases too', () => {
    const options = { pronunciations: { SQL: 'sequel', 'New York': 'the big apple' } }
    expect(spoken('sql in New  York, not MySQL', options)).toBe('sequel in the big apple, not MySQL')
  })

  test('S-2 custom filters change what is said, in order, with the alignment kept', () => {
    const pieces = run('We say hello to all.', {
      custom: [(text) => text.replace('hello', 'hi'), (text) => text.replace('hi', 'hey you')],
    })
    expect(pieces.map((piece) => piece.spoken).join('')).toBe('We say hey you to all.')
    expect(written(pieces)).toBe('We say hello to all.')
    expect(pieces.flatMap((piece) => piece.units).find((unit) => unit.written.startsWith('hello'))?.spoken).toBe(
      'hey you ',
    )
  })

  test('S-4 a piece of nothing that can be said is not spoken', () => {
    expect(run('** 😀 ...').every((piece) => piece.spoken === '')).toBe(true)
    expect(spoken('- ')).toBe('')
    expect(spoken('5 + 5')).toBe('5 + 5')
  })

  test('S-2 chunks of a splitter are said as one piece each', () => {
    const filters = createTextFilters({}, 'en')
    const said = (pieces: FilteredPiece[]): string[] => pieces.map((piece) => piece.spoken)
    expect(said(filters.push('Can I help you ', { isWhole: true }))).toEqual(['Can I help you '])
    expect(said(filters.push('now? Let me check.', { isWhole: true }))).toEqual(['now? Let me check.'])
    expect(said(filters.push('It costs $5. ', { isWhole: true }))).toEqual(['It costs five dollars. '])
    expect(said(filters.end('That is all for $5'))).toEqual(['That is all for five dollars'])
    expect(said(createTextFilters({}, 'zh').push('你好。我可以帮你吗？', { isWhole: true }))).toEqual([
      '你好。我可以帮你吗？',
    ])
    expect(said(createTextFilters({}, 'zh').push('你好，我'))).toEqual(['你好，'])
  })

  test('an unknown option names the nearest known one', () => {
    // @ts-expect-error an option that does not exist
    expect(() => createTextFilters({ emojis: false })).toThrow('Did you mean "emoji"?')
  })
})
