import type { VoiceSettings } from './voice-settings.ts'

/** Raised whenever a default changes. */
export const voiceSettingsVersion = 1

/** Delays of endpointing, with a turn detector and without one, in milliseconds. */
export const endpointingDelays: {
  readonly detector: { readonly minDelayMs: number; readonly maxDelayMs: number }
  readonly plain: { readonly minDelayMs: number; readonly maxDelayMs: number }
} = {
  detector: { minDelayMs: 300, maxDelayMs: 2500 },
  plain: { minDelayMs: 500, maxDelayMs: 3000 },
}

/** Waited for a late final text where the recognizer does not state its latency, in milliseconds. */
export const defaultSttNetMs = 1000

/** The defaults of `docs/spec/voice.md` 6.1, for a cascade without a turn detector on an inbound call. */
export const defaultVoiceSettings: VoiceSettings = {
  source: 'cascade',
  turns: 'local',
  stages: {
    vad: true,
    stt: true,
    turnDetector: false,
    tts: true,
    sttEndOfSpeech: false,
    sttInterim: false,
    canPause: true,
    echo: false,
    direction: 'inbound',
  },
  vad: {
    activation: 0.5,
    deactivation: 0.35,
    minSpeechMs: 50,
    minSilenceMs: 250,
    prefixPadMs: 500,
    maxSpeechMs: 60_000,
    hopMs: 32,
  },
  endpointing: {
    mode: 'auto',
    minDelayMs: endpointingDelays.plain.minDelayMs,
    maxDelayMs: endpointingDelays.plain.maxDelayMs,
    plainMinDelayMs: endpointingDelays.plain.minDelayMs,
    plainMaxDelayMs: endpointingDelays.plain.maxDelayMs,
    predictAfterMs: 200,
    predictTimeoutMs: 1000,
    dynamic: false,
    dynamicAlpha: 0.9,
    hintDelayMs: { digits: 1200, spelling: 1500, email: 2000, name: 800, yesNo: 200 },
    sttNetMs: defaultSttNetMs,
  },
  userTurn: { maxMs: 60_000, maxWords: 0, watchdogMs: 5000, noTranscriptMs: 5000, cutIn: 'listen' },
  interruption: {
    mode: 'adaptive',
    minSpeechMs: 500,
    minWords: 0,
    falseTimeoutMs: 2000,
    resume: true,
    protectFirstMs: 0,
    warmupMs: 3000,
    guards: [],
    whileUninterruptible: 'discard',
    marker: '[interrupted]',
  },
  backchannel: { boundaryStartMs: 1000, boundaryEndMs: 1000, maxMs: 1200, maxWords: 3 },
  agentBackchannel: {
    enabled: false,
    afterMs: 4000,
    pauseMinMs: 250,
    pauseMaxMs: 700,
    intervalMs: 6000,
    maxPerTurn: 3,
    gainDb: -6,
  },
  preemptive: { enabled: true, tts: 'free', maxAttempts: 3, maxSpeechMs: 10_000 },
  idle: { awayMs: 15_000, prompts: 0, hangupMs: 0 },
  keyTerms: [],
  keyTermsFromContext: true,
  reply: { thinkingTimeoutMs: 15_000 },
  stall: { ttsMs: 10_000, forwardMs: 10_000 },
  cancel: { graceMs: 2000, interruptTotalMs: 5000 },
  maxToolSteps: 3,
  minConsecutiveSpeechMs: 0,
  minSpeechGapMs: 0,
  resumeWindowMs: 30_000,
  speak: 'caller',
  autoGreet: true,
  filler: { enabled: false, lines: [], delayMs: 800, intervalMs: 6000, max: 3, rotate: true },
  captureContent: false,
  latencyBudget: { totalMs: 1500 },
}
