import type { TurnEvent } from '../turn-events.ts'
import { timerNames } from '../turn-state.ts'
import type { UtteranceKind } from '../turn-events.ts'

/** Digits of one number, taken one after another: every number is an event, and small ones are simple. */
export class Digits {
  #rest: number

  constructor(value: number) {
    this.#rest = value
  }

  below(bound: number): number {
    const digit = this.#rest % bound
    this.#rest = Math.floor(this.#rest / bound)
    return digit
  }

  one<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)]
    if (value === undefined) throw new Error('nothing to choose from')
    return value
  }
}

const kinds: readonly UtteranceKind[] = ['reply', 'reply', 'say', 'greeting', 'filler', 'backchannel', 'apology', 'hold', 'prompt']
const texts = ['mm-hm', 'wait no', 'I want my money back', '', 'stop', 'yes please go on with it']
const absurd = [Number.NaN, -5, Infinity, 1e15]

/** What the test knows of the call, to make events that fit. */
export interface Known {
  nowMs: number
  /** The last ids that the machine named. */
  decisionId: string
  turnId: string
  verdictId: string
  /** What has the floor, or had it last. */
  floorId: string
  /** It was started and cannot be heard yet. */
  isSilent: boolean
}

/** An event of any kind: most fit a call, some do not. */
export function randomEvent(digits: Digits, known: Known): TurnEvent {
  const { nowMs } = known
  const pick = digits.below(48)
  const isAbsurd = digits.below(16) === 15
  const backMs = isAbsurd ? digits.one(absurd) : nowMs - digits.below(8) * 100
  if (known.isSilent && digits.below(4) > 0) {
    known.isSilent = false
    return { type: 'playoutStarted', epoch: 0, utteranceId: known.floorId, segmentId: 's', positionMs: 0 }
  }
  const own = digits.below(6)
  const isSpoken = pick >= 29 && pick <= 40 && digits.below(4) > 0
  const utteranceId = isSpoken ? known.floorId : `u${own}`
  const report = { epoch: isAbsurd ? digits.one([-1, 7, Number.NaN]) : 0, utteranceId, segmentId: 's', positionMs: 0 }
  const id = `t${digits.below(5)}`
  switch (pick) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return { type: 'vadStart', speechStartedAtMs: backMs, probability: 0.9 }
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
      return { type: 'vadEnd', lastVoicedAtMs: backMs, probability: 0.1 }
    case 10:
    case 11:
      return { type: 'sttInterim', id, text: digits.one(texts), lastWordEndMs: backMs }
    case 12:
    case 13:
    case 14:
    case 15:
      return { type: 'sttFinal', id, text: digits.one(texts), ...(digits.below(2) === 0 ? {} : { lastWordEndMs: backMs }) }
    case 16:
      return { type: 'sttEager', id, text: digits.one(texts) }
    case 17:
      return digits.one<TurnEvent>([{ type: 'sttResumed' }, { type: 'sttFailed' }, { type: 'sttSpeechEnd', atMs: backMs }])
    case 18:
    case 19:
      return {
        type: 'turnPrediction',
        decisionId: known.decisionId,
        probability: digits.one([0.9, 0.1, null, Number.NaN]),
        threshold: 0.5,
      }
    case 20:
      return { type: 'echoVerdict', verdict: digits.one(['echo', 'speech'] as const), confidence: 0.8 }
    case 21:
      return { type: 'backchannelVerdict', id: known.verdictId, isBackchannel: digits.below(2) === 0 }
    case 22:
      return { type: 'amdVerdict', verdict: 'machine', confidence: 1 }
    case 23:
      return { type: 'timerFired', timer: digits.one([...timerNames, 'unknown']) }
    case 24:
    case 25:
    case 26:
    case 27:
    case 28:
      return {
        type: 'replyStarted',
        utteranceId,
        kind: digits.one(kinds),
        agentId: null,
        priority: digits.one([5, 5, 0, 10] as const),
        interruptible: digits.below(6) !== 5,
        ...(digits.below(2) === 0 ? { turnId: known.turnId } : {}),
        ...(digits.below(5) === 4 ? { speculative: true } : {}),
      }
    case 29:
      return { type: 'replyDelta', utteranceId, text: digits.one(['Hello.', 'Is it?']) }
    case 30:
      return { type: digits.one(['toolCallStarted', 'toolCallEnded'] as const), utteranceId, callId: 'c' }
    case 31:
    case 32:
      return { type: 'replyEnded', utteranceId, isEmpty: digits.below(5) === 4 }
    case 33:
      return digits.one<TurnEvent>([
        { type: 'replyFailed', utteranceId },
        { type: 'turnSettled', turnId: known.turnId },
        { type: 'outputStalled', utteranceId, segmentId: 's' },
      ])
    case 34:
    case 35:
    case 36:
    case 37:
      return { type: 'playoutStarted', ...report }
    case 38:
      return { type: 'playoutProgress', ...report }
    case 39:
    case 40:
      return { type: 'playoutFinished', ...report, interrupted: false }
    case 41:
      return {
        type: digits.one(['providerSpeechStarted', 'providerSpeechStopped', 'providerTurn', 'providerInterrupted'] as const),
        itemId: 'i',
      }
    case 42:
      return digits.one<TurnEvent>([
        { type: 'dtmf', digit: '1' },
        { type: 'typed', id, text: 'typed words' },
        { type: 'typed', id, text: '12', source: 'dtmf' },
      ])
    case 43:
      return digits.one<TurnEvent>([
        { type: 'muted', muted: true },
        { type: 'muted', muted: false },
        { type: 'talk', down: true },
        { type: 'talk', down: false },
        { type: 'vadFailed' },
      ])
    case 44:
      return { type: 'roomMode', mode: digits.one(['agent', 'agent', 'human', 'paused'] as const) }
    case 45:
      return digits.one<TurnEvent>([
        { type: 'language', language: 'fr' },
        { type: 'hint', expect: 'digits', minLength: 4 },
        { type: 'hint', expect: null },
        { type: 'mediaLost' },
        { type: 'mediaResumed' },
      ])
    case 46:
      return {
        type: 'command',
        command: digits.one([
          { kind: 'interrupt', force: true },
          { kind: 'interrupt', force: false },
          { kind: 'commit' },
          { kind: 'clear' },
          { kind: 'hold' },
          { kind: 'resume' },
          { kind: 'freeze' },
          { kind: 'thaw' },
          { kind: 'startAmd' },
          { kind: 'ask', on: true },
          { kind: 'ask', on: false },
          { kind: 'cancelUtterance', utteranceId },
        ] as const),
      }
    default:
      return digits.below(6) === 5 ? { type: 'command', command: { kind: 'close' } } : { type: 'sttInterim', id, text: 'and' }
  }
}
