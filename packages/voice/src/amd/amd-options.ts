/** How it is told who answers an outbound call. */
export interface AmdOptions {
  /** Speech of a person is at most so long. @default 2 500 */
  humanSpeechMs: number
  /** Silence after it that makes it a person's. @default 500 */
  humanSilenceMs: number
  /** Silence after a machine's greeting before anything is spoken; a beep does too. @default 1 500 */
  machineSilenceMs: number
  /** No speech for so long is `uncertain`. @default 10 000 */
  noSpeechMs: number
  /** Bound on the whole, without extensions. @default 20 000 */
  totalMs: number
  /** How often the bound is put off while somebody still speaks. @default 3 */
  maxExtensions: number
  /** Bound on all extensions together. @default 10 000 */
  extensionMs: number
  /** How long a plugged-in classifier may take. @default 2 000 */
  classifierMs: number
}

export const defaultAmdOptions: Readonly<AmdOptions> = Object.freeze({
  humanSpeechMs: 2_500,
  humanSilenceMs: 500,
  machineSilenceMs: 1_500,
  noSpeechMs: 10_000,
  totalMs: 20_000,
  maxExtensions: 3,
  extensionMs: 10_000,
  classifierMs: 2_000,
})
