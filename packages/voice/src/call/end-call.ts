import { noteReceipt, type CallCore } from './call-core.ts'
import { atMost } from './at-most.ts'
import type { SayOptions, Speech, SpeechHandle, SpeechOutcome } from './call-types.ts'

/** How long a goodbye is waited for, in milliseconds (G-3). */
export const GOODBYE_MS = 8_000

/**
 * Says goodbye, waits until it was heard, and hangs up. What is being said ends first. A person who speaks into the
 * goodbye keeps the call.
 * @returns whether the call was ended
 */
export async function endCall(
  core: CallCore,
  goodbye: string | undefined,
  on: { say(text: string | Speech, options: SayOptions): SpeechHandle; hangup(): Promise<void> },
): Promise<boolean> {
  const { clock } = core.parts.access
  const running = [...core.replies.values()].map(({ over }) => over)
  await atMost(clock, GOODBYE_MS, Promise.allSettled(running))
  if (core.isEnding) return true
  if (goodbye !== undefined && goodbye.trim() !== '') {
    let outcome: SpeechOutcome | undefined
    const spoken = on.say(goodbye, { kind: 'farewell' }).then((settled) => void (outcome = settled))
    await atMost(clock, GOODBYE_MS, Promise.resolve(spoken))
    if (outcome?.status === 'interrupted') {
      noteReceipt(core, 'endCallWithdrawn', { reason: 'interrupted' })
      return false
    }
  }
  await on.hangup()
  return true
}
