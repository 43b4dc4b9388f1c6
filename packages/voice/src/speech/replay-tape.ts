import type { AudioFrame, SttStream } from '@parley/spec'

type Piece = { frame: AudioFrame; ms: number } | { frame: null; ms: number }

/** The last audio of an open turn, to be heard again by another recognizer. */
export interface ReplayTape {
  push(frame: AudioFrame): void
  silence(ms: number): void
  /** Gives everything to a stream; `false` if there was nothing. */
  replay(stream: SttStream): boolean
  clear(): void
}

/** Makes a tape that keeps the last `keepMs`. */
export function createReplayTape(keepMs: number): ReplayTape {
  let pieces: Piece[] = []
  let totalMs = 0

  function add(piece: Piece): void {
    pieces.push(piece)
    totalMs += piece.ms
    let drop = 0
    for (let first = pieces[drop]; first !== undefined && totalMs - first.ms >= keepMs; first = pieces[drop]) {
      totalMs -= first.ms
      drop += 1
    }
    if (drop > 0) pieces = pieces.slice(drop)
  }

  return {
    push(frame) {
      const ms = (frame.samples.length / frame.channels / frame.sampleRateHz) * 1_000
      add({ frame: { ...frame, samples: frame.samples.slice() }, ms })
    },
    silence: (ms) => add({ frame: null, ms: Math.min(ms, keepMs) }),
    replay(stream) {
      for (const { frame, ms } of pieces) {
        if (frame === null) stream.silence(ms)
        else stream.push(frame)
      }
      return pieces.length > 0
    },
    clear() {
      pieces = []
      totalMs = 0
    },
  }
}
