import { decodePcmu } from '@parley/audio'
import type { Clock, Disposer } from '@parley/spec'
import type { HeardPiece } from '../../voice/heard-recorder.ts'

const frameSamples = 160
const frameMs = 20

/** What Twilio's end plays: in order, at real speed, from a buffer. */
export interface PhonePlayout {
  push(codes: Uint8Array): void
  /** Is given back when everything before it has been played; at once when nothing is. */
  mark(name: string): void
  /** Empties the buffer and gives all marks back, in order. */
  clear(): void
  close(): void
  readonly bufferedMs: number
  readonly heardMs: number
  readonly pieces: readonly HeardPiece[]
}

/** Makes an empty one. */
export function createPhonePlayout(options: {
  clock: Clock
  /** 1 is real time. */
  speed: number
  onMark(name: string): void
  /** After each frame that was played. */
  onHeard(heardMs: number): void
}): PhonePlayout {
  const { clock, speed, onMark, onHeard } = options
  const pieces: HeardPiece[] = []
  let queue: (Int16Array | { mark: string })[] = []
  let timer: Disposer | undefined
  /** When the frame that plays will be over. */
  let endsAtMs = 0
  let playing: HeardPiece | undefined
  let heardMs = 0

  const next = (): void => {
    timer = undefined
    if (playing !== undefined) {
      heardMs += frameMs
      playing = undefined
      onHeard(heardMs)
    }
    advance(true)
  }
  const advance = (goesOn = false): void => {
    while (playing === undefined) {
      const first = queue.shift()
      if (first === undefined) return
      if (!(first instanceof Int16Array)) {
        onMark(first.mark)
        continue
      }
      const nowMs = clock.monotonicMs()
      // Sound that goes on keeps its own time, whatever the timer's lateness.
      const startMs = goesOn ? endsAtMs : nowMs
      playing = { atMs: startMs, samples: first, sampleRateHz: 8_000 }
      pieces.push(playing)
      endsAtMs = startMs + frameMs / speed
      timer = clock.setTimer(Math.max(0, endsAtMs - nowMs), next)
    }
  }

  return {
    push(codes) {
      for (let offset = 0; offset < codes.length; offset += frameSamples) {
        queue.push(decodePcmu(codes.subarray(offset, offset + frameSamples)))
      }
      advance()
    },
    mark(name) {
      queue.push({ mark: name })
      advance()
    },
    clear() {
      const marks = queue.flatMap((entry) => (entry instanceof Int16Array ? [] : [entry.mark]))
      queue = []
      timer?.()
      timer = undefined
      if (playing !== undefined) {
        // Cut where it is.
        const playedMs = Math.min(frameMs, Math.max(0, clock.monotonicMs() - playing.atMs))
        playing.samples = playing.samples.slice(0, Math.floor(playedMs * speed * 8))
        heardMs += playedMs
        playing = undefined
      }
      endsAtMs = 0
      marks.forEach(onMark)
    },
    close() {
      timer?.()
      timer = undefined
      queue = []
    },
    get bufferedMs() {
      return queue.filter((entry) => entry instanceof Int16Array).length * frameMs
    },
    get heardMs() {
      return heardMs
    },
    pieces,
  }
}
