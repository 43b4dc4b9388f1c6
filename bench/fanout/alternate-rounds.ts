import { median } from '../statistics.ts'
import type { BenchContext } from '../suite.ts'
import { sendRound, type FanoutRound, type FanoutSide } from './side.ts'

/** Medians of what both sides took, in turn. */
export async function alternateRounds(
  sides: { ours: FanoutSide; peer: FanoutSide },
  { progress, isQuick }: BenchContext,
): Promise<{ ours: FanoutRound; peer: FanoutRound; n: number }> {
  const rounds = isQuick ? 1 : 9
  const events = isQuick ? 10 : 100
  const taken: Record<'ours' | 'peer', FanoutRound[]> = { ours: [], peer: [] }
  for (let round = -2; round < rounds; round++) {
    progress(round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`)
    for (const name of round % 2 === 0 ? (['ours', 'peer'] as const) : (['peer', 'ours'] as const)) {
      globalThis.gc?.()
      const took = await sendRound(sides[name], events)
      if (round >= 0) taken[name].push(took)
    }
  }
  return { ours: middle(taken.ours), peer: middle(taken.peer), n: rounds }
}

function middle(rounds: readonly FanoutRound[]): FanoutRound {
  return {
    cpuUs: median(rounds.map(({ cpuUs }) => cpuUs)),
    lastByteUs: median(rounds.map(({ lastByteUs }) => lastByteUs)),
  }
}
