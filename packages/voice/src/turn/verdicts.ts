/** Who answered an outbound call. */
export type AmdVerdict = 'human' | 'machine' | 'ivr' | 'unavailable' | 'uncertain'

/** Why an utterance was cut. */
export type InterruptReason =
  | 'speech'
  | 'turn'
  | 'dtmf'
  | 'typed'
  | 'command'
  | 'mode'
  | 'handoff'
  | 'closed'
  | 'failed'
  | 'stalled'
