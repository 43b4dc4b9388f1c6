import type { AgentState, UserState } from './turn-effects.ts'
import type { TurnEvent, UtteranceKind } from './turn-events.ts'

/** What a timer of the machine is for. */
export type TimerName =
  | 'decision'
  | 'suspect'
  | 'falseInterruption'
  | 'launch'
  | 'gap'
  | 'guard'
  | 'maxTurn'
  | 'watchdog'
  | 'noTranscript'
  | 'sttSilent'
  | 'thinking'
  | 'floor'
  | 'filler'
  | 'idle'
  | 'freeze'
  | 'amd'
  | 'backchannel'
  | 'agentBackchannel'

/** When each timer is due; `null`: not set. */
export type Timers = Readonly<Record<TimerName, number | null>>

/** Sound of the person that has begun and not ended. */
export interface Speech {
  readonly startedAtMs: number
  readonly source: 'vad' | 'provider' | 'talk'
  /** Whether it was weighed as an interruption: not yet, at `minSpeechMs`, done. */
  readonly weighed: 'no' | 'armed' | 'yes'
  readonly isEcho: boolean
}

/** One transcript of the open turn. */
export interface TranscriptPart {
  readonly id: string
  readonly text: string
  readonly isFinal: boolean
  readonly endMs: number | null
  readonly language: string | null
  readonly confidence: number | null
}

/** What the person has said and is not committed. */
export interface OpenTurn {
  readonly turnId: string
  readonly startedAtMs: number
  readonly parts: readonly TranscriptPart[]
  /** Length of its ended speech. */
  readonly voicedMs: number
  /** There was sound that no final has covered yet. */
  readonly awaitsFinal: boolean
  readonly activityAtMs: number
  readonly speculations: number
  readonly agentBackchannels: number
  /** Words that were too few to interrupt: decided when the agent has finished. */
  readonly isKept: boolean
}

export type Trigger =
  | 'vad'
  | 'stt'
  | 'transcript'
  | 'provider'
  | 'talk'
  | 'manual'
  | 'watchdog'
  | 'mute'
  | 'thaw'
  | 'floor'

/** Waiting to know whether the person has finished. */
export interface Decision {
  readonly id: string
  readonly trigger: Trigger
  readonly anchorMs: number
  readonly openedAtMs: number
  /** The answer of the detector is waited for until then. */
  readonly askLimitMs: number | null
  /** Text that was asked about. */
  readonly askedText: string
  readonly prediction: 'none' | 'asked' | 'answered' | 'failed'
  readonly probability: number | null
  readonly threshold: number | null
}

/** The last committed turn: late texts are compared with it. */
export interface CommittedRecord {
  readonly turnId: string
  readonly anchorMs: number
  readonly atMs: number
  readonly text: string
  readonly parts: readonly TranscriptPart[]
  readonly asksAgent: boolean
  /** Something of the answer was audible. */
  readonly isAnswered: boolean
}

/** An utterance that lives: queued, having the floor, or waiting for adoption. */
export interface Utterance {
  readonly utteranceId: string
  readonly kind: UtteranceKind
  readonly agentId: string | null
  readonly priority: number
  readonly order: number
  readonly isInterruptible: boolean
  readonly turnId: string | null
  readonly phase: 'speculative' | 'queued' | 'authorized' | 'playing' | 'paused'
  /** The launch of its sound is held back while the person speaks. */
  readonly isHeld: boolean
  readonly generation: 'running' | 'complete'
  readonly tools: number
  readonly playingSinceMs: number | null
  /** The last words that were generated. */
  readonly tail: string
}

/** A reply that is generated before the turn is certain. */
export interface Speculation {
  readonly id: string
  /** The words it was made for. */
  readonly said: string
  /** The same, made comparable. */
  readonly text: string
  readonly language: string | null
}

/** Words that may be a mere "mm-hm". */
export interface PendingBackchannel {
  readonly id: string
  readonly text: string
  readonly startedAtMs: number
  readonly phase: 'asked' | 'accepted' | 'refused'
  /** Taken out of the open turn once accepted. */
  readonly turn: OpenTurn | null
}

