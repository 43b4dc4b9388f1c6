import { cancelTimer, changeUtterance, floorHolder, isSpeaking, note, setTimer, type Step } from './turn-step.ts'

/** A tool inside a reply has begun or ended. */
export function takeTool(step: Step, utteranceId: string, change: 1 | -1): void {
  const { state, settings } = step
  const utterance = state.utterances.find((known) => known.utteranceId === utteranceId)
  if (utterance === undefined) return note(step, 'ignored', { event: 'toolCall', reason: 'unknown', utteranceId })
  const tools = Math.max(0, utterance.tools + change)
  changeUtterance(step, utteranceId, { tools })
  if (state.floorId !== utteranceId) return
  state.floorActivityAtMs = step.nowMs
  if (tools === 0) return cancelTimer(step, 'filler')
  if (change === 1 && settings.filler.enabled && state.fillers < settings.filler.max && state.timers.filler === null) {
    setTimer(step, 'filler', step.nowMs + settings.filler.delayMs)
  }
}

/** The tool takes long and everybody is silent: say something. Any speech starts the wait anew. */
export function fillerDue(step: Step): void {
  const { state, settings } = step
  const holder = floorHolder(state)
  const { delayMs, intervalMs, max } = settings.filler
  if (holder === undefined || holder.tools === 0 || state.fillers >= max) return
  const quietSinceMs = Math.max(state.floorActivityAtMs, state.lastVoicedAtMs ?? 0)
  if (isSpeaking(state) || state.decision !== null || state.pause !== null || state.isAsking)
    return setTimer(step, 'filler', step.nowMs + delayMs)
  if (quietSinceMs + delayMs > step.nowMs) return setTimer(step, 'filler', quietSinceMs + delayMs)
  state.fillers += 1
  step.effects.push({ type: 'playFiller', utteranceId: holder.utteranceId })
  note(step, 'filler', { utteranceId: holder.utteranceId, count: state.fillers })
  if (state.fillers < max) setTimer(step, 'filler', step.nowMs + intervalMs)
}
