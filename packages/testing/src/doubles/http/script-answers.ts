import { ParleyError } from '@parley/spec'

/** Gives the entries of a script in order; the last one repeats. */
export function scriptAnswers<T>(vendor: string, script: readonly T[]): (request: { call: number }) => T {
  return ({ call }) => {
    const answer = script[Math.min(call, script.length - 1)]
    if (answer !== undefined) return answer
    throw new ParleyError({
      code: 'invalid_options',
      message: `The ${vendor} double has no answer. Give it a script or respond.`,
      details: { path: 'script', expected: 'at least one answer' },
    })
  }
}
