import type { Json, ToolCallPart } from '@parley/spec'
import { follow } from './follow-signal.ts'
import type { LoopServices } from './loop-input.ts'
import type { CallValue } from './tool-results.ts'

/** One call that may outlive its turn. */
export interface YieldingCall {
  running: () => Promise<CallValue>
  /** Stops the call. */
  own: AbortController
  /** Ends with the turn. */
  turn: AbortSignal
  services: LoopServices
  call: ToolCallPart
  /**
   * What becomes of it when the turn yields: it goes on by itself, is stopped, or is waited for, as a handoff is: it is a
   * transaction and ends soon.
   */
  onYield: 'goesOn' | 'stops' | 'isAwaited'
  /** A result as the log may hold it. */
  shown(value: Json): Json
}

/**
 * Runs a call to its end, or lets it go on by itself when its turn yields: the turn gets a placeholder then, and the result
 * is delivered to the agent that is active when it comes.
 */
export async function orYield(yielding: YieldingCall): Promise<CallValue> {
  const { running, own, turn, services, call, shown } = yielding
  const unfollow = follow(own, turn)
  const { yielded, background, deliverOutcome, runningCalls } = services
  if (yielded === undefined || background === undefined || deliverOutcome === undefined)
    return running().finally(unfollow)
  const work = running()
  const gaveWay = Promise.withResolvers<'yielded'>()
  const onYield = (): void => gaveWay.resolve('yielded')
  if (yielded.aborted) onYield()
  else yielded.addEventListener('abort', onYield, { once: true })
  try {
    const first = await Promise.race([work, gaveWay.promise])
    if (first !== 'yielded') return first
    if (yielding.onYield === 'isAwaited') return await work
    if (yielding.onYield === 'stops') {
      own.abort(yielded.reason)
      return await work
    }
    unfollow()
    const found = runningCalls?.abandon(own)
    background(async (signal) => {
      const stop = follow(own, signal)
      const { value = null, error } = await work.finally(() => {
        stop()
        found?.()
      })
      const result: Json =
        error === undefined
          ? { status: 'completed', result: shown(value) }
          : { status: 'failed', error: { code: error.code, message: error.message } }
      await deliverOutcome({ callId: call.callId, tool: call.name, result, isLate: true })
    })
    return { value: { status: 'still in progress' } }
  } finally {
    yielded.removeEventListener('abort', onYield)
    if (!yielded.aborted) unfollow()
  }
}
