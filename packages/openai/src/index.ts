export { createOpenAiChatModel, type OpenAiChatModelOptions } from './chat-model.ts'
export { openai, openaiAdapter, type OpenAiActionOptions } from './openai-action.ts'
export { openAiModelCard } from './model-card.ts'
export type { WireRecord } from '@parley/spec'
