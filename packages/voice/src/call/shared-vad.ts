import type { VadOptions, VadResult, VadStream, VoiceActivityDetector } from '@parley/spec'

/** Frames whose place in a stream is remembered: longer than any detector is behind. */
const REMEMBERED = 256

/** Gives one call's detection to everything in the call that needs it, so that inference runs once. */
export interface SharedVad extends VoiceActivityDetector {
  /** The frame that is handed on next ends at this instant of the call's clock. */
  at(atMs: number): void
  /** A result of the call's own detector, on the call's clock. */
  tell(result: VadResult): void
}

/**
 * Makes a detector whose streams hear the results that `tell` is given, on the time that they push their own frames with:
 * streams count their audio, calls have a clock.
 */
export function createSharedVad(info: VoiceActivityDetector['info']): SharedVad {
  const streams = new Set<(result: VadResult) => void>()
  let frameAtMs = 0
  return {
    info,
    at(atMs) {
      frameAtMs = atMs
    },
    tell(result) {
      for (const tell of streams) tell(result)
    },
    create({ onResult }: VadOptions): VadStream {
      /** Ends of frames, on both times. */
      let ends: { callMs: number; streamMs: number }[] = []
      const tell = (result: VadResult): void => {
        const end = ends.find(({ callMs }) => callMs >= result.atMs) ?? ends.at(-1)
        if (end === undefined) return
        onResult({ ...result, atMs: Math.max(0, end.streamMs - Math.max(0, end.callMs - result.atMs)) })
      }
      streams.add(tell)
      return {
        push(_frame, streamMs) {
          ends.push({ callMs: frameAtMs, streamMs })
          if (ends.length > REMEMBERED) ends.shift()
        },
        reset() {
          ends = []
        },
        close: async () => void streams.delete(tell),
      }
    },
  }
}
