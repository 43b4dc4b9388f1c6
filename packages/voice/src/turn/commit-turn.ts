import { judgesSpeech } from './guards.ts'
import { interrupt } from './interrupt.ts'
import { normalizeText } from './normalize-text.ts'
import { awaitsText, ensureOpen, turnText } from './open-turn.ts'
import { abortSpeculation, adoptSpeculation, matchesSpeculation } from './speculation.ts'
import type { CommittedTurn } from './turn-effects.ts'
import type { OpenTurn, TranscriptPart } from './turn-state.ts'
import { cancelTimer, isSpeaking, nextId, note, setTimer, type Step } from './turn-step.ts'

/** Ids of transcripts of the past that are known again. */
const maxRecentIds = 64

export interface CommitOptions {
  anchorMs: number
  source: 'speech' | 'typed' | 'dtmf'
  trigger: string
  truncated?: 'maxTurn'
  /** The line closes: it is written down only. */
  isLast?: boolean
}

/** Whether somebody who answers is to be asked. */
export function asksAgent({ state }: Step): boolean {
  return state.mode === 'agent' && !state.isClosing && !state.isAmd && !state.isOnHold
}

/** Commits the open turn: what it cuts falls first, so that heard text stands in the log before it. */
export function commitTurn(step: Step, { anchorMs, source, trigger, truncated, isLast = false }: CommitOptions): void {
  const { state, settings } = step
  const open = ensureOpen(step, anchorMs)
  const text = turnText(open)
  const asks = asksAgent(step) && !isLast
  const fromInterim = source === 'speech' && open.parts.some((part) => !part.isFinal)
  if (!isLast && judgesSpeech(step)) {
    interrupt(step, source === 'speech' ? 'turn' : source)
  }
  const turn = describe(step, open, { text, anchorMs, source, asks, fromInterim, truncated })
  const isForeseen = asks && matchesSpeculation(step, text)
  if (!isForeseen) abortSpeculation(step, asks ? 'text' : 'notAsked')
  step.effects.push({ type: 'commitUserTurn', turn })
  if (isForeseen) adoptSpeculation(step, open.turnId)
  note(step, 'committed', {
    turnId: open.turnId,
    trigger,
    anchorMs,
    delayMs: step.nowMs - anchorMs,
    probability: state.decision?.probability ?? null,
    words: text === '' ? 0 : text.split(' ').length,
    fromInterim,
    asksAgent: asks,
  })
  remember(step, open.turnId, anchorMs, text, open.parts, asks)
  clearOpen(step)
  state.hasUserTurn = true
  state.isAway = false
  state.idlePrompts = 0
  if (asks) awaitReply(step, open.turnId)
  if (truncated !== undefined) {
    step.effects.push({
      type: 'notify',
      event: 'turnTruncated',
      data: { turnId: open.turnId, cutIn: settings.userTurn.cutIn },
    })
    state.mayInterject = settings.userTurn.cutIn === 'interject' && isSpeaking(state)
  }
}

function describe(
  { state }: Step,
  open: OpenTurn,
  turn: {
    text: string
    anchorMs: number
    source: 'speech' | 'typed' | 'dtmf'
    asks: boolean
    fromInterim: boolean
    truncated: 'maxTurn' | undefined
  },
): CommittedTurn {
  const language = open.parts.find((part) => part.language !== null)?.language ?? state.language
  const confidences = open.parts.flatMap(({ confidence }) => (confidence === null ? [] : [confidence]))
  return {
    turnId: open.turnId,
    text: turn.text,
    startedAtMs: open.startedAtMs,
    lastVoicedAtMs: turn.anchorMs,
    transcriptIds: open.parts.map(({ id }) => id),
    ...(language === null ? {} : { language }),
    ...(confidences.length === 0 ? {} : { confidence: Math.min(...confidences) }),
    ...(turn.fromInterim ? { fromInterim: true } : {}),
    ...(turn.truncated === undefined ? {} : { truncated: turn.truncated }),
    source: turn.source,
    asksAgent: turn.asks,
  }
}

function remember(
  step: Step,
  turnId: string,
  anchorMs: number,
  text: string,
  parts: readonly TranscriptPart[],
  asks: boolean,
): void {
  const { state } = step
  state.committed = {
    turnId,
    anchorMs,
    atMs: step.nowMs,
    text: normalizeText(text),
    parts,
    asksAgent: asks,
    isAnswered: false,
  }
  state.recentTranscriptIds = [...state.recentTranscriptIds, ...parts.map(({ id }) => id)].slice(-maxRecentIds)
}

/** From now on an answer is owed. */
export function awaitReply(step: Step, turnId: string): void {
  step.state.awaiting = { turnId, sinceMs: step.nowMs }
  setTimer(step, 'thinking', step.nowMs + step.settings.reply.thinkingTimeoutMs)
}

/** "Mm-hm" is written down as such, and nobody is asked. */
export function commitBackchannel(step: Step, open: OpenTurn): void {
  const text = turnText(open)
  const anchorMs = step.state.lastVoicedAtMs ?? step.nowMs
  const turn = describe(step, open, {
    text,
    anchorMs,
    source: 'speech',
    asks: false,
    fromInterim: false,
    truncated: undefined,
  })
  step.effects.push({ type: 'commitUserTurn', turn: { ...turn, isBackchannel: true } })
  step.effects.push({ type: 'notify', event: 'backchannel', data: { text } })
  note(step, 'backchannel', { turnId: open.turnId, words: text.split(' ').length })
  step.state.recentTranscriptIds = [...step.state.recentTranscriptIds, ...turn.transcriptIds].slice(-maxRecentIds)
}

