/** Words of a text as they are compared: lower case, without punctuation. */
export function comparableWords(text: string): string[] {
  return text
    .toLowerCase()
    .normalize('NFKC')
    .replace(/['’]/g, '')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}

/** How much of what was heard had been played. */
export interface WordMatch {
  /** Share of the heard words that appear in order among the played ones, 0 to 1. */
  share: number
  /** Heard words that were not played at all. */
  foreign: number
}

/** Compares by the longest common subsequence. */
export function matchWords(heard: readonly string[], played: readonly string[]): WordMatch {
  if (heard.length === 0) return { share: 0, foreign: 0 }
  const known = new Set(played)
  let previous = new Uint16Array(played.length + 1)
  for (const word of heard) {
    const current = new Uint16Array(played.length + 1)
    for (let column = 1; column <= played.length; column++) {
      current[column] =
        played[column - 1] === word
          ? (previous[column - 1] ?? 0) + 1
          : Math.max(previous[column] ?? 0, current[column - 1] ?? 0)
    }
    previous = current
  }
  return {
    share: (previous[played.length] ?? 0) / heard.length,
    foreign: heard.filter((word) => !known.has(word)).length,
  }
}
