/** How the call of a room stands, where that is worth a word. */
export interface CallStanding {
  /** The caller's line is lost: when the call ends unless it comes back, wall time in ms. */
  lostUntilMs?: number
  /** The call is over; why, as far as that is known. */
  ended?: { reason?: string }
}

/** Reasons with which a call ends that nobody hung up. */
const unwanted: ReadonlySet<string> = new Set(['lost', 'error'])

/** What the desk is told of a call beside who has the conversation; nothing of one that simply goes on. Pure. */
export function callNote({ lostUntilMs, ended }: CallStanding, nowMs: number): string | undefined {
  if (lostUntilMs !== undefined) {
    const seconds = Math.max(0, Math.ceil((lostUntilMs - nowMs) / 1_000))
    return `caller's connection lost, call ends in ${seconds} s`
  }
  if (ended === undefined) return undefined
  return unwanted.has(ended.reason ?? '') ? "call ended: caller's connection lost" : 'call ended'
}
