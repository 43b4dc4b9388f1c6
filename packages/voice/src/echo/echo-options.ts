/** What the echo guard goes by. */
export interface EchoGuardOptions {
  /** How much of what was played is kept. @default 2 000 */
  referenceMs: number
  /** Longest way of the sound from the far end's speaker back to us. @default 800 */
  maxLagMs: number
  /** Correlation of the envelopes above which a window may be echo. @default 0.65 */
  correlation: number
  /** A window that is louder than the predicted echo by more is a person. @default 6 */
  doubleTalkDb: number
  /** Shortest stretch that is correlated; shorter suspect windows are widened into their past. @default 300 */
  minWindowMs: number
  /** How much louder echo is than what was played, before it has been learned. @default 0 */
  initialEchoDb: number
  /** Share of a transcript's words that must appear, in order, among the played ones. @default 0.6 */
  wordShare: number
  /** How long played words are remembered. @default 5 000 */
  wordsMs: number
  /** Words that were not played from which on a transcript is a person's. @default 2 */
  foreignWords: number
  /** Playback counts as alive for so long after its confirmed end. @default 300 */
  confirmedTailMs: number
  /** Playback counts as alive for so long after the last send while no end is confirmed. @default 2 000 */
  unconfirmedTailMs: number
}

export const defaultEchoGuardOptions: Readonly<EchoGuardOptions> = Object.freeze({
  referenceMs: 2_000,
  maxLagMs: 800,
  correlation: 0.65,
  doubleTalkDb: 6,
  minWindowMs: 300,
  initialEchoDb: 0,
  wordShare: 0.6,
  wordsMs: 5_000,
  foreignWords: 2,
  confirmedTailMs: 300,
  unconfirmedTailMs: 2_000,
})
