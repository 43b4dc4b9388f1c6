import type { AudioOutput, Clock, Disposer } from '@parley/spec'

/** How long after the last audible frame somebody still counts as speaking, ms. */
export const SPEAKING_TAIL_MS = 350

/** Options of `followSpeaking`. */
export interface FollowSpeakingOptions {
  clock: Clock
  output: AudioOutput
  /** Called at each change; `atMs` is the instant on the clock. */
  onChange(isSpeaking: boolean, atMs: number): void
}

/**
 * Tells when a voice is heard: from the first audible frame until 350 ms after the last one, or until it is cleared. What is
 * generated and not yet audible does not count.
 */
export function followSpeaking({ clock, output, onChange }: FollowSpeakingOptions): Disposer {
  let isSpeaking = false
  let stopTail: Disposer | undefined

  const change = (next: boolean): void => {
    stopTail?.()
    stopTail = undefined
    if (isSpeaking === next) return
    isSpeaking = next
    onChange(next, clock.monotonicMs())
  }
  const stopListening = output.on('*', (event) => {
    switch (event.type) {
      case 'started':
        return change(true)
      case 'cleared':
        return change(false)
      case 'finished':
        if (!isSpeaking) return
        if (event.interrupted === true) return change(false)
        stopTail?.()
        stopTail = clock.setTimer(SPEAKING_TAIL_MS, () => change(false))
        return
      case 'progress':
        return
    }
  })
  return () => {
    stopListening()
    stopTail?.()
    stopTail = undefined
  }
}
