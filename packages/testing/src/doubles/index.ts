export type { ExchangeEnd, HttpDouble, ReceivedRequest } from './http/http-double.ts'
export type { HttpFault } from './http/http-fault.ts'
export type { DoubleAnswer } from './http/write-answer.ts'
export type { OpenAiFault } from './openai/faults.ts'
export {
  createOpenAiDouble,
  type OpenAiAnswer,
  type OpenAiDouble,
  type OpenAiDoubleOptions,
  type OpenAiRequest,
  type OpenAiRespond,
} from './openai/openai-double.ts'
export type { GeminiFault } from './gemini/faults.ts'
export {
  createGeminiDouble,
  type GeminiDouble,
  type GeminiDoubleOptions,
  type GeminiRequest,
  type GeminiRespond,
} from './gemini/gemini-double.ts'
export { respondWithModel } from './openai/respond-with-model.ts'
export type { TwilioFault } from './twilio/faults.ts'
export { type TwilioRestRequest } from './twilio/rest-server.ts'
export { signTwilioRequest } from './twilio/sign-request.ts'
export {
  createTwilioCallDouble,
  type ReceivedMessage as TwilioReceivedMessage,
  type TwilioCallDouble,
  type TwilioCallDoubleOptions,
} from './twilio/twilio-call-double.ts'
export {
  createDeepgramDouble,
  type DeepgramDouble,
  type DeepgramDoubleOptions,
  type DeepgramReceived,
} from './deepgram/deepgram-double.ts'
export type { DeepgramFault } from './deepgram/faults.ts'
export { deepgramDifferences } from './deepgram/server-schemas.ts'
