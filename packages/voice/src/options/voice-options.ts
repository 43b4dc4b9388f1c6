import type { ChannelId } from '@parley/spec'
import type { DigitCollectorOptions } from '../dtmf/dtmf-options.ts'
import type { LatencyBudgetOptions } from '../metrics/latency-budget.ts'
import type { RecordingOptions } from '../recording/recording-options.ts'
import type { TextFilterOptions } from '../text/text-filters.ts'

/** When sound counts as speech. */
export interface VadSettingOptions {
  /** Probability from which speech begins. @default 0.5 */
  activation?: number
  /** Probability below which it ends. @default 0.35 */
  deactivation?: number
  /** @default 50 */
  minSpeechMs?: number
  /** @default 250 */
  minSilenceMs?: number
  /** Audio before the start that the recognizer is given. @default 500 */
  prefixPadMs?: number
  /** Speech is ended then. @default 60 000 */
  maxSpeechMs?: number
  /** @default 32 */
  hopMs?: number
}

/** When the person has finished. Delays count from the last voiced instant. */
export interface EndpointingOptions {
  /** `auto`: the detector if there is one, else timers. @default 'auto' */
  mode?: 'auto' | 'vad' | 'stt' | 'provider' | 'manual'
  /** @default 300 with a turn detector, 500 without */
  minDelayMs?: number
  /** Waited if the detector says that more will come. @default 2 500 with a turn detector, 3 000 without */
  maxDelayMs?: number
  /** Silence after which the detector is asked. @default 200 */
  predictAfterMs?: number
  /** Its answer is waited for so long. @default 1 000 */
  predictTimeoutMs?: number
  /** Learns the least delay from the person's pauses; `alpha` is the weight of what is known (0.9). @default false */
  dynamic?: boolean | { alpha?: number }
  /** Least delays while the agent expects something. @default digits 1 200, spelling 1 500, email 2 000, name 800, yesNo 200 */
  hintDelayMs?: { digits?: number; spelling?: number; email?: number; name?: number; yesNo?: number }
  /** A late final text is waited for so long. @default the recognizer's `finalLatency.p99Ms` */
  sttNetMs?: number
}

/** Bounds of what the person says in one go. */
export interface UserTurnOptions {
  /** @default 60 000 */
  maxMs?: number
  /** 0 is no limit. @default 0 */
  maxWords?: number
  /** An open turn in which nothing happens is decided then. @default 5 000 */
  watchdogMs?: number
  /** Speech without text is told then. @default 5 000 */
  noTranscriptMs?: number
  /** Whether the agent may cut in when the turn is cut. @default 'listen' */
  cutIn?: 'listen' | 'interject'
}

/** How the person stops the agent. */
export interface InterruptionOptions {
  /**
   * `immediate`: by the first sound. `confirmed`: by speech of `minSpeechMs` (with `minWords`). `adaptive`: such speech
   * pauses, words interrupt, "mm-hm" does not. `manual`: by calls of `interrupt` only. `off`: not at all.
   * @default 'adaptive'
   */
  mode?: 'immediate' | 'confirmed' | 'adaptive' | 'manual' | 'off'
  /** @default 500 */
  minSpeechMs?: number
  /** @default 0 */
  minWords?: number
  /** After a pause that nothing follows, speech goes on. @default 2 000 */
  falseTimeoutMs?: number
  /** `false`: a pause that nothing follows is an interruption. @default true */
  resume?: boolean
  /** The start of each utterance that sound cannot cut. @default 0 */
  protectFirstMs?: number
  /** No sound cuts the start of the agent's first speech. @default 3 000; 0 on outbound phone calls */
  warmupMs?: number
  /** Where sound cannot cut. @default [] */
  guards?: readonly ('firstUtterance' | 'untilFirstUserTurn' | 'duringTools')[]
  /** What becomes of speech that cannot cut. @default 'discard' */
  whileUninterruptible?: 'discard' | 'queue'
  /** Ends the model's view of an utterance that was cut. @default '[interrupted]' */
  marker?: string
}

