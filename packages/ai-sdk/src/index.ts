export { fromAiSdk, type AiSdkActionOptions } from './ai-sdk-action.ts'
export { claude, type ClaudeActionOptions } from './claude-action.ts'
export { fromLanguageModel, type AnyLanguageModel, type LanguageModelOptions } from './from-language-model.ts'
