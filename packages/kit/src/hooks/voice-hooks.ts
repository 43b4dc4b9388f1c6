import type { ChannelId, Json, ParleyError, ParticipantId, RoomId } from '@parley/spec'

/** What every hook of a call is told. */
export interface CallHookPayload {
  roomId: RoomId
  callId: string
  participantId: ParticipantId
}

/** What was understood of a person, before it is committed. */
export interface TranscriptionPayload extends CallHookPayload {
  text: string
  language?: string
  confidence?: number
}

/** A sentence on its way to the voice. */
export interface SentencePayload extends CallHookPayload {
  text: string
  agentId: ChannelId | null
  utteranceId: string
}

/** Digits of the keypad. */
export interface DigitsPayload extends CallHookPayload {
  digits: string
}

/** Hooks of calls. A sync one runs outside the room's lock and has 150 ms, then its `onFailure` applies. */
export interface VoiceHookMap {
  /** `modify` replaces the text. */
  onTranscription: { payload: TranscriptionPayload; mode: 'sync'; subject: 'text'; onFailure: 'closed' }
  beforeTts: { payload: SentencePayload; mode: 'sync'; subject: 'text'; onFailure: 'closed' }
  onDtmf: { payload: DigitsPayload; mode: 'sync'; subject: 'digits'; onFailure: 'closed' }
  afterTts: { payload: SentencePayload & { audioMs: number; cached: boolean }; mode: 'async' }
  onSpeechStart: { payload: CallHookPayload; mode: 'async' }
  onSpeechEnd: { payload: CallHookPayload & { durationMs: number }; mode: 'async' }
  onBargeIn: { payload: CallHookPayload & { utteranceId: string; heardText: string }; mode: 'async' }
  onFalseInterruption: { payload: CallHookPayload & { utteranceId: string; resumed: boolean }; mode: 'async' }
  onBackchannel: { payload: CallHookPayload & { text: string }; mode: 'async' }
  onTurnIncomplete: { payload: CallHookPayload & { text: string; reason: string }; mode: 'async' }
  onCallStarted: { payload: CallHookPayload & { direction: 'inbound' | 'outbound'; endpoint: string }; mode: 'async' }
  onCallEnded: { payload: CallHookPayload & { reason: string; durationMs: number }; mode: 'async' }
  onVoiceStall: { payload: CallHookPayload & { stage: string; error?: ParleyError }; mode: 'async' }
  onRecording: { payload: CallHookPayload & { state: string; data?: Json }; mode: 'async' }
  onAmd: { payload: CallHookPayload & { verdict: string; confidence: number }; mode: 'async' }
  onTransfer: { payload: CallHookPayload & { to: string; outcome: string }; mode: 'async' }
}

/** Triggers of calls, in the order of the page. */
export const voiceHookTriggers: readonly (keyof VoiceHookMap)[] = [
  'onTranscription',
  'beforeTts',
  'onDtmf',
  'afterTts',
  'onSpeechStart',
  'onSpeechEnd',
  'onBargeIn',
  'onFalseInterruption',
  'onBackchannel',
  'onTurnIncomplete',
  'onCallStarted',
  'onCallEnded',
  'onVoiceStall',
  'onRecording',
  'onAmd',
  'onTransfer',
]

/** How long a sync hook of a call may take, in milliseconds, unless it asks for less. */
export const VOICE_HOOK_MS = 150
