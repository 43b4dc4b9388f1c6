import type { VadOptions, VadResult, VadStream, VoiceActivityDetector } from '@parley/spec'

/** Gives one call's detection to everything in the call that needs it, so that inference runs once. */
export interface SharedVad extends VoiceActivityDetector {
  /** A result of the call's own detector. */
  tell(result: VadResult): void
}

/** Makes a detector whose streams hear the results that `tell` is given; what they are pushed is not looked at. */
export function createSharedVad(info: VoiceActivityDetector['info']): SharedVad {
  const listeners = new Set<(result: VadResult) => void>()
  return {
    info,
    create({ onResult }: VadOptions): VadStream {
      listeners.add(onResult)
      return {
        push() {},
        reset() {},
        close: async () => void listeners.delete(onResult),
      }
    },
    tell(result) {
      for (const listener of listeners) listener(result)
    },
  }
}
