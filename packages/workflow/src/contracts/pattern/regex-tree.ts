import type { CharacterSet } from './character-set.ts'

/** What a regular expression is made of. */
export type RegexTree =
  | { readonly type: 'set'; readonly set: CharacterSet }
  /** An assertion that takes no character: `$`, `\b`. */
  | { readonly type: 'empty' }
  /** `^` at the start of the text. */
  | { readonly type: 'start' }
  | { readonly type: 'sequence'; readonly items: readonly RegexTree[] }
  | { readonly type: 'choice'; readonly branches: readonly RegexTree[] }
  | { readonly type: 'repeat'; readonly body: RegexTree; readonly min: number; readonly max: number }
  | { readonly type: 'lookahead'; readonly body: RegexTree }

/** A reason for which a regular expression is not taken. Caught where the pattern was given. */
export class PatternRefusal extends Error {
  override readonly name = 'PatternRefusal'
}
