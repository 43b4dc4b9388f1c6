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
export { createVirtualClock } from './virtual-clock.ts'
export type { VirtualClock, VirtualClockOptions } from './virtual-clock.ts'
