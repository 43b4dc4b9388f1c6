import type { RecordingSink, SampleRate } from '@parley/spec'

/** Whether calls are recorded: never, always, or once the person agreed. */
export type RecordingMode = 'off' | 'on' | 'consent'

/** How the two sides lie in files: one channel, caller left and agent right, or a file for each. */
export type RecordingLayout = 'mixed' | 'stereo' | 'tracks'

/** How calls of a channel are recorded. */
export interface RecordingOptions {
  /** @default 'off' */
  mode?: RecordingMode
  /** @default 'stereo' */
  layout?: RecordingLayout
  /** @default 'wav' */
  format?: 'wav'
  /** Where recordings go; needed unless the mode is `off`. */
  sink?: RecordingSink
  /** Rate of the files, in hertz. @default 16 000 */
  sampleRateHz?: SampleRate
  /** How long audio stays in memory before it reaches the sink, so that masks and clears come in time. @default 2 000 */
  holdbackMs?: number
  /** Audio kept in memory until consent is given or refused. @default 30 000 */
  consentHoldMs?: number
  /** No answer for so long is a refusal. @default 10 000 */
  consentTimeoutMs?: number
}

export const defaultRecordingOptions: Readonly<Required<Omit<RecordingOptions, 'sink'>>> = Object.freeze({
  mode: 'off',
  layout: 'stereo',
  format: 'wav',
  sampleRateHz: 16_000,
  holdbackMs: 2_000,
  consentHoldMs: 30_000,
  consentTimeoutMs: 10_000,
})

export const recordingOptionKeys: readonly string[] = [...Object.keys(defaultRecordingOptions), 'sink']
