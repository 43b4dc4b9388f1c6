import type { Word } from '@parley/spec'

/** Words of a segment with what came later: words that begin before known ones end replace those. */
export function mergeWords(known: readonly Word[], words: readonly Word[]): Word[] {
  const fromMs = words[0]?.startMs ?? Number.POSITIVE_INFINITY
  return [...known.filter((word) => word.endMs <= fromMs), ...words]
}
