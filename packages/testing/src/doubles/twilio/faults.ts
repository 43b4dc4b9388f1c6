/** What goes wrong with a phone call. Times are ms from the start of the stream. */
export type TwilioFault =
  /** The upgrade carries a signature of another secret, or none. */
  | { kind: 'badSignature' | 'noSignature' }
  /** The stream connects and never starts. */
  | { kind: 'noStart' }
  /** `start` comes again. */
  | { kind: 'duplicateStart'; atMs: number }
  /** The person hangs up; with `duringPlayout` it is once that much has been heard. */
  | { kind: 'stop'; atMs?: number; duringPlayout?: number }
  /** The line breaks without a word. */
  | { kind: 'drop'; atMs: number }
  /** Frames arrive late, by up to `maxMs`, in order. */
  | { kind: 'jitter'; maxMs: number }
  /** Frames are missing; timestamps jump. */
  | { kind: 'loss'; percent: number }
  /** Nothing is sent for a time; timestamps jump. */
  | { kind: 'muted'; atMs: number; ms: number }
  /** Nothing is sent for a time, then everything at once: timestamps do not jump. */
  | { kind: 'stall'; atMs: number; ms: number }
  /** The socket stays open and nothing comes any more, marks neither. */
  | { kind: 'silentDeath'; atMs: number }
  | { kind: 'marksNever' }
  | { kind: 'marksLate'; ms: number }
  /** Playout runs slower or faster than time. */
  | { kind: 'playoutSpeed'; speed: number }
  /** Each frame of the person is sent twice. */
  | { kind: 'duplicate' }
  /** Messages that cannot be read come between the others: no JSON, a missing field, bytes, an unknown event. */
  | { kind: 'malformed' }
  /** One message of that many bytes. */
  | { kind: 'oversize'; bytes: number; atMs: number }
  /** Timestamps are off by so much. */
  | { kind: 'clockSkew'; ms: number }
  /** Messages go out in WebSocket fragments of a few bytes, splitting characters. */
  | { kind: 'drip' }
