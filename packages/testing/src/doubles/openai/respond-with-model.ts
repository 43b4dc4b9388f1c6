import type { CallOptions, ChatModel } from '@parley/spec'
import type { OpenAiRespond } from './openai-double.ts'

const purposes: readonly NonNullable<CallOptions['purpose']>[] = [
  'turn',
  'step',
  'judge',
  'summary',
  'speculation',
  'opening',
]

/**
 * Puts a model behind the double: its answers go over the wire as if the vendor had given them. It is told what the
 * request's metadata says of the call, its purpose included.
 */
export function respondWithModel(model: ChatModel): OpenAiRespond {
  return ({ chat, metadata, signal }) => {
    const { purpose: said, ...rest } = metadata
    const purpose = purposes.find((known) => known === said)
    return model.stream(chat, {
      signal,
      ...(purpose === undefined ? {} : { purpose }),
      ...(Object.keys(rest).length === 0 ? {} : { metadata: rest }),
    })
  }
}
