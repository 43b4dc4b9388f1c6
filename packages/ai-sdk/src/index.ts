export { fromLanguageModel, type AnyLanguageModel, type LanguageModelOptions } from './from-language-model.ts'
