import { median } from './statistics.ts'

/** One side of a comparison: runs a round and says what it measured. */
export type Side = () => Promise<number> | number

/** How two sides are compared. */
export interface AlternateOptions {
  /** @default 5 */
  rounds?: number
  /** Rounds that are run and not counted. @default 1 */
  warmUps?: number
  /** Told what is going on. */
  progress?: (text: string) => void
}

/** Medians of what the sides measured. */
export type Alternated<Names extends string> = Record<Names, number> & { n: number }

/**
 * Runs sides in turn, the order reversed in every other round, so that what disturbs the machine meets all of them.
 */
export async function alternate<Names extends string>(
  sides: Record<Names, Side>,
  { rounds = 5, warmUps = 1, progress = () => {} }: AlternateOptions = {},
): Promise<Alternated<Names>> {
  // The keys of a literal with these names.
  const names = Object.keys(sides) as Names[]
  const samples = new Map<Names, number[]>(names.map((name) => [name, []]))
  for (let round = -warmUps; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      progress(round < 0 ? `warm-up of ${name}` : `${name}, round ${round + 1} of ${rounds}`)
      globalThis.gc?.()
      const sample = await sides[name]()
      if (round >= 0) samples.get(name)?.push(sample)
    }
  }
  const medians = Object.fromEntries(names.map((name) => [name, median(samples.get(name) ?? [])]))
  // Made of exactly these names.
  return { ...(medians as Record<Names, number>), n: rounds }
}
