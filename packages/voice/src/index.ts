export {
  createSentenceSplitter,
  sentenceSplitterDefaults,
  type SentenceSplitter,
  type SentenceSplitterOptions,
} from './text/sentence-splitter.ts'
export {
  createTextFilters,
  textFilterDefaults,
  type FilteredPiece,
  type SpokenFilter,
  type TextFilterOptions,
  type TextFilters,
} from './text/text-filters.ts'
export { type ToolCallText } from './text/hidden-text.ts'
export { type SpokenUnit } from './text/spoken-units.ts'
export {
  type FarEnd,
  type FarFrame,
  type FarSegment,
  type PacedOutput,
  type PlayedReport,
  type PositionSource,
} from './output/far-end.ts'
export { followSpeaking, SPEAKING_TAIL_MS, type FollowSpeakingOptions } from './output/follow-speaking.ts'
export { createPacedOutput } from './output/paced-output.ts'
export { defaultOutputTimings, type OutputTimings, type PacedOutputOptions } from './output/paced-output-options.ts'
export { createHeardLedger, type GeneratedText, type HeardLedger, type SpanReport } from './ledger/heard-ledger.ts'
export { MAX_RESAYS, type MustHearDue } from './ledger/heard-spans.ts'
export {
  type HeardExtent,
  type LedgerJson,
  type LedgerSegment,
  type LedgerSpan,
  type LedgerStatus,
  type LedgerUtterance,
  type LedgerWord,
} from './ledger/ledger-record.ts'
export { createTurnMachine, type TurnMachine, type TurnOutcome, type TurnState } from './turn/turn-machine.ts'
export { type TurnSettings } from './turn/turn-settings.ts'
export {
  type AgentState,
  type CommittedTurn,
  type InterruptPlan,
  type TurnEffect,
  type TurnReceipt,
  type UserState,
} from './turn/turn-effects.ts'
export { type TurnCommand, type TurnEvent, type UtteranceKind, type UtteranceRequest } from './turn/turn-events.ts'
export { type AmdVerdict, type InterruptReason } from './turn/verdicts.ts'
export { type FillerSettings, type VoiceSettings, type VoiceStages } from './options/voice-settings.ts'
export {
  answererOf,
  createAmdMachine,
  type AmdEffect,
  type AmdEvent,
  type AmdMachine,
  type AmdMachineOptions,
  type AmdReason,
  type AmdState,
  type AmdStep,
  type AmdTimer,
} from './amd/amd-machine.ts'
export { defaultAmdOptions, type AmdOptions } from './amd/amd-options.ts'
export { defaultAmdPhrases, judgePhrases, type AmdPhrases } from './amd/amd-phrases.ts'
export { createBeepDetector, type BeepDetector, type BeepDetectorOptions } from './amd/beep-detector.ts'
export { createIvrNavigator, defaultIvrOptions, type IvrNavigator, type IvrOptions } from './amd/ivr-navigator.ts'
export type { Collected } from './dtmf/collection.ts'
export {
  createDigitCollector,
  type DigitCollector,
  type DigitCollectorPorts,
  type KeypadEntry,
} from './dtmf/digit-collector.ts'
export {
  defaultCollectOptions,
  defaultDigitCollectorOptions,
  defaultToneOptions,
  type CollectOptions,
  type DigitCollectorOptions,
  type ToneOptions,
} from './dtmf/dtmf-options.ts'
export { keypadText, sensitiveText } from './dtmf/keypad-text.ts'
export { tonesFor, type ToneStep } from './dtmf/tone-plan.ts'
export { createEchoGuard, type EchoGuard, type EchoTextVerdict, type EchoVerdict } from './echo/echo-guard.ts'
export { defaultEchoGuardOptions, type EchoGuardOptions } from './echo/echo-options.ts'
export {
  createCallRecorder,
  type CallRecorder,
  type CallRecorderOptions,
  type RecordingState,
} from './recording/call-recorder.ts'
export type { RecordingSide } from './recording/mask-list.ts'
export {
  defaultRecordingOptions,
  type RecordingLayout,
  type RecordingMode,
  type RecordingOptions,
} from './recording/recording-options.ts'
export type { RecordedFile, RecordingReceipt } from './recording/recording-receipt.ts'
export type { DialOut, DialResult } from './transfer/dial-out.ts'
export { runTransfer, type RunningTransfer, type TransferPorts } from './transfer/run-transfer.ts'
export {
  initialTakeoverState,
  stepTakeover,
  type TakeoverEffect,
  type TakeoverEvent,
  type TakeoverState,
} from './transfer/takeover.ts'
export {
  defaultTransferOptions,
  type ColdTransfer,
  type DialOutcome,
  type TransferOutcome,
  type TransferRequest,
  type TransferResult,
  type WarmTransfer,
} from './transfer/transfer-options.ts'
export { defaultVoiceSettings, voiceSettingsVersion } from './options/default-settings.ts'
export {
  resolveVoiceSettings,
  type ResolvedVoiceSettings,
  type SettingLayers,
  type SettingSource,
  type SettingStages,
} from './options/resolve-voice-settings.ts'
export {
  type AgentBackchannelOptions,
  type BackchannelOptions,
  type CallBudgetOptions,
  type EndpointingOptions,
  type FillerOptions,
  type InterruptionOptions,
  type UserTurnOptions,
  type VadSettingOptions,
  type VoiceOptions,
} from './options/voice-options.ts'
export type {
  CallEvent,
  CallLogEntry,
  CallSession,
  ConnectCallOptions,
  MustHear,
  SayOptions,
  Speech,
  SpeechHandle,
  SpeechOutcome,
  SpeechPart,
} from './call/call-types.ts'
export type { CallLines, GreetingSource, HintSource } from './call/call-core.ts'
export { chooseVoice, type VoiceChoice, type VoicedAgent } from './call/voice-bank.ts'
export { VoiceChannel } from './channel/voice-channel.ts'
export { defaultCallLines, type VoiceChannelOptions } from './channel/voice-channel-options.ts'
export { createEstimatedTimings } from './speech/estimated-timings.ts'
export { createSegmentedStt, segmentedSttDefaults, type SegmentedSttOptions } from './speech/segmented-stt.ts'
export { type SpeechGateOptions } from './speech/speech-gate.ts'
export { fallbackDefaults, type FallbackChange, type FallbackOptions } from './speech/fallback-options.ts'
export { createFallbackTts } from './speech/fallback-tts.ts'
export { createSentenceFed } from './speech/sentence-fed.ts'
export { createBackground, type Background, type CreateBackgroundOptions } from './background/background.ts'
export {
  defaultBackgroundOptions,
  type BackgroundOptions,
  type BackgroundSound,
} from './background/background-options.ts'
export { type BuiltInSound } from './background/built-in-sounds.ts'
export { mixLayers, type OutgoingLayer } from './background/mix-layers.ts'
export {
  createAudioBridge,
  type AudioBridge,
  type AudioBridgeOptions,
  type BridgeEvent,
} from './bridge/audio-bridge.ts'
export { type BridgeCoachMode, type BridgeLeg, type BridgeRole } from './bridge/bridge-leg.ts'
export { type Hearing } from './bridge/bridge-matrix.ts'
export { defaultBridgeOptions, type BridgeOptions } from './bridge/bridge-options.ts'
export { createEndpointLeg, type EndpointLeg } from './bridge/endpoint-leg.ts'
export { createLiveLayer, type LiveLayer } from './bridge/live-layer.ts'
export { createDtmfInput, type DtmfInput, type DtmfInputOptions } from './dtmf/dtmf-input.ts'
export { sendDigits } from './dtmf/send-digits.ts'
export { createToneLayer, type ToneLayer } from './dtmf/tone-layer.ts'
export { createGainControl, defaultGainControlOptions, type GainControlOptions } from './processing/gain-control.ts'
export {
  createInputChain,
  type BypassReason,
  type InputChain,
  type InputChainOptions,
} from './processing/input-chain.ts'
export {
  createNoiseReduction,
  defaultNoiseReductionOptions,
  type NoiseReductionOptions,
} from './processing/noise-reduction.ts'
export { type DeepgramSttOptions, type RecordedFrame } from './stt/deepgram/deepgram-options.ts'
export { createDeepgramStt } from './stt/deepgram/deepgram-stt.ts'
export { createFallbackStt } from './speech/fallback-stt.ts'
export {
  createTtsCache,
  ttsCacheDefaults,
  type CachedSpeech,
  type TtsCache,
  type TtsCacheKey,
  type TtsCacheOptions,
} from './speech/tts-cache.ts'
export {
  cachedKinds,
  withTtsCache,
  type CachedTextToSpeech,
  type TtsCacheMode,
  type TtsCachePolicy,
} from './speech/with-tts-cache.ts'
export {
  createToolFiller,
  FILLER_CLAUSE_WAIT_MS,
  toolFillerDefaults,
  type AnswerStart,
  type FillerDue,
  type ToolFiller,
} from './speech/tool-filler.ts'
export {
  createLanguageSwitch,
  languageSwitchDefaults,
  type LanguageSwitchOptions,
  type RecognizedTurn,
} from './speech/language-switch.ts'
export {
  createTurnMetrics,
  flatReport,
  recordTurn,
  type TurnCount,
  type TurnInstant,
  type TurnMetrics,
  type TurnReport,
} from './metrics/turn-metrics.ts'
export {
  createLatencyBudget,
  latencyBudgetDefaults,
  type LatencyBudget,
  type LatencyBudgetOptions,
  type LatencyForecast,
  type LatencyOverrun,
  type LatencyRemedy,
  type LatencyStage,
} from './metrics/latency-budget.ts'
export {
  callBudgetDefaults,
  createCallCost,
  type BudgetCrossing,
  type CallCost,
  type CallCostReport,
  type CostStage,
} from './metrics/call-cost.ts'
export { runAmd, type AmdClassifier, type AmdPorts, type RunningAmd } from './amd/run-amd.ts'
export { type CallLog, type LoggedStep } from './replay/call-log.ts'
export type { FrameSummary } from './replay/frame-log.ts'
export { type CallForecast, type ForecastTurn, type TurnDifference } from './replay/compare-runs.ts'
export { readCallLog } from './replay/read-call-log.ts'
export { parseCallLog, writeCallLog } from './replay/stored-log.ts'
export { replayCall, type ReplayDifference, type ReplayResult } from './replay/replay-call.ts'
export { createEndCallTool, type EndsCalls } from './call/end-call-tool.ts'
export { type LinePricing } from './call/call-account.ts'
export { type CallTurnReport } from './call/call-metrics.ts'
export { type DeskLeg, type DeskMode, type JoinLegOptions } from './call/call-bridge.ts'
export { type TransferPerson } from './call/call-transfer.ts'
export { createPressKeysTool } from './call/press-keys-tool.ts'
export { type CallAmdOptions } from './call/call-opening.ts'
export { type Addressee } from './call/addressee.ts'