/** The decision was made and there is nothing to commit. */
export function closeTurn(step: Step, reason: string): void {
  const { state } = step
  note(step, 'discarded', { reason, turnId: state.open?.turnId ?? null, anchorMs: state.decision?.anchorMs ?? null })
  abortSpeculation(step, reason)
  clearOpen(step)
}

/** What was said does not count. */
export function dropTurn(step: Step, reason: string): void {
  const { state } = step
  const text = turnText(state.open)
  if (text !== '') {
    step.effects.push({ type: 'dropUserText', text, reason })
    // Late finals of it are known again.
    const ids = state.open?.parts.map(({ id }) => id) ?? []
    state.recentTranscriptIds = [...state.recentTranscriptIds, ...ids].slice(-maxRecentIds)
  }
  closeTurn(step, reason)
}

function clearOpen(step: Step): void {
  const { state } = step
  state.open = null
  state.decision = null
  cancelTimer(step, 'decision')
  cancelTimer(step, 'maxTurn')
  cancelTimer(step, 'watchdog')
  cancelTimer(step, 'agentBackchannel')
  // They speak on: what follows is a turn of its own.
  if (state.speech !== null) {
    const open = ensureOpen(step, step.nowMs)
    state.open = { ...open, awaitsFinal: true }
  }
}

/**
 * A final for text that is committed already. One that was committed from interims is amended; the agent is asked again
 * only if the words differ and nothing of the answer was heard.
 * @returns whether the transcript belonged to the past
 */
export function takeLateFinal(step: Step, id: string, text: string, endMs: number | undefined): boolean {
  const { state } = step
  const { committed } = state
  const part = committed?.parts.find((known) => known.id === id)
  if (committed !== null && part !== undefined && !part.isFinal) {
    amend(step, id, text)
    return true
  }
  if (state.recentTranscriptIds.includes(id)) {
    note(step, 'ignored', { event: 'sttFinal', reason: 'repeated', transcriptId: id })
    return true
  }
  if (committed === null || state.open?.parts.some((open) => open.id === id) === true) return false
  const said = normalizeText(text)
  const isOld = endMs === undefined ? noSpeechSince(step, committed.atMs) : endMs <= committed.anchorMs
  const isSame =
    said !== '' && (said === committed.text || committed.parts.some((known) => normalizeText(known.text) === said))
  if (!isOld || !isSame) return false
  note(step, 'ignored', { event: 'sttFinal', reason: 'committedText', transcriptId: id })
  return true
}

/** Without word times a repetition is told by this: nothing was voiced since the commit. */
function noSpeechSince({ state, settings }: Step, atMs: number): boolean {
  return settings.stages.vad && state.isVadAlive && state.speech === null && (state.lastVoicedAtMs ?? 0) <= atMs
}

function amend(step: Step, id: string, text: string): void {
  const { state } = step
  const { committed } = state
  if (committed === null) return
  const parts = committed.parts.map((part) => (part.id === id ? { ...part, text, isFinal: true } : part))
  const whole = parts
    .map((part) => part.text)
    .filter((word) => word !== '')
    .join(' ')
  const differs = normalizeText(whole) !== committed.text
  const asks = differs && committed.asksAgent && !committed.isAnswered && asksAgent(step) && whole !== ''
  state.committed = { ...committed, parts, text: normalizeText(whole) }
  note(step, 'amended', { turnId: committed.turnId, differs, asksAgent: asks })
  // A recognizer that takes back all it said leaves nothing to put in its place.
  if (!differs || whole === '') return
  if (asks) interrupt(step, 'turn')
  step.effects.push({ type: 'amendUserTurn', turnId: committed.turnId, text: whole, asksAgent: asks })
  if (!asks) return
  // The new answer is to the same turn.
  state.supersededTurnIds = state.supersededTurnIds.filter((turnId) => turnId !== committed.turnId)
  awaitReply(step, committed.turnId)
}

/** Commits words that came by keyboard or keypad; what was being said stays open behind them. */
export function commitTyped(step: Step, id: string, text: string, source: 'typed' | 'dtmf'): void {
  const { state } = step
  const spoken = state.open
  const decision = state.decision
  const typed: OpenTurn = {
    turnId: nextId(step, 'turn'),
    startedAtMs: step.nowMs,
    parts: [{ id, text, isFinal: true, endMs: null, language: null, confidence: null }],
    voicedMs: 0,
    awaitsFinal: false,
    activityAtMs: step.nowMs,
    speculations: 0,
    agentBackchannels: 0,
    isKept: false,
  }
  if (spoken !== null && (turnText(spoken) !== '' || awaitsText(spoken))) {
    // Spoken words are the same person's same thought: they go first.
    state.open = {
      ...typed,
      turnId: spoken.turnId,
      startedAtMs: spoken.startedAtMs,
      parts: [...spoken.parts, ...typed.parts],
    }
  } else {
    state.open = typed
  }
  const anchorMs = step.nowMs
  const isMixed = state.open.parts.length > 1
  commitTurn(step, {
    anchorMs,
    // Words and keys of one turn are text; an entry of the keypad holds keys alone.
    source: isMixed ? 'typed' : source,
    trigger: decision === null ? source : `${source}+${decision.trigger}`,
  })
}
