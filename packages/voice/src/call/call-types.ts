import type {
  AudioChunk,
  ChannelId,
  CloseReason,
  EventFeed,
  Json,
  MediaEndpoint,
  ParleyError,
  ParticipantId,
  RoomId,
  TurnHint,
  TurnId,
} from '@parley/spec'
import type { Collected } from '../dtmf/collection.ts'
import type { CollectOptions } from '../dtmf/dtmf-options.ts'
import type { HeardLedger } from '../ledger/heard-ledger.ts'
import type { CallCostReport } from '../metrics/call-cost.ts'
import type { AgentState, UserState } from '../turn/turn-effects.ts'
import type { TransferRequest, TransferResult } from '../transfer/transfer-options.ts'
import type { UtteranceKind } from '../turn/turn-events.ts'
import type { AmdVerdict } from '../turn/verdicts.ts'
import type { DeskLeg, JoinLegOptions } from './call-bridge.ts'
import type { TransferPerson } from './call-transfer.ts'
import type { CallTurnReport } from './call-metrics.ts'

/** What is spoken: text, must-hear spans, pauses, ready audio. `fromWord`: the span begins with that word of itself. */
export type Speech = readonly SpeechPart[]

export type SpeechPart =
  | string
  | { text: string; mustHear?: MustHear; spanId?: string; hint?: TurnHint; fromWord?: number }
  | { pauseMs: number }
  | { audio: AudioChunk; text?: string }

/** `uninterruptible`: nobody cuts it; `resay`: said again until it was heard, at most twice. */
export type MustHear = 'uninterruptible' | 'resay'

/** Options of `call.say`. */
export interface SayOptions {
  /** @default true */
  interruptible?: boolean
  mustHear?: MustHear
  /** Whether what is heard becomes an event of the agent. @default true */
  commit?: boolean
  /** @default the room's active agent */
  agentId?: ChannelId
  /** @default 5 */
  priority?: 0 | 5 | 10
  kind?: UtteranceKind
  idempotencyKey?: string
}

/** What became of an utterance. */
export interface SpeechOutcome {
  status: 'done' | 'interrupted' | 'dropped' | 'failed'
  heardText: string
  generatedText: string
  /** By span id. */
  spans: Record<string, 'full' | 'partial' | 'none'>
  error?: ParleyError
}

/**
 * An utterance on its way; awaiting it gives its outcome. It rejects in one case only: `voice_self_wait`, while the
 * utterance itself waits for a tool.
 */
export interface SpeechHandle extends PromiseLike<SpeechOutcome> {
  readonly id: string
  readonly utteranceId: string
  readonly state: 'queued' | 'playing' | 'paused' | 'done' | 'interrupted' | 'dropped' | 'failed'
  /** What has been heard so far. */
  readonly heardText: string
  interrupt(): void
}

/** What happens in a call, for its owner. */
export type CallEvent =
  | { type: 'state'; user: UserState; agent: AgentState }
  | { type: 'userTurn'; turnId: string; text: string; committed: boolean }
  | { type: 'speechStarted' | 'speechEnded'; utteranceId: string; agentId: ChannelId | null; heardText?: string }
  | { type: 'interrupted'; utteranceId: string; heardText: string; reason: string }
  | { type: 'falseInterruption'; utteranceId: string; resumed: boolean }
  | { type: 'backchannel'; text: string }
  | { type: 'dtmf'; digit: string }
  | { type: 'handoff'; from: ChannelId | null; to: ChannelId | null }
  | { type: 'language'; language: string }
  | { type: 'media'; state: 'connected' | 'lost' | 'resumed' }
  | { type: 'stall'; stage: string }
  | { type: 'mustHearUnheard'; utteranceId: string; spanId: string }
  | { type: 'recording'; state: string }
  | { type: 'answeredBy'; verdict: AmdVerdict }
  | { type: 'metrics'; turnId: string; metrics: Record<string, number> }
  | { type: 'error'; error: ParleyError }
  | { type: 'ended'; reason: CloseReason }

/** Options of `voice.connect`. */
export interface ConnectCallOptions {
  roomId: RoomId
  participantId: ParticipantId
  /** @default a new one */
  callId?: string
  /** @default the endpoint's */
  direction?: 'inbound' | 'outbound'
  language?: string
  /** Of all agents in this call. @default each agent's own */
  voice?: string
  /** The person's answer to the question of recording, given before the call. @default they are asked */
  recording?: boolean
}

/** One media leg of one participant in a room. */
export interface CallSession extends EventFeed<CallEvent>, AsyncDisposable {
  readonly id: string
  readonly roomId: RoomId
  readonly participantId: ParticipantId
  readonly ledger: HeardLedger
  /** What its turns took, and what it costs by now. */
  readonly metrics: { readonly turns: readonly CallTurnReport[]; readonly cost: CallCostReport }
  readonly state: {
    user: UserState
    agent: AgentState
    isEnded: boolean
    /** Set while the line is lost: how long it still has to come back before the call ends, in ms. */
    returnWithinMs?: number
  }
  /** Everything the machine was told and decided, for replay. */
  readonly log: readonly CallLogEntry[]
  /** @throws {ParleyError} `voice_call_ended` */
  say(text: string | Speech, options?: SayOptions): SpeechHandle
  /**
   * What an agent's turn says, by the id that its tools find in their context; undefined once it was heard. Awaiting it
   * inside such a tool is `voice_self_wait` at once: the speech waits for the tool.
   */
  speechOf(turnId: TurnId): SpeechHandle | undefined
  /** Asks the active agent to speak without a word of the person. */
  reply(options?: { instructions?: string }): Promise<void>
  interrupt(options?: { force?: boolean }): void
  commitUserTurn(): void
  clearUserTurn(): void
  setLanguage(language: string): Promise<void>
  hold(): void
  resume(): void
  /** Sends keys to the person's end; `w` waits 500 ms. Resolves when the last one was sent. @throws {ParleyError} `invalid_options` */
  sendDtmf(digits: string): Promise<void>
  /**
   * Hands the call on: cold, or warm with a briefing. Resolves when it is decided; what comes of it later is in the room.
   * @throws {ParleyError} `invalid_options`, `voice_transfer_failed` while another one runs, `voice_call_ended`
   */
  transfer(request: TransferRequest, person?: TransferPerson): Promise<TransferResult>
  /**
   * Somebody of the desk joins: to take over, to listen, to whisper, to speak to all.
   * @throws {ParleyError} `forbidden`, `voice_bridge_full`, `voice_call_ended`
   */
  join(endpoint: MediaEndpoint, options: JoinLegOptions): Promise<DeskLeg>
  /** Presses keys in a menu, half a second apart; `loop`: it was heard three times, and nothing was pressed. */
  press(digits: string): Promise<'pressed' | 'loop'>
  /** Who answered an outbound call, once that is known. */
  readonly answeredBy: AmdVerdict | undefined
  /** Asks the person for digits. @throws {ParleyError} `invalid_options`, `voice_call_ended` */
  collect(options: CollectOptions, context?: { signal?: AbortSignal }): Promise<Collected>
  /**
   * Says goodbye after what is being said, waits until it was heard (at most 8 s), and hangs up. A person who speaks into
   * the goodbye keeps the call. Resolves to whether it was ended.
   */
  end(options?: { goodbye?: string }): Promise<boolean>
  hangup(reason?: CloseReason): Promise<void>
  /** Resolves when the call is over and everything it had is closed. */
  readonly ended: Promise<CloseReason>
}

/** One step of the turn machine as it happened. */
export interface CallLogEntry {
  atMs: number
  event: Json
  effects: Json
}
