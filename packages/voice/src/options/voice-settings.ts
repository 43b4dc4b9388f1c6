/** A line that is said while a tool runs. */
export interface FillerSettings {
  /** There are lines, or something that makes them. */
  enabled: boolean
  lines: readonly string[]
  delayMs: number
  intervalMs: number
  max: number
  rotate: boolean
}

/** What stands between the person's sound and a turn, as it is in this call. */
export interface VoiceStages {
  vad: boolean
  stt: boolean
  turnDetector: boolean
  tts: boolean
  /** The recognizer says itself that a person has finished. */
  sttEndOfSpeech: boolean
  /** The recognizer gives text while a person speaks. */
  sttInterim: boolean
  /** Output can be paused and go on where it stopped. */
  canPause: boolean
  /** We may hear ourselves: `askEcho` is answered. */
  echo: boolean
  direction: 'inbound' | 'outbound'
}

/** Every setting of a call, resolved: nothing is left to be looked up. Durations in milliseconds. */
export interface VoiceSettings {
  source: 'cascade' | 'realtime'
  turns: 'server' | 'local' | 'manual'
  stages: VoiceStages
  vad: {
    activation: number
    deactivation: number
    minSpeechMs: number
    minSilenceMs: number
    prefixPadMs: number
    maxSpeechMs: number
    hopMs: number
  }
  endpointing: {
    mode: 'auto' | 'vad' | 'stt' | 'provider' | 'manual'
    minDelayMs: number
    maxDelayMs: number
    /** Delays that hold while the detector cannot tell. */
    plainMinDelayMs: number
    plainMaxDelayMs: number
    predictAfterMs: number
    predictTimeoutMs: number
    dynamic: boolean
    dynamicAlpha: number
    hintDelayMs: { digits: number; spelling: number; email: number; name: number; yesNo: number }
    sttNetMs: number
  }
  userTurn: {
    maxMs: number
    maxWords: number
    watchdogMs: number
    noTranscriptMs: number
    cutIn: 'listen' | 'interject'
  }
  interruption: {
    mode: 'immediate' | 'confirmed' | 'adaptive' | 'manual' | 'off'
    minSpeechMs: number
    minWords: number
    falseTimeoutMs: number
    resume: boolean
    protectFirstMs: number
    warmupMs: number
    guards: readonly ('firstUtterance' | 'untilFirstUserTurn' | 'duringTools')[]
    whileUninterruptible: 'discard' | 'queue'
    marker: string
  }
  backchannel: { boundaryStartMs: number; boundaryEndMs: number; maxMs: number; maxWords: number }
  agentBackchannel: {
    enabled: boolean
    afterMs: number
    pauseMinMs: number
    pauseMaxMs: number
    intervalMs: number
    maxPerTurn: number
    gainDb: number
  }
  preemptive: { enabled: boolean; tts: boolean | 'free'; maxAttempts: number; maxSpeechMs: number }
  /** `hangupMs` 0 is off. */
  idle: { awayMs: number; prompts: number; hangupMs: number }
  keyTerms: readonly string[]
  keyTermsFromContext: boolean
  reply: { thinkingTimeoutMs: number }
  stall: { ttsMs: number; forwardMs: number }
  cancel: { graceMs: number; interruptTotalMs: number }
  maxToolSteps: number
  minConsecutiveSpeechMs: number
  minSpeechGapMs: number
  resumeWindowMs: number
  speak: 'caller' | 'all'
  autoGreet: boolean
  filler: FillerSettings
  captureContent: boolean
  latencyBudget: { totalMs: number }
}