export type TurnHintState = NonNullable<Pick<Extract<TurnEvent, { type: 'hint' }>, 'expect'>['expect']>

/**
 * Everything the machine knows. Plain JSON. Fields are replaced on a step's own copy; the values in them are never
 * changed in place.
 */
export interface TurnState {
  nowMs: number
  isStarted: boolean
  isClosing: boolean
  shownUser: UserState
  shownAgent: AgentState
  isAway: boolean
  mode: 'agent' | 'human' | 'paused'
  isOnHold: boolean
  isMuted: boolean
  isFrozen: boolean
  isLost: boolean
  isAmd: boolean
  /** A tool waits for the person. */
  isAsking: boolean
  language: string | null
  hint: { readonly expect: TurnHintState; readonly minLength: number } | null
  isVadAlive: boolean
  /** The detector answered `null`: it does not know the language. */
  isDetectorMute: boolean
  vadFailures: number
  sttFailures: number
  counter: number
  speech: Speech | null
  /** The agent may speak though the person does: their turn was cut. */
  mayInterject: boolean
  lastVoicedAtMs: number | null
  lastSpeechMs: number
  lastTextAtMs: number | null
  open: OpenTurn | null
  decision: Decision | null
  committed: CommittedRecord | null
  recentTranscriptIds: readonly string[]
  utterances: readonly Utterance[]
  floorId: string | null
  floorActivityAtMs: number
  floorFreeAtMs: number | null
  epoch: number
  /** Output is paused; due: nothing but an open decision keeps it so. */
  pause: { readonly sinceMs: number; readonly isDue: boolean } | null
  awaiting: { readonly turnId: string; readonly sinceMs: number } | null
  supersededTurnIds: readonly string[]
  speculation: Speculation | null
  backchannel: PendingBackchannel | null
  agentBackchannelAtMs: number | null
  fillers: number
  firstAgentSpeechAtMs: number | null
  hasUserTurn: boolean
  utterancesHeard: number
  isGated: boolean
  silentSinceMs: number | null
  idlePrompts: number
  /** Learned pause. */
  pauseMs: number | null
  timers: Timers
}

const noTimers: Timers = {
  decision: null,
  suspect: null,
  falseInterruption: null,
  launch: null,
  gap: null,
  guard: null,
  maxTurn: null,
  watchdog: null,
  noTranscript: null,
  sttSilent: null,
  thinking: null,
  floor: null,
  filler: null,
  idle: null,
  freeze: null,
  amd: null,
  backchannel: null,
  agentBackchannel: null,
}

/** Names of all timers. */
export const timerNames: readonly TimerName[] = Object.keys(noTimers).filter(
  (name): name is TimerName => name in noTimers,
)

/** The state of a call in which nothing has happened. */
export function initialTurnState(hasVad: boolean): TurnState {
  return {
    nowMs: 0,
    isStarted: false,
    isClosing: false,
    shownUser: 'silent',
    shownAgent: 'initializing',
    isAway: false,
    mode: 'agent',
    isOnHold: false,
    isMuted: false,
    isFrozen: false,
    isLost: false,
    isAmd: false,
    isAsking: false,
    language: null,
    hint: null,
    isVadAlive: hasVad,
    isDetectorMute: false,
    vadFailures: 0,
    sttFailures: 0,
    counter: 0,
    speech: null,
    mayInterject: false,
    lastVoicedAtMs: null,
    lastSpeechMs: 0,
    lastTextAtMs: null,
    open: null,
    decision: null,
    committed: null,
    recentTranscriptIds: [],
    utterances: [],
    floorId: null,
    floorActivityAtMs: 0,
    floorFreeAtMs: null,
    epoch: 0,
    pause: null,
    awaiting: null,
    supersededTurnIds: [],
    speculation: null,
    backchannel: null,
    agentBackchannelAtMs: null,
    fillers: 0,
    firstAgentSpeechAtMs: null,
    hasUserTurn: false,
    utterancesHeard: 0,
    isGated: false,
    silentSinceMs: null,
    idlePrompts: 0,
    pauseMs: null,
    timers: noTimers,
  }
}
