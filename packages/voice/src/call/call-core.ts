import type { CallAccess, CallHookPayload, Kit, OrchestratedAgent } from '@parley/kit'
import type {
  AudioFrame,
  BackchannelDetector,
  ChannelId,
  EventEmitter,
  Json,
  MediaEndpoint,
  ParleyError,
  ParticipantId,
  RoomId,
  SpeechContext,
  SpeechToText,
  TextToSpeech,
  TurnDetector,
  TurnHint,
  VoiceActivityDetector,
  Word,
} from '@parley/spec'
import type { BackgroundOptions } from '../background/background-options.ts'
import type { DtmfInput } from '../dtmf/dtmf-input.ts'
import type { DigitCollectorOptions } from '../dtmf/dtmf-options.ts'
import type { EchoGuard } from '../echo/echo-guard.ts'
import type { HeardLedger } from '../ledger/heard-ledger.ts'
import type { LatencyBudgetOptions } from '../metrics/latency-budget.ts'
import type { CallBudgetOptions, FillerOptions } from '../options/voice-options.ts'
import type { VoiceSettings } from '../options/voice-settings.ts'
import type { RecordingOptions } from '../recording/recording-options.ts'
import type { LanguageSwitchOptions } from '../speech/language-switch.ts'
import type { DialOut } from '../transfer/dial-out.ts'
import type { TransferRequest } from '../transfer/transfer-options.ts'
import type { TtsCache } from '../speech/tts-cache.ts'
import type { TextFilterOptions } from '../text/text-filters.ts'
import type { AgentState, UserState } from '../turn/turn-effects.ts'
import type { Addressee } from './addressee.ts'
import type { CallAccount, LinePricing } from './call-account.ts'
import type { CallBridge } from './call-bridge.ts'
import type { CallCache } from './call-cache.ts'
import type { CallCaptions } from './call-captions.ts'
import type { CallLanguage } from './call-language.ts'
import type { CallLayers } from './call-layers.ts'
import type { CallMetrics } from './call-metrics.ts'
import type { CallFillers } from './call-fillers.ts'
import type { CallAmdOptions, CallOpening } from './call-opening.ts'
import type { CallRecording } from './call-recording.ts'
import type { CallRequests } from './call-requests.ts'
import type { CallSpans } from './call-spans.ts'
import type { CallTransfer } from './call-transfer.ts'
import type { CallEvent, Speech } from './call-types.ts'
import type { LegSpeech } from './desk-leg.ts'
import type { Hearing } from './hearing.ts'
import type { MustHear } from './must-hear.ts'
import type { SpokenReply } from './reply-output.ts'
import type { SharedVad } from './shared-vad.ts'
import type { Speaking } from './speaking.ts'
import type { Speculations } from './speculations.ts'
import type { FrameLog } from '../replay/frame-log.ts'
import type { TurnDriver } from './turn-driver.ts'
import type { UserTurns } from './user-turns.ts'
import type { VoiceBank } from './voice-bank.ts'

/** What is expected to be said next, from what the room stands at. */
export type HintSource = (state: {
  roomId: RoomId
  agentId: ChannelId | null
  /** What the agent says, or said last. */
  line: string
}) => TurnHint | undefined | Promise<TurnHint | undefined>

/** How a greeting is spoken: the agent's line, or speech in its place. */
export type GreetingSource = (greeting: {
  roomId: RoomId
  agentId: ChannelId
  text: string
  /** Whether the call is recorded from its start. */
  isRecorded: boolean
}) => string | Speech

/** Lines a call says by itself. */
export interface CallLines {
  /** When an answer does not come. */
  apology: string
  /** When what was said could not be taken. */
  sayAgain: string
  /** When the server is about to stop. */
  closing: string
  /** When nobody says anything, in turn. */
  prompts: readonly string[]
}

/** What a call is made of; everything is made for it alone but for the engines. */
export interface CallParts {
  id: string
  channelId: ChannelId
  roomId: RoomId
  participantId: ParticipantId
  direction: 'inbound' | 'outbound'
  endpoint: MediaEndpoint
  kit: Kit
  access: CallAccess
  context: SpeechContext
  abort: AbortController
  settings: VoiceSettings
  /** Where the settings are from, for the receipt. */
  settingsReceipt: Json
  stt: SpeechToText | undefined
  tts: TextToSpeech | undefined
  /** Speech that was made before. */
  cache: TtsCache | undefined
  vad: VoiceActivityDetector | undefined
  sharedVad: SharedVad | undefined
  turnDetector: TurnDetector | undefined
  backchannel: BackchannelDetector | undefined
  echo: EchoGuard | undefined
  filters: TextFilterOptions
  voiceMap: Readonly<Record<ChannelId, string>>
  defaultVoice: string | undefined
  voiceOverride: string | undefined
  language: string | undefined
  hint: HintSource | undefined
  greeting: GreetingSource | undefined
  process(frame: AudioFrame): AudioFrame
  lines: CallLines
  /** Makes a line for the tool that runs. */
  generateFiller: FillerOptions['generate']
  dtmf: Partial<DigitCollectorOptions>
  recording: RecordingOptions
  /** The person's answer to the question of recording, if they gave it before. */
  consent: boolean | undefined
  background: Partial<BackgroundOptions>
  latencyBudget: LatencyBudgetOptions
  callBudget: CallBudgetOptions | undefined
  linePricing: LinePricing
  /** What becomes of a call whose must-hear text was not heard. */
  /** Answering machines of outbound calls. */
  amd: CallAmdOptions | undefined
  /** When the language changes by itself. */
  autoLanguage: LanguageSwitchOptions | undefined
  /** Everybody who is on a live call of the room. */
  people(): readonly ParticipantId[]
  addressee: Addressee | undefined
  /** How other lines are rung. */
  dialOut: DialOut | undefined
  /** Who is dialled when a call has to go to a person. @default the room asks for one */
  escalateTo: TransferRequest | undefined
  /** Engines for one more person on the call. */
  legSpeech(): LegSpeech
  onUnheard: 'continue' | 'transfer' | 'end'
  /** Whether the log is stored with the room when the call ends. */
  keepsLog: boolean
}

