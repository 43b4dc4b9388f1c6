import { ParleyError, type ChannelId, type Clock } from '@parley/spec'
import { atMost } from '../call/at-most.ts'
import type { CallSession } from '../call/call-types.ts'

/** How long calls may take to hear that their line closes, in milliseconds. */
export const DRAIN_MS = 5_000

/** Says to everybody on a line that it closes, in the place of what is being said, and waits until they have heard it. */
export async function drainCalls(
  calls: readonly CallSession[],
  { clock, line, maxMs }: { clock: Clock; line: string; maxMs: number },
): Promise<void> {
  const told = calls.map(async (call) => {
    call.interrupt({ force: true })
    await call.say(line, { kind: 'farewell', interruptible: false, priority: 10 })
  })
  await atMost(clock, maxMs, Promise.allSettled(told))
}

/** What a call is answered that comes while the line closes. */
export function lineCloses(channelId: ChannelId): ParleyError {
  return new ParleyError({
    code: 'kit_closed',
    message: `Channel ${channelId} takes no new calls: the server is going down. Call again in a moment.`,
    retryable: true,
    details: { channelId },
  })
}
