import type { AmdVerdict } from './verdicts.ts'

/** Who speaks an utterance, and why. */
export type UtteranceKind =
  | 'reply'
  | 'say'
  | 'greeting'
  | 'farewell'
  | 'filler'
  | 'backchannel'
  | 'hold'
  | 'apology'
  | 'prompt'
  | 'resay'

/** What is asked of the machine when an utterance is to be spoken. */
export interface UtteranceRequest {
  utteranceId: string
  kind: UtteranceKind
  agentId: string | null
  /** @default 5 */
  priority?: 0 | 5 | 10
  /** `false`: nobody but `interrupt({ force })` can cut it. @default true */
  interruptible?: boolean
  /** The user turn it answers, as `commitUserTurn` named it. */
  turnId?: string
  /** Generated before the person had finished: waits for `adoptSpeculation`. */
  speculative?: boolean
}

/**
 * Everything that can happen to a call's turn-taking. Instants are milliseconds of the call's clock, and never later
 * than the `nowMs` of the step.
 */
export type TurnEvent =
  /** Speech detection, back-dated. */
  | { type: 'vadStart'; speechStartedAtMs: number; probability: number }
  | { type: 'vadEnd'; lastVoicedAtMs: number; probability: number }
  | { type: 'vadFailed' }
  | {
      type: 'sttInterim' | 'sttFinal' | 'sttEager'
      id: string
      text: string
      /** End of the last word, if the recognizer gives times. */
      lastWordEndMs?: number
      startMs?: number
      confidence?: number
      language?: string
    }
  | { type: 'sttResumed' }
  | { type: 'sttSpeechEnd'; atMs?: number }
  | { type: 'sttFailed' }
  | { type: 'turnPrediction'; decisionId: string; probability: number | null; threshold: number }
  | { type: 'echoVerdict'; verdict: 'echo' | 'speech'; confidence: number }
  /** Judges the text that was given with `askBackchannel`; by id. */
  | { type: 'backchannelVerdict'; id: string; isBackchannel: boolean }
  | { type: 'amdVerdict'; verdict: AmdVerdict; confidence: number }
  | { type: 'timerFired'; timer: string }
  /** An utterance wants the floor; its generation may already run. */
  | ({ type: 'replyStarted' } & UtteranceRequest)
  /** Text was generated; the first one with `speakable` makes the utterance ready to be launched. */
  | { type: 'replyDelta'; utteranceId: string; text: string }
  | { type: 'toolCallStarted' | 'toolCallEnded'; utteranceId: string; callId: string }
  /** Generation is over; what was generated still plays. `isEmpty`: there is nothing to speak. */
  | { type: 'replyEnded'; utteranceId: string; isEmpty: boolean }
  | { type: 'replyFailed'; utteranceId: string }
  /** The room is done with a committed turn: an answer that has not begun by now does not come. */
  | { type: 'turnSettled'; turnId: string }
  /**
   * Nothing more comes for a committed turn: nobody was asked, or everybody who was asked is done. Ends `thinking` for a
   * turn without an utterance, so that no apology is made for it.
   */
  | { type: 'turnSettled'; turnId: string }
  /** What the output said. Events of an older epoch change nothing. */
  | {
      type: 'playoutStarted' | 'playoutProgress'
      epoch: number
      utteranceId: string
      segmentId: string
      positionMs: number
    }
  /** The utterance's last segment has settled. */
  | {
      type: 'playoutFinished'
      epoch: number
      utteranceId: string
      segmentId: string
      positionMs: number
      interrupted: boolean
    }
  | { type: 'outputStalled'; utteranceId: string; segmentId: string }
  | { type: 'providerSpeechStarted' | 'providerSpeechStopped' | 'providerTurn' | 'providerInterrupted'; itemId: string }
  | { type: 'dtmf'; digit: string }
  /** By keyboard, or digits that were collected. */
  | { type: 'typed'; id: string; text: string; source?: 'typed' | 'dtmf' }
  | { type: 'muted'; muted: boolean }
  /** Push-to-talk. */
  | { type: 'talk'; down: boolean }
  | { type: 'roomMode'; mode: 'agent' | 'human' | 'paused' }
  | { type: 'language'; language: string }
  /** The agent's hint for the next answer; `null` ends it. */
  | {
      type: 'hint'
      expect: 'digits' | 'spelling' | 'email' | 'yesNo' | 'name' | 'date' | 'free' | null
      minLength?: number
    }
  | { type: 'command'; command: TurnCommand }
  | { type: 'mediaLost' | 'mediaResumed' | 'mediaClosed' }

/** What code asks of the machine. */
export type TurnCommand =
  | { kind: 'interrupt'; force: boolean }
  | { kind: 'commit' }
  | { kind: 'clear' }
  /** The caller is on hold: their audio drives nothing. */
  | { kind: 'hold' | 'resume' }
  /** A handoff: no new decision until `thaw`. */
  | { kind: 'freeze' | 'thaw' }
  | { kind: 'startAmd' }
  /** A tool has asked the person for something: what they say or press meanwhile does not cut the reply that waits for it. */
  | { kind: 'ask'; on: boolean }
  /** A part that nobody may cut is audible, or over. */
  | { kind: 'protect'; utteranceId: string; on: boolean }
  /** The utterance is no longer wanted: queued ones are dropped, a playing one is interrupted. */
  | { kind: 'cancelUtterance'; utteranceId: string }
  | { kind: 'close' }
