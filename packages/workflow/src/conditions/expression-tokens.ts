import type { Json } from '@parley/spec'

/** One sign, keyword, literal or path of an expression; columns from 1, in UTF-16 units. */
export type ExpressionToken = { column: number } & (
  | { kind: 'sign'; sign: string }
  | { kind: 'literal'; value: Json }
  | { kind: 'path'; path: string[] }
  | { kind: 'end' }
)

/** What is wrong with an expression, and where. */
export interface ExpressionProblem {
  message: string
  /** From 1, in UTF-16 units of the whole text. */
  column: number
}

/** A problem on its way out of the parser. */
export class ExpressionFault extends Error {
  readonly column: number

  constructor(message: string, column: number) {
    super(message)
    this.column = column
  }
}

const spacePattern = /\s*/uy
const textPattern = /"[^"\\]*(?:\\.[^"\\]*)*"|'[^']*'/uy
const numberPattern = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/uy
const namePattern = /[\p{L}_][\p{L}\p{N}_-]*/uy
const stepPattern = /\.([\p{L}\p{N}_-]+)|\[(?:(\d+)|("[^"\\]*(?:\\.[^"\\]*)*"|'[^']*'))\]/uy
const signPattern = /==|!=|<=|>=|[<>+\-*/%()[\],]/uy

const keywords: ReadonlySet<string> = new Set(['and', 'or', 'not', 'in'])
const constants: ReadonlyMap<string, Json> = new Map<string, Json>([
  ['true', true],
  ['false', false],
  ['null', null],
])
const otherLanguages: readonly (readonly [string, string])[] = [
  ['&&', 'and'],
  ['||', 'or'],
  ['!', 'not'],
  ['=', '=='],
]

/** Cuts an expression into tokens; the last one is the end. Throws `ExpressionFault`. */
export function readTokens(source: string): ExpressionToken[] {
  const tokens: ExpressionToken[] = []
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(source)
    if (match !== null) at = pattern.lastIndex
    return match
  }

  for (;;) {
    take(spacePattern)
    const column = at + 1
    if (at === source.length) return [...tokens, { kind: 'end', column }]
    const [text] = take(textPattern) ?? []
    if (text !== undefined) {
      tokens.push({ kind: 'literal', value: readQuoted(text, column), column })
      continue
    }
    const [number] = take(numberPattern) ?? []
    if (number !== undefined) {
      const value = Number(number)
      if (!Number.isFinite(value)) throw new ExpressionFault(`${number} is too large for a number.`, column)
      tokens.push({ kind: 'literal', value, column })
      continue
    }
    const [name] = take(namePattern) ?? []
    if (name !== undefined) {
      const constant = constants.get(name)
      if (constant !== undefined) tokens.push({ kind: 'literal', value: constant, column })
      else if (keywords.has(name)) tokens.push({ kind: 'sign', sign: name, column })
      else {
        const path = [name]
        for (let step = take(stepPattern); step !== null; step = take(stepPattern)) {
          const [, key, index, quoted] = step
          path.push(key ?? index ?? readQuoted(quoted ?? '', column))
        }
        tokens.push({ kind: 'path', path, column })
      }
      continue
    }
    const [sign] = take(signPattern) ?? []
    if (sign === undefined) throw unknownSign(source, at)
    tokens.push({ kind: 'sign', sign, column })
  }
}

/** The text between quotes: those of JSON with its escapes, or single ones without. */
function readQuoted(written: string, column: number): string {
  if (written.startsWith("'")) return written.slice(1, -1)
  try {
    return String(JSON.parse(written))
  } catch {
    throw new ExpressionFault(`${written.slice(0, 60)} is not a well written text.`, column)
  }
}

function unknownSign(source: string, at: number): ExpressionFault {
  const other = otherLanguages.find(([sign]) => source.startsWith(sign, at))
  if (other !== undefined) return new ExpressionFault(`"${other[0]}" is no operator: write "${other[1]}".`, at + 1)
  const sign = String.fromCodePoint(source.codePointAt(at) ?? 0)
  if (sign === '"' || sign === "'") return new ExpressionFault('This text has no closing quote.', at + 1)
  return new ExpressionFault(`${JSON.stringify(sign)} means nothing here.`, at + 1)
}
