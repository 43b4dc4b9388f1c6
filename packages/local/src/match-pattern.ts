import type { Json } from '@parley/spec'
import type { Span } from './number-words.ts'
import type { Pattern } from './pattern.ts'

/** Words that one `*` may stand for, at most. */
export const MAX_GAP_WORDS = 6

/** How a pattern fits a sentence best. */
export interface PatternMatch {
  /** Words of the sentence that the pattern names itself; what is captured or skipped does not count. */
  fixedWords: number
  captures: Record<string, Json>
}

interface Path {
  fixedWords: number
  capture?: { slot: string; value: Json }
  rest?: Path
}

/** Gives the values of a slot that can be read at a place of the sentence, the longest first. */
export type ReadSlotAt = (slot: string, at: number) => readonly Span<Json>[]

/**
 * Finds where a pattern fits into a sentence with the most fixed words; among equals the earliest place, the first
 * alternative and the shortest gap. Total, deterministic, at most steps x words evaluations.
 */
export function matchPattern(
  pattern: Pattern,
  words: readonly string[],
  readSlotAt: ReadSlotAt,
): PatternMatch | undefined {
  const { steps } = pattern
  const width = words.length + 1
  const known = new Map<number, Path | null>()
  const solve = (step: number, at: number): Path | null => {
    const key = step * width + at
    const solved = known.get(key)
    if (solved !== undefined) return solved
    const path = evaluate(step, at)
    known.set(key, path)
    return path
  }
  const evaluate = (step: number, at: number): Path | null => {
    const current = steps[step]
    if (current === undefined || current.op === 'end') return { fixedWords: 0 }
    if (current.op === 'jump') return solve(current.to, at)
    if (current.op === 'word') {
      const rest = words[at] === current.word ? solve(step + 1, at + 1) : null
      return rest && { fixedWords: rest.fixedWords + 1, rest }
    }
    if (current.op === 'split') return best(current.targets.map((target) => solve(target, at)))
    if (current.op === 'gap') {
      const longest = Math.min(MAX_GAP_WORDS, words.length - at)
      return best(Array.from({ length: longest + 1 }, (_, skipped) => solve(step + 1, at + skipped)))
    }
    const { slot } = current
    return best(
      readSlotAt(slot, at).map(({ length, value }) => {
        const rest = solve(step + 1, at + length)
        return rest && { fixedWords: rest.fixedWords, capture: { slot, value }, rest }
      }),
    )
  }
  const found = best(Array.from({ length: width }, (_, at) => solve(0, at)))
  return (found && { fixedWords: found.fixedWords, captures: capturesOf(found) }) || undefined
}

function best(paths: readonly (Path | null)[]): Path | null {
  let chosen: Path | null = null
  for (const path of paths) if (path && (!chosen || path.fixedWords > chosen.fixedWords)) chosen = path
  return chosen
}

function capturesOf(path: Path): Record<string, Json> {
  const captures: Record<string, Json> = {}
  for (let current: Path | undefined = path; current; current = current.rest) {
    if (current.capture && !Object.hasOwn(captures, current.capture.slot)) {
      captures[current.capture.slot] = current.capture.value
    }
  }
  return captures
}
