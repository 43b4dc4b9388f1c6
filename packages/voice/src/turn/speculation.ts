import { normalizeText } from './normalize-text.ts'
import { awaitsText, changeOpen, turnText } from './open-turn.ts'
import { isSpeaking, nextId, note, type Step } from './turn-step.ts'

/**
 * Starts a reply before the turn is certain, on the text as it stands. One at a time; a text that says the same keeps
 * the one that runs.
 */
export function speculate(step: Step, isEager: boolean): void {
  const { state, settings } = step
  const { preemptive } = settings
  if (!preemptive.enabled || state.open === null || mayNotSpeculate(step)) return
  const text = turnText(state.open)
  if (text === '' || (!isEager && (isSpeaking(state) || awaitsText(state.open)))) return
  if (state.speculation !== null) {
    if (matchesSpeculation(step, text)) return
    abortSpeculation(step, 'text')
  }
  if (state.open.speculations >= preemptive.maxAttempts || state.open.voicedMs > preemptive.maxSpeechMs) return
  const id = nextId(step, 'speculation')
  changeOpen(step, { speculations: state.open.speculations + 1 })
  state.speculation = { id, said: text, text: normalizeText(text), language: state.language }
  step.effects.push({
    type: 'speculate',
    speculationId: id,
    text,
    ...(state.language === null ? {} : { language: state.language }),
  })
  note(step, 'speculation', { speculationId: id, phase: 'started', attempt: state.open?.speculations ?? 0 })
}

function mayNotSpeculate({ state }: Step): boolean {
  return (
    state.mode !== 'agent' ||
    state.isOnHold ||
    state.isFrozen ||
    state.isAmd ||
    state.isMuted ||
    state.isLost ||
    state.isClosing ||
    state.utterances.some((utterance) => utterance.tools > 0) ||
    // While the agent speaks, words may be a backchannel or too few: the turn decides.
    state.floorId !== null
  )
}

/** Throws the running speculation away, and the utterance that came of it. */
export function abortSpeculation(step: Step, reason: string): void {
  const { state } = step
  if (state.speculation === null) return
  const { id } = state.speculation
  state.speculation = null
  step.effects.push({ type: 'abortSpeculation', speculationId: id })
  dropSpeculative(step, 'aborted')
  note(step, 'speculation', { speculationId: id, phase: 'aborted', reason })
}

/** Whether the running speculation was made for this very text. */
export function matchesSpeculation(step: Step, text: string): boolean {
  const { speculation, language } = step.state
  if (speculation === null || speculation.language !== language) return false
  // Asked when the turn is decided, and then it mostly is the same text.
  return speculation.said === text || speculation.text === normalizeText(text)
}

/** The turn came as foreseen: its utterance joins the queue. */
export function adoptSpeculation(step: Step, turnId: string): void {
  const { state } = step
  if (state.speculation === null) return
  const { id } = state.speculation
  state.speculation = null
  step.effects.push({ type: 'adoptSpeculation', speculationId: id, turnId })
  state.utterances = state.utterances.map((utterance) =>
    utterance.phase === 'speculative' ? { ...utterance, phase: 'queued', turnId } : utterance,
  )
  note(step, 'speculation', { speculationId: id, phase: 'adopted', turnId })
}

function dropSpeculative(step: Step, reason: string): void {
  const { state } = step
  for (const { utteranceId, phase } of state.utterances) {
    if (phase === 'speculative') step.effects.push({ type: 'dropUtterance', utteranceId, reason })
  }
  if (state.utterances.some(({ phase }) => phase === 'speculative')) {
    state.utterances = state.utterances.filter(({ phase }) => phase !== 'speculative')
  }
}
