import type { ChatModel } from '@parley/spec'
import type { OpenAiRespond } from './openai-double.ts'

/** Puts a model behind the double: its answers go over the wire as if the vendor had given them. */
export function respondWithModel(model: ChatModel): OpenAiRespond {
  return ({ chat, signal }) => model.stream(chat, { signal })
}
