import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { setsMeet } from './character-set.ts'
import { parseRegex } from './parse-regex.ts'
import { refuseAmbiguity } from './regex-ambiguity.ts'
import { PatternRefusal, type RegexTree } from './regex-tree.ts'

/** An engine that backtracks as the language prescribes, and counts its steps. */
function backtrack(tree: RegexTree, text: string, limit: number): { matches: boolean; steps: number } {
  let steps = 0
  type Next = (at: number) => boolean
  const run = (node: RegexTree, at: number, next: Next): boolean => {
    if (++steps > limit) throw new RangeError('Too many steps.')
    switch (node.type) {
      case 'empty':
        return at === text.length && next(at)
      case 'start':
        return at === 0 && next(at)
      case 'set': {
        const code = text.charCodeAt(at)
        return at < text.length && setsMeet(node.set, [[code, code]]) && next(at + 1)
      }
      case 'sequence': {
        const from = (index: number, place: number): boolean => {
          const item = node.items[index]
          return item === undefined ? next(place) : run(item, place, (after) => from(index + 1, after))
        }
        return from(0, at)
      }
      case 'choice':
        return node.branches.some((branch) => run(branch, at, next))
      case 'repeat': {
        const times = (count: number, place: number): boolean => {
          const more = (): boolean =>
            count < node.max &&
            run(node.body, place, (after) => (after === place && count >= node.min ? false : times(count + 1, after)))
          return more() || (count >= node.min && next(place))
        }
        return times(0, at)
      }
      case 'lookahead':
        throw new Error('The samples have none.')
    }
  }
  return { matches: run(tree, 0, () => true), steps }
}

const source: fc.Memo<string> = fc.memo((depth) => {
  const leaf = fc.constantFrom('a', 'b', 'c', '[ab]', '[^a]', '.', '\\w')
  if (depth <= 1) return leaf
  const inner = source(depth - 1)
  const suffix = fc.constantFrom('*', '+', '?', '{2}', '{0,2}', '{1,3}', '{2,}', '*?')
  return fc.oneof(
    leaf,
    fc.tuple(inner, suffix).map(([body, mark]) => `(?:${body})${mark}`),
    fc.tuple(inner, inner).map(([one, other]) => `${one}${other}`),
    fc.tuple(inner, inner).map(([one, other]) => `(?:${one}|${other})`),
    inner.map((body) => `(${body}|)`),
  )
})
const size = (tree: RegexTree): number => {
  switch (tree.type) {
    case 'sequence':
      return 1 + tree.items.reduce((sum, item) => sum + size(item), 0)
    case 'choice':
      return 1 + tree.branches.reduce((sum, branch) => sum + size(branch), 0)
    case 'repeat':
      return 2 + size(tree.body) * (tree.max === Infinity ? tree.min + 1 : tree.max)
    default:
      return 1
  }
}
const isRefused = (tree: RegexTree): boolean => {
  try {
    refuseAmbiguity(tree, false)
    return false
  } catch (error) {
    if (error instanceof PatternRefusal) return true
    throw error
  }
}

describe('ambiguity', () => {
  test('C-5 the parser reads what the engine reads', () => {
    fc.assert(
      fc.property(
        source(4),
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-'), maxLength: 6 }),
        (text, subject) => {
          fc.pre(size(parseRegex(text, '')) < 40)
          const expected = new RegExp(text, 'y').test(subject)
          expect(backtrack(parseRegex(text, ''), subject, 1e6).matches).toBe(expected)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('C-5 what is taken needs steps in proportion to the text, however the engine backtracks', () => {
    let taken = 0
    const subject = fc.oneof(
      fc.tuple(
        fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 3 }),
        fc.constantFrom('-', ''),
      ),
    )
    fc.assert(
      fc.property(source(5), subject, (text, [word, end]) => {
        const tree: RegexTree = { type: 'sequence', items: [parseRegex(text, ''), { type: 'empty' }] }
        if (isRefused(tree)) return
        taken++
        const subjectText = word.repeat(40).slice(0, 60) + end
        const places = size(tree)
        // Each place once for each character, and between two characters no more than the size of the expression.
        const limit = 4 * places * places * (subjectText.length + 1)
        expect(backtrack(tree, subjectText, limit).steps).toBeLessThanOrEqual(limit)
      }),
      { numRuns: 3000 },
    )
    expect(taken).toBeGreaterThan(300)
  })

  test('C-5 a refusal is not given for nothing: the classics need ever more steps', () => {
    for (const text of ['(?:a+)+', '(?:a|a)*', '(?:a|b|ab)*', '(?:a?b?)*', 'a*a*a*']) {
      const tree: RegexTree = { type: 'sequence', items: [parseRegex(text, ''), { type: 'empty' }] }
      expect(isRefused(tree), text).toBe(true)
      const short = backtrack(tree, `${'ab'.repeat(3)}-`, 1e7).steps + backtrack(tree, `${'a'.repeat(6)}-`, 1e7).steps
      const long = backtrack(tree, `${'ab'.repeat(6)}-`, 1e7).steps + backtrack(tree, `${'a'.repeat(12)}-`, 1e7).steps
      expect(long, text).toBeGreaterThan(3 * short)
    }
  })
})
