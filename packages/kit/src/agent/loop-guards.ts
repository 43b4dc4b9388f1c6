/** What a guard says of one more call. */
export type CallVerdict = 'run' | 'repeated' | 'forceAnswer'

/** Counts what a model repeats in one turn. */
export interface LoopGuards {
  /** One more call of this name with these arguments (canonical text). */
  countCall(name: string, args: string): CallVerdict
  /** One more result of this tool; true when the model should be told that it keeps getting the same. */
  countResult(name: string, result: string): boolean
}

/** Counters of one turn: the fourth equal call is answered, the fifth ends the use of tools; the third equal result is noted. */
export function createLoopGuards({ sameCalls, sameResults }: { sameCalls: number; sameResults: number }): LoopGuards {
  const calls = new Map<string, number>()
  const results = new Map<string, { text: string; count: number }>()
  return {
    countCall(name, args) {
      const key = `${name}\n${args}`
      const count = (calls.get(key) ?? 0) + 1
      calls.set(key, count)
      if (count <= sameCalls) return 'run'
      return count === sameCalls + 1 ? 'repeated' : 'forceAnswer'
    },
    countResult(name, result) {
      const last = results.get(name)
      const count = last?.text === result ? last.count + 1 : 1
      results.set(name, { text: result, count })
      return count >= sameResults
    },
  }
}
