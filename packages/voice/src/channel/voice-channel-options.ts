import type {
  AudioProcessor,
  BackchannelDetector,
  SocketFactory,
  SpeechToText,
  TextToSpeech,
  TurnDetector,
  VoiceActivityDetector,
} from '@parley/spec'
import type { BackgroundOptions } from '../background/background-options.ts'
import type { Addressee } from '../call/addressee.ts'
import type { LinePricing } from '../call/call-account.ts'
import type { CallLines, GreetingSource, HintSource } from '../call/call-core.ts'
import type { CallAmdOptions } from '../call/call-opening.ts'
import type { VoiceOptions } from '../options/voice-options.ts'
import type { LanguageSwitchOptions } from '../speech/language-switch.ts'
import type { TtsCache } from '../speech/tts-cache.ts'
import type { DialOut } from '../transfer/dial-out.ts'
import type { TransferRequest } from '../transfer/transfer-options.ts'

/** What a voice channel is made of. Every part may be missing: calls then go on without it, and say so. */
export interface VoiceChannelOptions extends Omit<VoiceOptions, 'vad'> {
  /** Absent: what people type, and what their browser recognizes. */
  stt?: SpeechToText
  /** Absent: captions only. */
  tts?: TextToSpeech
  /** Speech that was made before; one for all calls. @default none */
  cache?: TtsCache
  vad?: VoiceActivityDetector
  /** When the detector's probabilities count as speech. */
  vadOptions?: VoiceOptions['vad']
  turnDetector?: TurnDetector
  backchannelDetector?: BackchannelDetector
  /** Stages before detection and recognition, in order. */
  inputProcessors?: readonly AudioProcessor[]
  /** What is expected to be said next, for recognizers with a small vocabulary. */
  hint?: HintSource
  /** How an agent's greeting is spoken in a call. @default as the agent has it */
  greeting?: GreetingSource
  /** Milliseconds that only grow, to measure input stages by. @default they are not measured */
  measure?: () => number
  lines?: Partial<CallLines>
  /** What sounds behind the agent. @default hold music only */
  background?: Partial<BackgroundOptions>
  /** Finds out on outbound calls who answered, before anything is said. @default false */
  amd?: boolean | CallAmdOptions
  /** Languages that a call changes to when its person does. @default none */
  autoLanguage?: LanguageSwitchOptions
  /** For whom words are where several people are on a line. @default the agent's if it is named */
  addressee?: Addressee
  /** How other lines are rung, for transfers. @default none: there are no transfers */
  dialOut?: DialOut
  /** Who is dialled when a budget or an unheard text sends a call to a person. @default the room waits for a person */
  escalateTo?: TransferRequest
  /** What the line and its recording cost. @default unknown */
  linePricing?: LinePricing
  /** What becomes of a call in which a text that must be heard was not, after it was said again twice. @default 'continue' */
  onUnheard?: 'continue' | 'transfer' | 'end'
  /**
   * Whether each call's log is stored with its room when it ends, for `readCallLog` and `replayCall`. Secrets are masked;
   * all words are where a hook may change what is said.
   * @default 'store'
   */
  callLog?: 'store' | 'off'
  /** How adapters reach their vendors. @default none: local engines only */
  sockets?: SocketFactory
  fetch?: typeof fetch
}

export const defaultCallLines: CallLines = {
  apology: 'Sorry, that took too long. Could you say it again?',
  sayAgain: 'Sorry, I could not take that. Could you say it again?',
  closing: 'Sorry, this line closes now. Please call again.',
  prompts: ['Are you still there?', 'I cannot hear you. Is your microphone on?'],
}
