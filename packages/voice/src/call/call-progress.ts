import type { Disposer, EphemeralEvent } from '@parley/spec'
import type { CallHost } from './assemble-call.ts'
import type { CallCore } from './call-core.ts'

/** How often progress may be spoken, in milliseconds (T-6). */
const EVERY_MS = 10_000

/** Speaks what tools in the background report, when nobody speaks or is owed an answer; of several the latest. */
export function speakProgress(core: CallCore, host: Pick<CallHost, 'say'>): Disposer {
  const { kit, roomId, access } = core.parts
  let waiting: { agentId: string; text: string } | undefined
  let spokenMs = -EVERY_MS
  let stopTimer: Disposer = () => {}

  const trySpeaking = (): void => {
    const now = access.clock.monotonicMs()
    const isIdle = core.user !== 'speaking' && core.agent === 'listening' && core.speaking.open.length === 0
    if (waiting === undefined || core.isEnding || !isIdle) return
    if (now < spokenMs + EVERY_MS) {
      stopTimer()
      stopTimer = access.clock.setTimer(spokenMs + EVERY_MS - now, trySpeaking)
      return
    }
    const { agentId, text } = waiting
    waiting = undefined
    spokenMs = now
    void host.say(text, { agentId, commit: false, priority: 0 })
  }

  const heard = ({ from, data }: EphemeralEvent): void => {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) return
    const { isBackground, text } = data
    if (isBackground !== true || typeof text !== 'string' || text.trim() === '') return
    waiting = { agentId: from, text }
    trySpeaking()
  }

  const leave = [
    kit.subscribe(roomId, heard, { types: ['toolCallStarted'] }),
    // The state that follows may be another one still: the machine tells all of a step before anything is said.
    core.emitter.on('state', () => queueMicrotask(trySpeaking)),
  ]
  return () => {
    stopTimer()
    for (const dispose of leave) dispose()
  }
}
