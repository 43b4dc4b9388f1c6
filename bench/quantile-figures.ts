import { toFigure, type FigureInput, type UnnamedFigure } from './figure.ts'
import { quantile } from './statistics.ts'

/** Samples of which quantiles are figures; fewer is better. */
export interface QuantileInput extends Pick<FigureInput, 'metric' | 'unit' | 'peerName' | 'note'> {
  ours: readonly number[]
  /** Empty where there is nothing to compare with. */
  peer: readonly number[]
  /** In percent. @default 50 and 99 */
  percents?: readonly number[]
}

/** A figure for each quantile, named `metric-p50` and so on. */
export function* quantileFigures({
  metric,
  ours,
  peer,
  percents = [50, 99],
  ...same
}: QuantileInput): Iterable<UnnamedFigure> {
  for (const percent of percents) {
    yield toFigure({
      ...same,
      metric: `${metric}-p${percent}`,
      better: 'lower',
      ours: quantile(ours, percent / 100),
      peer: peer.length === 0 ? null : quantile(peer, percent / 100),
      n: ours.length,
    })
  }
}
