import type { Json } from '@parley/spec'
import type { InterruptReason } from './verdicts.ts'

/** What the person is doing. */
export type UserState = 'silent' | 'speaking' | 'away'

/** What the agent is doing. */
export type AgentState = 'initializing' | 'listening' | 'thinking' | 'speaking' | 'closing'

/** A person's finished turn. */
export interface CommittedTurn {
  turnId: string
  text: string
  startedAtMs: number
  lastVoicedAtMs: number
  /** Ids of the transcripts it is made of. */
  transcriptIds: readonly string[]
  language?: string
  confidence?: number
  /** The final text had not come: it is made of what was heard so far. */
  fromInterim?: boolean
  truncated?: 'maxTurn'
  /** What made the turn. @default 'speech' */
  source: 'speech' | 'typed' | 'dtmf'
  /** `false`: it is written down and nobody is asked (a person has the conversation, the line closes). */
  asksAgent: boolean
  /** "Mm-hm": written down as such, nobody is asked. */
  isBackchannel?: boolean
}

/** What an interruption does, in the order of B-1. */
export interface InterruptPlan {
  reason: InterruptReason
  /** Playing or paused first, then queued ones that fall with it. */
  utteranceIds: readonly string[]
  /** Whether sound has to be cleared. */
  clear: boolean
  /** Whether the running generation is cancelled; a tool inside it runs on. */
  cancelGeneration: boolean
}

/** What the machine wants done. */
export type TurnEffect =
  | { type: 'setTimer'; timer: string; atMs: number }
  | { type: 'cancelTimer'; timer: string }
  | { type: 'predictTurn'; decisionId: string; text: string; deadlineMs: number }
  | { type: 'finalizeStt' }
  | { type: 'feedSttSilence'; ms: number }
  /** While on, audio goes to the recognizer as silence of equal length. */
  | { type: 'gateStt'; gated: boolean }
  | { type: 'askEcho' }
  | { type: 'askBackchannel'; id: string; text: string; durationMs: number }
  | { type: 'commitUserTurn'; turn: CommittedTurn }
  /** Text that came after the turn it belongs to was committed. */
  | { type: 'amendUserTurn'; turnId: string; text: string; asksAgent: boolean }
  | { type: 'dropUserText'; text: string; reason: string }
  /** The utterance has the floor: its sound may go out. */
  | { type: 'startReply'; utteranceId: string }
  /** It will never be spoken. */
  | { type: 'dropUtterance'; utteranceId: string; reason: string }
  | { type: 'speculate'; speculationId: string; text: string; language?: string }
  | { type: 'adoptSpeculation'; speculationId: string; turnId: string }
  | { type: 'abortSpeculation'; speculationId: string }
  | { type: 'holdLaunch' | 'releaseLaunch'; utteranceId: string }
  | { type: 'pauseOutput' | 'resumeOutput' }
  | { type: 'interrupt'; plan: InterruptPlan }
  | { type: 'playFiller'; utteranceId: string }
  | { type: 'playBackchannel' }
  /** The reply did not come in time. */
  | { type: 'apologize'; turnId: string }
  /** The person has been silent: say something, or hang up. */
  | { type: 'playPrompt'; count: number }
  | { type: 'hangUp'; reason: 'idle' }
  | { type: 'restartStage'; stage: 'vad' | 'stt' | 'output'; attempt: number }
  | { type: 'setState'; user: UserState; agent: AgentState }
  /** For hooks and the call's own events. */
  | { type: 'notify'; event: string; data: { [key: string]: Json } }

/** Why something was decided; becomes a stored receipt `voice.<what>`. */
export interface TurnReceipt {
  what: string
  atMs: number
  data: { [key: string]: Json }
}
