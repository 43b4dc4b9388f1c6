import type { TurnEvent } from './turn-events.ts'
import type { OpenTurn, TranscriptPart } from './turn-state.ts'
import { instant, nextId, setTimer, type Step } from './turn-step.ts'

/** Transcripts kept apart in one turn; more are joined from the front. */
const maxParts = 64

export type TranscriptEvent = Extract<TurnEvent, { type: 'sttInterim' | 'sttFinal' | 'sttEager' }>

/** The open turn; one is begun if there is none. */
export function ensureOpen(step: Step, startedAtMs: number): OpenTurn {
  const { state, settings } = step
  if (state.open !== null) return state.open
  const open: OpenTurn = {
    turnId: nextId(step, 'turn'),
    startedAtMs,
    parts: [],
    voicedMs: 0,
    awaitsFinal: false,
    activityAtMs: step.nowMs,
    speculations: 0,
    agentBackchannels: 0,
    isKept: false,
  }
  state.open = open
  setTimer(step, 'maxTurn', Math.max(step.nowMs, startedAtMs + settings.userTurn.maxMs))
  setTimer(step, 'watchdog', step.nowMs + settings.userTurn.watchdogMs)
  return open
}

/** Replaces fields of the open turn, if there is one. */
export function changeOpen(step: Step, change: Partial<OpenTurn>): void {
  if (step.state.open !== null) step.state.open = { ...step.state.open, ...change }
}

/** What the person has said so far. */
export function turnText(open: OpenTurn | null): string {
  if (open === null || open.parts.length === 0) return ''
  if (open.parts.length === 1) return open.parts[0]?.text ?? ''
  return open.parts.map((part) => part.text).join(' ')
}

/** Text of which the recognizer says that it will not change. */
export function finalText(open: OpenTurn | null): string {
  return open === null
    ? ''
    : open.parts
        .filter((part) => part.isFinal)
        .map((part) => part.text)
        .join(' ')
}

/** Whether a final text is still to come for what was heard. */
export function awaitsText(open: OpenTurn | null): boolean {
  return open !== null && (open.awaitsFinal || open.parts.some((part) => !part.isFinal))
}

/** Puts a transcript where it belongs: one of the same id is replaced, an empty final takes it back. */
export function placeTranscript(step: Step, event: TranscriptEvent, isFinal: boolean): void {
  const { state } = step
  const text = event.text.trim()
  const open = ensureOpen(
    step,
    instant(step, event.startMs, state.speech?.startedAtMs ?? state.lastVoicedAtMs ?? step.nowMs),
  )
  const known = open.parts.findIndex((part) => part.id === event.id)
  if (known >= 0 && !isFinal && open.parts[known]?.isFinal === true) return
  const part: TranscriptPart = {
    id: event.id,
    text,
    isFinal,
    endMs: event.lastWordEndMs === undefined ? null : instant(step, event.lastWordEndMs, step.nowMs),
    language: event.language ?? null,
    confidence: event.confidence !== undefined && Number.isFinite(event.confidence) ? event.confidence : null,
  }
  const isByHand = state.decision?.trigger === 'manual' || state.decision?.trigger === 'talk'
  const parts = open.parts.filter((other) => other.id !== event.id)
  if (text !== '') parts.splice(known >= 0 ? known : parts.length, 0, part)
  state.open = {
    ...open,
    parts: parts.length > maxParts ? joinFirst(parts) : parts,
    // A final while the person still speaks says nothing about the words that follow, unless it was asked for.
    awaitsFinal: isFinal && (state.speech === null || isByHand) ? false : open.awaitsFinal,
    activityAtMs: step.nowMs,
  }
}

function joinFirst(parts: readonly TranscriptPart[]): TranscriptPart[] {
  const [first, second, ...others] = parts
  if (first === undefined || second === undefined) return [...parts]
  return [{ ...second, text: `${first.text} ${second.text}`, isFinal: first.isFinal && second.isFinal }, ...others]
}
