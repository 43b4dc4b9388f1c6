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
export { roomLocksSuite } from './room-locks.ts'
export type { RoomLocksSuiteOptions } from './room-locks.ts'
