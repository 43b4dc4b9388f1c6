export { createOpenAiChatModel, type OpenAiChatModelOptions } from './chat-model.ts'
export { openAiModelCard } from './model-card.ts'
export type { WireRecord } from './record-wire.ts'
