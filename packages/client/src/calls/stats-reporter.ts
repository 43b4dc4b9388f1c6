import { FRAME_MS, type CallFrame, type Clock, type MediaStats } from '@parley/spec'

const intervalMs = 5_000

/** Numbers of a call's connection, sent every 5 s. */
export interface StatsReporter {
  /** A frame has come. */
  frame(frame: CallFrame): void
  read(): MediaStats
  close(): void
}

/** Measures what comes and asks for the rest. */
export function createStatsReporter({
  clock,
  rttMs,
  underruns,
  outputLatencyMs,
  send,
}: {
  clock: Clock
  rttMs(): number | undefined
  underruns(): number
  outputLatencyMs(): number
  send(stats: MediaStats): void
}): StatsReporter {
  let last: { sequence: number; atMs: number } | undefined
  let jitterMs = 0
  let lost = 0
  const read = (): MediaStats => {
    const rtt = rttMs()
    return {
      ...(rtt === undefined ? {} : { rttMs: rtt }),
      jitterMs: Math.round(jitterMs * 10) / 10,
      underruns: underruns(),
      lost,
      outputLatencyMs: Math.round(outputLatencyMs()),
    }
  }
  const tick = (): void => {
    send(read())
    cancel = clock.setTimer(intervalMs, tick)
  }
  let cancel = clock.setTimer(intervalMs, tick)
  return {
    frame({ sequence, gap }) {
      const atMs = clock.monotonicMs()
      if (last !== undefined) {
        lost += Math.min(1_000, (sequence - last.sequence - 1) >>> 0)
        // A sixteenth of each difference, as RFC 3550 6.4.1 smooths it; after a pause there is nothing to compare.
        if (!gap) jitterMs += (Math.abs(atMs - last.atMs - FRAME_MS) - jitterMs) / 16
      }
      last = { sequence, atMs }
    },
    read,
    close: () => cancel(),
  }
}