/** A call's parts at work together, and the little that several of them have to know. */
export interface CallCore {
  readonly parts: CallParts
  readonly ledger: HeardLedger
  readonly emitter: EventEmitter<CallEvent>
  readonly driver: TurnDriver
  /** What sound there was, in summaries for the log. */
  readonly frames: { readonly caller: FrameLog; readonly agent: FrameLog }
  readonly speaking: Speaking
  readonly hearing: Hearing
  readonly userTurns: UserTurns
  readonly captions: CallCaptions
  readonly voices: VoiceBank | undefined
  readonly cache: CallCache | undefined
  /** Replies of agents that are not over, by utterance. */
  readonly replies: Map<string, SpokenReply>
  /** Lines that are being committed. */
  readonly commits: Set<Promise<void>>
  /** Words of recent transcripts, for the events made of them. */
  readonly transcripts: Map<string, Word[]>
  readonly agents: Map<ChannelId, OrchestratedAgent>
  readonly startedMs: number
  activeAgentId: ChannelId | null
  mode: 'agent' | 'human' | 'paused'
  language: string | undefined
  user: UserState
  agent: AgentState
  speechStartedMs: number
  isEnding: boolean
  /** Until when a lost line may come back; undefined while there is one. */
  returnUntilMs: number | undefined
  /** What the recognizer is told to expect. */
  keyTerms: readonly string[]
  /** What the agent says, or said last. */
  lastLine: string
  /** What the person is expected to say. */
  hint: TurnHint | undefined
  hasDetectorFailed: boolean
  /** What stages broke with, until the machine has taken note. */
  readonly stageErrors: Map<string, ParleyError>
  /** The last turns of both sides, for the turn detector. */
  readonly lastTurns: { role: 'user' | 'assistant'; text: string }[]
  readonly speculations: Speculations
  readonly fillers: CallFillers
  readonly requests: CallRequests
  readonly keys: DtmfInput
  /** Keys whose hooks are at work. */
  pressed: Promise<void>
  readonly layers: CallLayers
  readonly bridge: CallBridge
  readonly opening: CallOpening
  readonly spans: CallSpans
  readonly languages: CallLanguage
  readonly transfer: CallTransfer
  readonly mustHear: MustHear
  readonly metrics: CallMetrics
  readonly account: CallAccount
  /** Absent where calls are not recorded. */
  recording: CallRecording | undefined
}

/** Remembers a line for the turn detector. */
export function rememberTurn({ lastTurns }: CallCore, role: 'user' | 'assistant', text: string): void {
  if (text.trim() === '') return
  lastTurns.push({ role, text })
  if (lastTurns.length > 6) lastTurns.shift()
}

/** What hooks of a call are told of it. */
export function hookPayload({ parts }: CallCore): CallHookPayload {
  return { roomId: parts.roomId, callId: parts.id, participantId: parts.participantId }
}

/** What filters of hooks are compared with. */
export function hookScope({ parts }: CallCore): { roomId: RoomId; channelId: ChannelId; channelType: 'voice' } {
  return { roomId: parts.roomId, channelId: parts.channelId, channelType: 'voice' }
}

/** Stores why something was decided. */
export function noteReceipt(core: CallCore, what: string, data: { [key: string]: Json }): void {
  const { access, roomId, id, participantId } = core.parts
  access.receipt(roomId, `voice.${what}`, { callId: id, ...data }, { actor: { kind: 'person', id: participantId } })
}

/** A stage of the call failed or yields nothing. */
export function stageFailed(core: CallCore, stage: string, error: ParleyError | undefined): void {
  const { access } = core.parts
  noteReceipt(core, 'stall', { stage, ...(error === undefined ? {} : { code: error.code, message: error.message }) })
  core.emitter.emit({ type: 'stall', stage })
  if (error !== undefined) core.emitter.emit({ type: 'error', error })
  access.fire(
    'onVoiceStall',
    { ...hookPayload(core), stage, ...(error === undefined ? {} : { error }) },
    hookScope(core),
  )
}
