import { assertNever } from '@parley/spec'
import { resolveOptions } from '../resolve-options.ts'
import type { AmdVerdict } from '../turn/verdicts.ts'
import { defaultAmdOptions, type AmdOptions } from './amd-options.ts'
import { judgePhrases, type AmdPhrases } from './amd-phrases.ts'

/** What can happen while it is found out who answered. Instants are on the call's clock. */
export type AmdEvent =
  /** The call was answered and audio flows. */
  | { type: 'answered' }
  | { type: 'speechStart'; atMs: number }
  /** `atMs`: the last voiced instant. */
  | { type: 'speechEnd'; atMs: number }
  /** All that was recognized so far. */
  | { type: 'text'; text: string; language?: string }
  | { type: 'beep' }
  /** The plugged-in classifier has answered; `null`: it failed. */
  | { type: 'classified'; verdict: AmdVerdict | null }
  | { type: 'timerFired'; timer: AmdTimer }
  | { type: 'hangup' }

export type AmdTimer = 'noSpeech' | 'silence' | 'total' | 'classifier' | 'machineSilence'

/** What the machine wants done. */
export type AmdEffect =
  | { type: 'setTimer'; timer: AmdTimer; atMs: number }
  | { type: 'cancelTimer'; timer: AmdTimer }
  /** Asks the plugged-in classifier; its answer comes as `classified`. */
  | { type: 'classify'; text: string; speechMs: number; deadlineMs: number }
  /** It is known who answered, for good. `by` says what decided. */
  | { type: 'verdict'; verdict: AmdVerdict; by: AmdReason; atMs: number }
  /** We may speak: at once, or after the machine's greeting. */
  | { type: 'maySpeak'; atMs: number }

export type AmdReason = 'timing' | 'words' | 'classifier' | 'beep' | 'noSpeech' | 'bound' | 'hangup'

/** Plain data: it can be stored and replayed. */
export interface AmdState {
  phase: 'idle' | 'listening' | 'classifying' | 'waitingForSilence' | 'done'
  startedAtMs: number
  /** Start of the speech that is going on. */
  speechStartedAtMs: number | null
  /** Start of the first speech. */
  firstSpeechAtMs: number | null
  lastVoicedAtMs: number | null
  /** Speech without its pauses. */
  speechMs: number
  text: string
  language: string | null
  extensions: number
  extendedMs: number
  verdict: AmdVerdict | null
}

export interface AmdStep {
  state: AmdState
  effects: AmdEffect[]
}

/** Finds out who answered an outbound call. Pure: no timers, no audio. */
export interface AmdMachine {
  readonly initial: AmdState
  step(state: AmdState, event: AmdEvent, nowMs: number): AmdStep
}

/** Options of `createAmdMachine`. */
export interface AmdMachineOptions extends Partial<AmdOptions> {
  /** Replaces the lists of phrases. */
  phrases?: Readonly<Record<string, AmdPhrases>>
  /** Whether `classify` is answered by a plugged-in model. @default false */
  hasClassifier?: boolean
}

const initial: AmdState = Object.freeze({
  phase: 'idle',
  startedAtMs: 0,
  speechStartedAtMs: null,
  firstSpeechAtMs: null,
  lastVoicedAtMs: null,
  speechMs: 0,
  text: '',
  language: null,
  extensions: 0,
  extendedMs: 0,
  verdict: null,
})

/**
 * Makes the machine.
 * @throws {ParleyError} `invalid_options`
 */
