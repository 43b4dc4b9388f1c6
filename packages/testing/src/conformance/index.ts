export {
  chatModelSuite,
  type ChatModelScenario,
  type ChatModelSubject,
  type ModelFailure,
  type Provoked,
} from './chat-model.ts'
export { clockSuite } from './clock.ts'
export type { ClockUnderTest } from './clock.ts'
export { conversationStoreSuite } from './conversation-store.ts'
export type { BreakableStore, ConversationStoreSuiteOptions } from './conversation-store.ts'
export { durableBackendSuite } from './durable-backend.ts'
export type { BreakableBackend, DurableBackendSetup, DurableBackendSuiteOptions } from './durable-backend.ts'
export { roomLocksSuite } from './room-locks.ts'
export type { RoomLocksSuiteOptions } from './room-locks.ts'
export { audioOutputSuite, type AudioOutputSubject } from './audio-output.ts'
export { mediaEndpointSuite, type MediaEndpointSubject } from './media-endpoint.ts'
export { sttSuite, type SttSubject } from './speech-to-text.ts'
export { ttsSuite, type TtsSubject } from './text-to-speech.ts'
export {
  backchannelSuite,
  turnDetectorSuite,
  type BackchannelSubject,
  type TurnDetectorSubject,
} from './turn-detector.ts'
export { vadSuite, type VadSubject } from './voice-activity.ts'
export { recordingSinkSuite, type RecordingSinkSubject } from './recording-sink.ts'
