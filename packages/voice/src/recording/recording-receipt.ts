/** One file of a finished recording. */
export interface RecordedFile {
  /** Where the sink has put it. */
  where: string
  side: 'both' | 'caller' | 'agent'
  /** SHA-256 of the audio (everything after the 44 bytes of the header), as `sha256:<hex>`. */
  hash: string
  bytes: number
}

/** What is kept of a recording beside its files. */
export interface RecordingReceipt {
  /** Who was recorded. */
  who: readonly string[]
  /** Wall time of the first sample, ms since the epoch. */
  startedAt: number
  durationMs: number
  layout: 'mixed' | 'stereo' | 'tracks'
  files: readonly RecordedFile[]
  /** Hash of the first file. */
  hash: string
  /** Place of the first file. */
  where: string
  consent: 'given' | 'notAsked'
  /** How much was silenced by masks and pauses, both sides together. */
  maskedMs: number
  /** Audio that the sink was too slow for; it is silence in the file. */
  lostMs: number
}
