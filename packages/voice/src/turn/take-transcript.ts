import { interruptByText } from './backchannel.ts'
import { takeLateFinal } from './commit-turn.ts'
import { openDecision } from './endpointing.ts'
import { normalizeText } from './normalize-text.ts'
import { placeTranscript, turnText, type TranscriptEvent } from './open-turn.ts'
import { abortSpeculation, speculate } from './speculation.ts'
import { effectiveMode } from './turn-delays.ts'
import { cancelTimer, instant, note, type Step } from './turn-step.ts'
import { checkWords } from './watchdogs.ts'

/** The recognizer gave text. */
export function takeTranscript(step: Step, event: TranscriptEvent): void {
  const { state } = step
  if (state.isOnHold || state.isClosing) return note(step, 'ignored', { event: event.type, reason: 'guard' })
  const isFinal = event.type === 'sttFinal'
  if (event.text.trim() !== '') heardText(step)
  if (isFinal && takeLateFinal(step, event.id, event.text.trim(), event.lastWordEndMs)) return
  if (!isFinal && state.recentTranscriptIds.includes(event.id)) return
  if (event.text.trim() === '' && state.open === null) return
  placeTranscript(step, event, isFinal)
  const text = turnText(state.open)
  if (state.speculation !== null && state.speculation.text !== normalizeText(text)) abortSpeculation(step, 'text')
  if (event.type === 'sttEager') speculate(step, true)
  if (isFinal) interruptByText(step)
  checkWords(step)
  decideByText(step, event, isFinal)
}

function heardText(step: Step): void {
  const { state } = step
  state.lastTextAtMs = step.nowMs
  state.sttFailures = 0
  cancelTimer(step, 'noTranscript')
  cancelTimer(step, 'sttSilent')
}

/** Text itself opens a decision where no silence will: it came late, or nobody listens for silence. */
function decideByText(step: Step, event: TranscriptEvent, isFinal: boolean): void {
  const { state, settings } = step
  if (turnText(state.open) === '' || state.speech !== null) return
  switch (effectiveMode(step)) {
    case 'vad': {
      if (!isFinal || state.decision !== null) return
      return openDecision(step, 'transcript', instant(step, event.lastWordEndMs, state.lastVoicedAtMs ?? step.nowMs))
    }
    case 'inactivity': {
      if (state.decision !== null && state.decision.trigger !== 'transcript') return
      const isPlain = settings.endpointing.mode === 'stt'
      const anchorMs = isPlain ? step.nowMs : instant(step, event.lastWordEndMs, step.nowMs)
      state.lastVoicedAtMs = anchorMs
      return openDecision(step, 'transcript', anchorMs)
    }
    case 'stt':
    case 'provider':
    case 'manual':
      return
  }
}
