import { interruptByText } from './backchannel.ts'
import { takeLateFinal } from './commit-turn.ts'
import { openDecision } from './endpointing.ts'
import { audioBlock } from './guards.ts'
import { normalizeText } from './normalize-text.ts'
import { changeOpen, placeTranscript, turnText, type TranscriptEvent } from './open-turn.ts'
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
  if (isFinal) {
    boundQueued(step)
    interruptByText(step)
  }
  checkWords(step)
  decideByText(step, event, isFinal)
}

/** Segments that are kept for after an uninterruptible utterance. */
const maxQueuedSegments = 8

function boundQueued(step: Step): void {
  const { state } = step
  if (state.open === null || state.open.parts.length <= maxQueuedSegments || audioBlock(step) === null) return
  const gone = state.open.parts.slice(0, -maxQueuedSegments)
  changeOpen(step, { parts: state.open.parts.slice(-maxQueuedSegments) })
  for (const { text } of gone) step.effects.push({ type: 'dropUserText', text, reason: 'queueFull' })
  note(step, 'discarded', { reason: 'queueFull', segments: gone.length })
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
