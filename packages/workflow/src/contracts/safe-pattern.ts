import { parseRegex } from './pattern/parse-regex.ts'
import { refuseAmbiguity } from './pattern/regex-ambiguity.ts'
import { PatternRefusal } from './pattern/regex-tree.ts'

/** An engine that takes linear time for every pattern it accepts. `test` looks for a match anywhere. */
export type RegexEngine = (source: string, flags: string) => { test(text: string): boolean }

/** How a pattern is used. */
export interface PatternUse {
  /** @default '' */
  flags?: string
  /** Matched anywhere in the text, as in JSON Schema; else from its start. @default false */
  search?: boolean
  /** Judges and runs the pattern itself. */
  regexEngine?: RegexEngine
}

/** Most characters of a pattern. */
export const MAX_PATTERN_CHARACTERS = 1000
/** Most characters of a text that a pattern is held against; a longer one does not match. */
export const MAX_SUBJECT_CHARACTERS = 100_000

/**
 * Why a pattern is not taken: it is too long, cannot be read, or may backtrack for longer than its text is long.
 * Undefined when it is fine. The text ends without a full stop and quotes nothing of the pattern.
 */
export function refusePattern(
  source: string,
  { flags = '', search = false, regexEngine }: PatternUse = {},
): string | undefined {
  if (source.length > MAX_PATTERN_CHARACTERS) return `it is longer than ${MAX_PATTERN_CHARACTERS} characters`
  const supported = regexEngine === undefined ? /^[dgimsuy]*$/ : /^[dgisuvy]*$/
  if (!supported.test(flags)) return 'it has a flag that is not supported'
  if (regexEngine !== undefined) return refusalOf(() => void regexEngine(source, flags))
  return refusalOf(() => {
    refuseAmbiguity(parseRegex(source, compile(source, flags).flags), search)
  })
}

function refusalOf(run: () => void): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof PatternRefusal) return error.message
    // Engines tell a wrong pattern by throwing; their words quote the pattern.
    return 'it is not a regular expression'
  }
}

/** The flags of a pattern that is given as text: `u` where the pattern allows it, so that characters are whole. */
export function flagsOfText(source: string): string {
  try {
    return new RegExp(source, 'u').flags
  } catch {
    // Older patterns escape what needs no escape. Whether it is wrong otherwise, `refusePattern` says.
    return ''
  }
}

function compile(source: string, flags: string): RegExp {
  return new RegExp(source, flags.replaceAll(/[dgy]/g, ''))
}

/** Whether a text matches from its first character on. The pattern has passed `refusePattern`. */
export function createStartPattern(
  source: string,
  flags: string,
  regexEngine?: RegexEngine,
): (text: string) => boolean {
  if (regexEngine !== undefined) {
    const engine = regexEngine(`^(?:${source})`, flags.replaceAll(/[dgy]/g, ''))
    return (text) => text.length <= MAX_SUBJECT_CHARACTERS && engine.test(text)
  }
  const sticky = new RegExp(source, `${compile(source, flags).flags}y`)
  return (text) => {
    sticky.lastIndex = 0
    return text.length <= MAX_SUBJECT_CHARACTERS && sticky.test(text)
  }
}

/** Whether a text has a match anywhere. The pattern has passed `refusePattern` for searching. */
export function createSearchPattern(source: string, regexEngine?: RegexEngine): (text: string) => boolean {
  const flags = flagsOfText(source)
  const engine = regexEngine === undefined ? compile(source, flags) : regexEngine(source, flags)
  return (text) => text.length <= MAX_SUBJECT_CHARACTERS && engine.test(text)
}
