/** One measured figure: ours, a peer's, and how many times better ours is. */
export interface Figure {
  /** The name the benchmark was called by. */
  readonly bench: string
  /** What was measured; begins with `bench` where that is its own subject. */
  readonly metric: string
  readonly unit: string
  readonly ours: number
  /** null where there is nothing to compare with; `note` then says why. */
  readonly peer: number | null
  readonly peerName: string
  /** How many times better than the peer, whatever the unit: above 1, ours is ahead. */
  readonly ratio: number | null
  /** Samples behind the numbers of each side. */
  readonly n: number
  readonly note?: string
}

/** What a figure is made of. */
export interface FigureInput {
  metric: string
  unit: string
  /** Whether a larger or a smaller number is the better one. */
  better: 'higher' | 'lower'
  ours: number
  peer: number | null
  peerName: string
  n: number
  note?: string
}

/** What a scenario gives; the name of its benchmark is added where it is printed. */
export type UnnamedFigure = Omit<Figure, 'bench'>

/** Makes a figure, with its ratio. @throws {RangeError} for a number that is no measurement */
export function toFigure({ metric, unit, better, ours, peer, peerName, n, note }: FigureInput): UnnamedFigure {
  for (const value of peer === null ? [ours] : [ours, peer]) {
    if (!Number.isFinite(value) || value < 0)
      throw new RangeError(`${metric} measured ${value} ${unit}, which is no measurement.`)
  }
  const figure = {
    metric,
    unit,
    ours: rounded(ours),
    peer: peer === null ? null : rounded(peer),
    peerName,
    ratio: ratioOf(better, ours, peer),
    n,
  }
  return note === undefined ? figure : { ...figure, note }
}

function ratioOf(better: 'higher' | 'lower', ours: number, peer: number | null): number | null {
  if (peer === null) return null
  const ratio = better === 'higher' ? ours / peer : peer / ours
  return Number.isFinite(ratio) ? rounded(ratio) : null
}

/** Four significant digits: more would pretend to be exact. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
