/** What a double of an HTTP interface does wrong, once: the next request meets it. Several are met one after the other. */
export type HttpFault =
  /** An HTTP error; 429 and 503 say how long to wait. `code` is a word of the vendor. */
  | { kind: 'refuse'; status: number; code?: string; message?: string; retryAfterMs?: number }
  /** The connection is closed before any answer. */
  | { kind: 'refuseConnection' }
  /** Nothing is said for a time of the clock, or for good, before the headers or after some events. */
  | { kind: 'stall'; afterEvents?: number; ms?: number }
  /** The connection breaks after some events; `midCharacter` cuts inside a character. */
  | { kind: 'drop'; afterEvents: number; midCharacter?: boolean }
  /** The body ends properly after some events, without the terminal one. */
  | { kind: 'stop'; afterEvents: number }
  /** An error inside the stream after some events. */
  | { kind: 'errorEvent'; afterEvents: number; code?: string; message?: string }
  /** An event that is not JSON after some events. */
  | { kind: 'malformed'; afterEvents: number }
  /** An event of an unknown type before the others. */
  | { kind: 'unknownEvent' }
  /** Usage, the ids of calls or the finish reason are left out. */
  | { kind: 'omit'; what: 'usage' | 'ids' | 'finish' }
  /** All calls get the same id. */
  | { kind: 'repeatIds' }
  /** All events in one write, or one byte per write. */
  | { kind: 'burst' | 'drip' }
  /** Comment lines between events, or CRLF line ends. */
  | { kind: 'comments' | 'crlf' }
