import { alternate } from '../alternate.ts'
import { toFigure, type UnnamedFigure } from '../figure.ts'
import type { BenchContext } from '../suite.ts'

/** What one component does for one frame of 20 ms, on both sides. */
export interface FramePair {
  metric: string
  peerName: string
  ours(): unknown
  peer(): unknown
  note?: string
}

/** Nanoseconds per frame of both sides. */
export async function perFrame(
  { metric, peerName, ours, peer, note }: FramePair,
  { progress, isQuick }: BenchContext,
): Promise<UnnamedFigure> {
  const measured = await alternate(
    { ours: () => nanoseconds(ours, isQuick), peer: () => nanoseconds(peer, isQuick) },
    { rounds: isQuick ? 1 : 7, progress },
  )
  return toFigure({
    metric,
    unit: 'ns/frame',
    better: 'lower',
    ours: measured.ours,
    peer: measured.peer,
    peerName,
    n: measured.n,
    ...(note === undefined ? {} : { note }),
  })
}

/** Calls for long enough that reading the clock costs nothing: a frame may take less than a microsecond. */
function nanoseconds(run: () => unknown, isQuick: boolean): number {
  const wantedMs = isQuick ? 2 : 60
  let frames = 0
  const startMs = performance.now()
  let passedMs = 0
  while (passedMs < wantedMs) {
    for (let call = 0; call < 50; call++) run()
    frames += 50
    passedMs = performance.now() - startMs
  }
  return (passedMs * 1e6) / frames
}
