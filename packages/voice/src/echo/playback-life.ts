/** When the person's end may still be sounding. */
export interface PlaybackLife {
  /** Audio was handed to the far end that sounds there from `fromMs` until `untilMs`. */
  sent(fromMs: number, untilMs: number): void
  /** The far end said that everything had been played (or cleared) at that instant. */
  confirmedEnd(atMs: number): void
  /** Nothing sounds from that instant on, whatever was sent for later. */
  cut(atMs: number): void
  isAlive(atMs: number): boolean
}

interface Stretch {
  fromMs: number
  untilMs: number
}

const KEPT = 8

/** Keeps the last stretches of playback, so that text which comes late is judged by the instant it was said. */
export function createPlaybackLife(confirmedTailMs: number, unconfirmedTailMs: number): PlaybackLife {
  const stretches: Stretch[] = []
  return {
    sent(fromMs, untilMs) {
      const current = stretches.at(-1)
      if (current !== undefined && fromMs <= current.untilMs) {
        current.untilMs = Math.max(current.untilMs, untilMs + unconfirmedTailMs)
        return
      }
      stretches.push({ fromMs, untilMs: untilMs + unconfirmedTailMs })
      if (stretches.length > KEPT) stretches.shift()
    },
    confirmedEnd(atMs) {
      const current = stretches.at(-1)
      if (current !== undefined && atMs >= current.fromMs) current.untilMs = atMs + confirmedTailMs
    },
    cut(atMs) {
      while ((stretches.at(-1)?.fromMs ?? -Infinity) > atMs) stretches.pop()
      const current = stretches.at(-1)
      if (current !== undefined) current.untilMs = Math.min(current.untilMs, atMs + confirmedTailMs)
    },
    isAlive: (atMs) => stretches.some(({ fromMs, untilMs }) => atMs >= fromMs && atMs <= untilMs),
  }
}
