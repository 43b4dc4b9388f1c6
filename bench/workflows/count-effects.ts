/** What one process did of a run before it ended. */
export interface WorkerLife {
  /** Steps of the chain whose results were kept when it started. */
  kept: number
  /** Steps whose effect it had, in order. */
  ran: readonly number[]
}

/** What became of the steps of a chain over the lives of all its workers. */
export interface EffectCount {
  /** Steps that never had their effect. */
  lost: number
  /** Effects of steps whose result had been kept before. */
  repeated: number
  /** Effects that were had again because their result had not been kept. */
  interrupted: number
}

/** Counts what was lost and what was done twice. */
export function countEffects(lives: readonly WorkerLife[], steps: number): EffectCount {
  const seen = new Set<number>()
  let repeated = 0
  let interrupted = 0
  for (const { kept, ran } of lives) {
    for (const step of ran) {
      if (step < kept) repeated += 1
      else if (seen.has(step)) interrupted += 1
      seen.add(step)
    }
  }
  let lost = 0
  for (let step = 0; step < steps; step++) if (!seen.has(step)) lost += 1
  return { lost, repeated, interrupted }
}
