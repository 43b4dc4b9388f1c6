import type { UnnamedFigure } from './figure.ts'

/** What a scenario is given. */
export interface BenchContext {
  /** Says on standard error how far it is. */
  progress(text: string): void
  /** Shortens everything: for a look, not for figures to be kept. */
  readonly isQuick: boolean
}

/** Measures and gives figures as they are known. */
export type Scenario = (context: BenchContext) => AsyncIterable<UnnamedFigure>

/** A named benchmark: its scenarios by the name of their first figure. */
export interface Suite {
  readonly describes: string
  readonly scenarios: Readonly<Record<string, () => Promise<Scenario>>>
}