/** "Mm-hm" of the person. */
export interface BackchannelOptions {
  /** Near start and end of the agent's speech words are a turn. @default 1 000 each */
  boundaryMs?: number | { start?: number; end?: number }
  /** @default 1 200 */
  maxMs?: number
  /** @default 3 */
  maxWords?: number
}

/** "Mm-hm" of the agent. */
export interface AgentBackchannelOptions {
  /** @default true where the options are given */
  enabled?: boolean
  /** @default 4 000 */
  afterMs?: number
  /** @default 250 */
  pauseMinMs?: number
  /** @default 700 */
  pauseMaxMs?: number
  /** @default 6 000 */
  intervalMs?: number
  /** @default 3 */
  maxPerTurn?: number
  /** @default -6 */
  gainDb?: number
}

/** What is said while a tool runs. */
export interface FillerOptions {
  lines?: readonly string[]
  /** Makes a line for the tool that runs. */
  generate?(input: { tool: string; language?: string; signal: AbortSignal }): Promise<string>
  /** @default 800 */
  delayMs?: number
  /** @default 6 000 */
  intervalMs?: number
  /** @default 3 */
  max?: number
  /** @default true */
  rotate?: boolean
}

/** What a call may cost, in integer nano-USD converted from dollars. */
export interface CallBudgetOptions {
  softUsd?: number
  hardUsd?: number
  /** `downgrade`: from the next turn on the agents' `fallbackModel`s answer. @default 'notify' */
  onSoft?: 'notify' | 'downgrade'
  /** @default 'wrapUp' */
  onHard?: 'wrapUp' | 'transfer' | 'end'
}

/** Everything about a call that can be chosen; each layer (channel, agent, call) changes what it names. */
export interface VoiceOptions {
  vad?: VadSettingOptions
  endpointing?: EndpointingOptions
  userTurn?: UserTurnOptions
  interruption?: InterruptionOptions
  backchannel?: BackchannelOptions
  /** @default false */
  agentBackchannel?: boolean | AgentBackchannelOptions
  /**
   * Replies begun before the turn is certain. `tts` makes their sound too, which `'free'` does where the engine's price is
   * 0, as a local one's. @default enabled, tts 'free', 3 attempts, up to 10 000 ms of speech
   */
  preemptive?: { enabled?: boolean; tts?: boolean | 'free'; maxAttempts?: number; maxSpeechMs?: number }
  /** Mutual silence. @default away after 15 000 ms, no prompts, `hangupMs` 0 (off) */
  idle?: { awayMs?: number; prompts?: number; hangupMs?: number }
  /** @default [] */
  keyTerms?: readonly string[]
  /** @default true */
  keyTermsFromContext?: boolean
  /** @default thinkingTimeoutMs 15 000 */
  reply?: { thinkingTimeoutMs?: number }
  /** @default 10 000 each */
  stall?: { ttsMs?: number; forwardMs?: number }
  /** @default graceMs 2 000, interruptTotalMs 5 000 */
  cancel?: { graceMs?: number; interruptTotalMs?: number }
  /** @default 3 */
  maxToolSteps?: number
  /** Least time from the end of one speech of the agent to the next. @default 0 */
  minConsecutiveSpeechMs?: number
  /** Least gap between utterances; the longer of the two holds. @default 0 */
  minSpeechGapMs?: number
  /** @default 30 000 */
  resumeWindowMs?: number
  /** Whose words are answered aloud. @default 'caller' */
  speak?: 'caller' | 'all'
  /** @default true */
  autoGreet?: boolean
  filler?: FillerOptions
  filters?: TextFilterOptions
  dtmf?: Partial<DigitCollectorOptions>
  recording?: RecordingOptions
  voiceMap?: Readonly<Record<ChannelId, string>>
  defaultVoice?: string
  /** Whether spans hold what was said. @default false */
  captureContent?: boolean
  /** When answers are late, and what is done about it. @default totalMs 1 500, nothing */
  latencyBudget?: LatencyBudgetOptions
  callBudget?: CallBudgetOptions
}
