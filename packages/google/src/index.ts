export { createGeminiChatModel, type GeminiChatModelOptions } from './chat-model.ts'
export { gemini, type GeminiActionOptions } from './gemini-action.ts'
export { geminiModelCard } from './model-card.ts'
export type { WireRecord } from '@parley/spec'