export function createAmdMachine({ phrases, hasClassifier = false, ...given }: AmdMachineOptions = {}): AmdMachine {
  const options = resolveOptions('amd', defaultAmdOptions, given)

  const conclude = (state: AmdState, verdict: AmdVerdict, by: AmdReason, nowMs: number): AmdStep => {
    const effects: AmdEffect[] = [
      { type: 'cancelTimer', timer: 'noSpeech' },
      { type: 'cancelTimer', timer: 'silence' },
      { type: 'cancelTimer', timer: 'classifier' },
      { type: 'verdict', verdict, by, atMs: nowMs },
    ]
    // Past the bound nobody is waited for, however long the greeting is.
    if (verdict !== 'machine' || by === 'beep' || by === 'bound') {
      effects.push({ type: 'cancelTimer', timer: 'total' })
      // A line that is dead hears nobody.
      if (verdict !== 'unavailable') effects.push({ type: 'maySpeak', atMs: nowMs })
      return { state: { ...state, phase: 'done', verdict }, effects }
    }
    const waiting: AmdState = { ...state, phase: 'waitingForSilence', verdict }
    if (state.speechStartedAtMs === null) effects.push(machineSilence(waiting, nowMs))
    return { state: waiting, effects }
  }
  const machineSilence = (state: AmdState, nowMs: number): AmdEffect => ({
    type: 'setTimer',
    timer: 'machineSilence',
    atMs: Math.max(nowMs, (state.lastVoicedAtMs ?? nowMs) + options.machineSilenceMs),
  })
  const speakNow = (state: AmdState, nowMs: number): AmdStep => ({
    state: { ...state, phase: 'done' },
    effects: [
      { type: 'cancelTimer', timer: 'machineSilence' },
      { type: 'cancelTimer', timer: 'total' },
      { type: 'maySpeak', atMs: nowMs },
    ],
  })

  /** The answerer has fallen silent: the words decide, then the length. */
  const judge = (state: AmdState, nowMs: number): AmdStep => {
    const byWords = judgePhrases(state.text, {
      ...(state.language === null ? {} : { language: state.language }),
      ...(phrases === undefined ? {} : { phrases }),
    })
    if (byWords !== null) return conclude(state, byWords, 'words', nowMs)
    if (!hasClassifier) return conclude(state, byTiming(state), 'timing', nowMs)
    const deadlineMs = nowMs + options.classifierMs
    return {
      state: { ...state, phase: 'classifying' },
      effects: [
        { type: 'setTimer', timer: 'classifier', atMs: deadlineMs },
        { type: 'classify', text: state.text, speechMs: state.speechMs, deadlineMs },
      ],
    }
  }
  const byTiming = (state: AmdState): AmdVerdict => (state.speechMs <= options.humanSpeechMs ? 'human' : 'machine')

  const onTotal = (state: AmdState, nowMs: number): AmdStep => {
    const left = options.extensionMs - state.extendedMs
    const isSpeaking = state.speechStartedAtMs !== null
    if (isSpeaking && state.extensions < options.maxExtensions && left > 0) {
      const extraMs = Math.min(left, Math.ceil(options.extensionMs / options.maxExtensions))
      return {
        state: { ...state, extensions: state.extensions + 1, extendedMs: state.extendedMs + extraMs },
        effects: [{ type: 'setTimer', timer: 'total', atMs: nowMs + extraMs }],
      }
    }
    if (state.phase === 'waitingForSilence') return speakNow(state, nowMs)
    return conclude(state, isSpeaking ? 'machine' : 'uncertain', 'bound', nowMs)
  }

  const onTimer = (state: AmdState, timer: AmdTimer, nowMs: number): AmdStep => {
    switch (timer) {
      case 'noSpeech':
        if (state.phase !== 'listening' || state.firstSpeechAtMs !== null) return still(state)
        return conclude(state, 'uncertain', 'noSpeech', nowMs)
      case 'silence':
        return state.phase === 'listening' && state.speechStartedAtMs === null ? judge(state, nowMs) : still(state)
      case 'classifier':
        return state.phase === 'classifying' ? conclude(state, byTiming(state), 'timing', nowMs) : still(state)
      case 'machineSilence':
        return state.phase === 'waitingForSilence' && state.speechStartedAtMs === null
          ? speakNow(state, nowMs)
          : still(state)
      case 'total':
        return onTotal(state, nowMs)
      default:
        return assertNever(timer)
    }
  }

  const onSpeechStart = (state: AmdState, atMs: number): AmdStep => {
    const next = { ...state, speechStartedAtMs: atMs, firstSpeechAtMs: state.firstSpeechAtMs ?? atMs }
    if (state.phase === 'waitingForSilence') {
      return { state: next, effects: [{ type: 'cancelTimer', timer: 'machineSilence' }] }
    }
    return {
      // Speech that goes on while the model thinks is judged anew, with all of it.
      state: { ...next, phase: 'listening' },
      effects: [
        { type: 'cancelTimer', timer: 'noSpeech' },
        { type: 'cancelTimer', timer: 'silence' },
        { type: 'cancelTimer', timer: 'classifier' },
      ],
    }
  }
  const onSpeechEnd = (state: AmdState, atMs: number, nowMs: number): AmdStep => {
    if (state.speechStartedAtMs === null) return still(state)
    const next: AmdState = {
      ...state,
      speechMs: state.speechMs + Math.max(0, atMs - state.speechStartedAtMs),
      speechStartedAtMs: null,
      lastVoicedAtMs: atMs,
    }
    if (state.phase === 'waitingForSilence') return { state: next, effects: [machineSilence(next, nowMs)] }
    return {
      state: next,
      effects: [{ type: 'setTimer', timer: 'silence', atMs: Math.max(nowMs, atMs + options.humanSilenceMs) }],
    }
  }
  const onText = (state: AmdState, event: Extract<AmdEvent, { type: 'text' }>, nowMs: number): AmdStep => {
    const next = { ...state, text: event.text, language: event.language ?? state.language }
    if (state.phase === 'waitingForSilence') return { state: next, effects: [] }
    // Speech that was not detected is speech nevertheless.
    const firstSpeechAtMs = state.firstSpeechAtMs ?? (event.text.trim() === '' ? null : nowMs)
    const verdict = judgePhrases(next.text, {
      ...(next.language === null ? {} : { language: next.language }),
      ...(phrases === undefined ? {} : { phrases }),
    })
    // Words of a machine decide at once; a person is known by falling silent only.
    if (verdict !== null) return conclude({ ...next, firstSpeechAtMs }, verdict, 'words', nowMs)
    if (state.firstSpeechAtMs !== null || firstSpeechAtMs === null) return { state: next, effects: [] }
    return {
      state: { ...next, firstSpeechAtMs, lastVoicedAtMs: nowMs },
      effects: [
        { type: 'cancelTimer', timer: 'noSpeech' },
        { type: 'setTimer', timer: 'silence', atMs: nowMs + options.humanSilenceMs },
      ],
    }
  }

  return Object.freeze({
    initial,
    step(state: AmdState, event: AmdEvent, nowMs: number): AmdStep {
      if (state.phase === 'done') return still(state)
      if (event.type === 'hangup') {
        if (state.phase !== 'waitingForSilence') return conclude(state, 'unavailable', 'hangup', nowMs)
        return {
          state: { ...state, phase: 'done' },
          effects: [
            { type: 'cancelTimer', timer: 'machineSilence' },
            { type: 'cancelTimer', timer: 'total' },
          ],
        }
      }
      if (state.phase === 'idle') {
        if (event.type !== 'answered') return still(state)
        return {
          state: { ...state, phase: 'listening', startedAtMs: nowMs },
          effects: [
            { type: 'setTimer', timer: 'noSpeech', atMs: nowMs + options.noSpeechMs },
            { type: 'setTimer', timer: 'total', atMs: nowMs + options.totalMs },
          ],
        }
      }
      switch (event.type) {
        case 'answered':
          return still(state)
        case 'speechStart':
          return state.speechStartedAtMs === null ? onSpeechStart(state, event.atMs) : still(state)
        case 'speechEnd':
          return onSpeechEnd(state, event.atMs, nowMs)
        case 'text':
          return onText(state, event, nowMs)
        case 'beep':
          return state.phase === 'waitingForSilence'
            ? speakNow(state, nowMs)
            : conclude(state, 'machine', 'beep', nowMs)
        case 'classified':
          if (state.phase !== 'classifying') return still(state)
          return event.verdict === null
            ? conclude(state, byTiming(state), 'timing', nowMs)
            : conclude(state, event.verdict, 'classifier', nowMs)
        case 'timerFired':
          return onTimer(state, event.timer, nowMs)
        default:
          return assertNever(event)
      }
    },
  })
}

function still(state: AmdState): AmdStep {
  return { state, effects: [] }
}

/** How the agent treats the answerer: who may be a person is treated as one. */
export function answererOf(verdict: AmdVerdict): 'human' | 'machine' | 'ivr' | 'nobody' {
  switch (verdict) {
    case 'human':
    case 'uncertain':
      return 'human'
    case 'machine':
    case 'ivr':
      return verdict
    case 'unavailable':
      return 'nobody'
    default:
      return assertNever(verdict)
  }
}
