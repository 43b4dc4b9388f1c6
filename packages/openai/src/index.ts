export { createOpenAiChatModel, type OpenAiChatModelOptions } from './chat-model.ts'
export { openAiModelCard } from './model-card.ts'
