import { ParleyError, type CloseReason, type Disposer } from '@parley/spec'
import { atMost } from './at-most.ts'
import { hookPayload, hookScope, noteReceipt, type CallCore } from './call-core.ts'
import { storeLog } from './store-log.ts'

/** How long ending a call may wait for its parts, in milliseconds. */
const CLOSE_MS = 2_000

/** What was heard and said so far is kept, then everything of the call ends (C-12, C-13). */
export async function closeCall(core: CallCore, reason: CloseReason, disposers: readonly Disposer[]): Promise<void> {
  const { access, abort, endpoint, id, roomId } = core.parts
  core.driver.feed({ type: 'command', command: { kind: 'close' } })
  core.isEnding = true
  core.requests.close()
  core.mustHear.close()
  core.opening.close()
  core.transfer.callEnded()
  void core.bridge.close(reason).catch((error: unknown) => access.reportError(error, 'bridge', roomId))
  core.speaking.close()
  const repliesOver = [...core.replies.values()].map(({ over }) => over)
  await atMost(access.clock, CLOSE_MS, Promise.allSettled([core.userTurns.settled, ...core.commits, ...repliesOver]))
  for (const dispose of disposers) dispose()
  // Finalized with the last word, before the call's end is in the log.
  await core.recording?.finish().catch((error: unknown) => access.reportError(error, 'recording', roomId))
  core.driver.close()
  core.captions.close()
  core.metrics.close()
  core.spans.close(reason)
  core.layers.close(callEnded(id))
  core.speculations.close()
  abort.abort(callEnded(id))
  await atMost(
    access.clock,
    CLOSE_MS,
    Promise.allSettled([core.hearing.close(), core.voices?.close(), endpoint.close(reason)]),
  )
  const durationMs = Math.floor(access.clock.monotonicMs() - core.startedMs)
  await recordEnd(core, reason, durationMs)
  access.fire('onCallEnded', { ...hookPayload(core), reason, durationMs }, hookScope(core))
  core.emitter.emit({ type: 'ended', reason })
  core.emitter.close()
}

/** What is asked of a call that is over. */
export function callEnded(callId: string): ParleyError {
  return new ParleyError({
    code: 'voice_call_ended',
    message: `Call ${callId} is over. Start a new one to speak.`,
    details: { callId },
  })
}

async function recordEnd(core: CallCore, reason: CloseReason, durationMs: number): Promise<void> {
  const { access, id, roomId, participantId } = core.parts
  noteReceipt(core, 'ledger', { ledger: JSON.parse(JSON.stringify(core.ledger.toJSON())) })
  storeLog(core)
  try {
    await access.record(roomId, {
      type: 'callEnded',
      content: {
        type: 'system',
        code: 'call_ended',
        text: 'The call is over.',
        data: { callId: id, participantId, reason, durationMs },
      },
    })
  } catch (error) {
    // A room that closed first has said so itself.
    if (!ParleyError.isInstance(error) || !['room_closed', 'room_archived'].includes(error.code))
      access.reportError(error, 'call', roomId)
  }
}
