/** Audio as it was sent. */
export interface SentAudio {
  bytes: Uint8Array
  durationMs: number
  /** Position of its end in its stream. */
  endMs: number
  /** Instant of its last sample. */
  atMs: number
}

/** The last audio, to be sent again when a connection is made anew. */
export interface SentAudioRing {
  add(audio: SentAudio): void
  /** Takes out what ends after a position: it was not settled yet. */
  takeAfter(positionMs: number): SentAudio[]
  /** Forgets what ends before a position. */
  forgetUntil(positionMs: number): void
}

/** Makes a ring that holds at most so much audio. */
export function createSentAudioRing(maxMs: number): SentAudioRing {
  let held: SentAudio[] = []
  let heldMs = 0
  const drop = (): void => {
    heldMs -= held.shift()?.durationMs ?? 0
  }
  return {
    add(audio) {
      held.push(audio)
      heldMs += audio.durationMs
      while (heldMs > maxMs) drop()
    },
    takeAfter(positionMs) {
      const rest = held.filter(({ endMs }) => endMs > positionMs)
      held = []
      heldMs = 0
      return rest
    },
    forgetUntil(positionMs) {
      while (held[0] !== undefined && held[0].endMs <= positionMs) drop()
    },
  }
}
