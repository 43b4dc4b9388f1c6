export type { OpenAiFault } from './openai/faults.ts'
export {
  createOpenAiDouble,
  type OpenAiAnswer,
  type OpenAiDouble,
  type OpenAiDoubleOptions,
  type OpenAiRequest,
  type OpenAiRespond,
  type ReceivedRequest,
} from './openai/openai-double.ts'
export { respondWithModel } from './openai/respond-with-model.ts'
