export { toAnswerParts, type Answer, type AnswerChunks } from './answer-parts.ts'
export {
  languageModelDouble,
  type LanguageModelCall,
  type LanguageModelDouble,
  type LanguageModelDoubleOptions,
} from './language-model-double.ts'
export {
  scriptedModel,
  type ScriptedAnswer,
  type ScriptedModel,
  type ScriptedModelOptions,
  type ScriptedTurn,
} from './scripted-model.ts'
export { createSeededIds } from './seeded-ids.ts'
export { createSocketPair, type PairedSocket } from './socket-pair.ts'
export { createVirtualClock } from './virtual-clock.ts'
export type { VirtualClock, VirtualClockOptions } from './virtual-clock.ts'
export { createCallerLine, type CallerLine } from './voice/caller-line.ts'
export {
  createFakeStt,
  type FakeStt,
  type FakeSttOptions,
  type FakeSttScript,
  type FakeUtterance,
} from './voice/fake-stt.ts'
export { createFakeTts, type FakeTts, type FakeTtsFailure, type FakeTtsOptions } from './voice/fake-tts.ts'
export { fakeVoices } from './voice/fake-voices.ts'
export type { HeardPiece } from './voice/heard-recorder.ts'
export {
  heardText,
  listen,
  type HeardSpeech,
  type ListenOptions,
  type RecognizeOptions,
  type Recording,
} from './voice/listen.ts'
export {
  createScriptedBackchannelDetector,
  createScriptedTurnDetector,
  type ScriptedTurnDetectorOptions,
  type TurnScript,
} from './voice/scripted-turn-detector.ts'
export { createScriptedVad, type ScriptedVadOptions, type VoicedSpan } from './voice/scripted-vad.ts'
export { createTestSpeechContext, type TestSpeechContextOptions } from './voice/speech-context.ts'
export {
  createTestEndpoint,
  type TestCaller,
  type TestEndpoint,
  type TestEndpointOptions,
} from './voice/test-endpoint.ts'
export { toneText, type ToneTextOptions } from './voice/tone-code.ts'
export { createVirtualOutput, type VirtualOutput, type VirtualOutputOptions } from './voice/virtual-output.ts'
export { createAudioClock, type AudioClock } from './voice/audio-clock.ts'
export { testEndpointDriver, type CallerDriver } from './voice/caller-driver.ts'
export { caller, type CallerStep, type CallerSteps } from './voice/caller-script.ts'
export {
  expectLedger,
  expectLog,
  expectNoLeak,
  expectReceipt,
  type ExpectedEntry,
  type ExpectedUtterance,
  type LedgerView,
  type NoLeakOptions,
} from './voice/expectations.ts'
export {
  createSimulatedCaller,
  type CallerReport,
  type SimulatedCaller,
  type SimulatedCallerOptions,
} from './voice/simulated-caller.ts'
