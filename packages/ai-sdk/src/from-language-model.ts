import type { LanguageModelV4, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import type { ChatModel, ModelCard, VendorModelOptions } from '@parley/spec'
import { checkOptions, createVendorModel, ParleyError } from '@parley/spec'
import { createStreamCodec } from './from-stream-parts.ts'
import { toCallOptions } from './to-call-options.ts'
import { toModelError } from './to-model-error.ts'

/** A language model of the AI SDK, specification `v4`, by its shape: any provider's model fits. */
export interface AnyLanguageModel {
  readonly specificationVersion: 'v4'
  readonly provider: string
  readonly modelId: string
  doStream(options: never): PromiseLike<unknown>
}

/** What `fromLanguageModel` may be given besides the model. */
export interface LanguageModelOptions extends VendorModelOptions {
  /** @default `provider/modelId` of the model */
  id?: string
  /** Overrides fields of the card; the AI SDK tells nothing of a model's limits. */
  card?: Partial<Omit<ModelCard, 'id'>>
}

const known: readonly (keyof LanguageModelOptions)[] = ['id', 'card', 'openMs', 'idleMs', 'clock', 'ids']

/**
 * Makes a chat model of any AI SDK language model.
 * @throws {ParleyError} `invalid_options` for something that is not a language model of specification `v4`
 * @example fromLanguageModel(anthropic('claude-sonnet-4-5'), { card: { contextTokens: 200_000 } })
 */
export function fromLanguageModel(languageModel: AnyLanguageModel, options: LanguageModelOptions = {}): ChatModel {
  checkOptions('fromLanguageModel', options, known)
  const model = toLanguageModel(languageModel)
  const provider = model.provider.split('.')[0] ?? model.provider
  const id = options.id ?? `${provider}/${model.modelId}`
  const card: ModelCard = {
    provider,
    contextTokens: 128_000,
    maxOutputTokens: 4_096,
    input: ['text', 'image', 'audio', 'file'],
    tools: true,
    structuredOutput: 'native',
    reasoning: true,
    ...options.card,
    id,
  }
  return createVendorModel({
    card,
    options,
    prepare(request, { signal }, callIds) {
      // Mapped before anything is sent; the signal is put in when the call is made.
      const call = toCallOptions(request, card, signal)
      return {
        open: async (end) => partsOf((await model.doStream({ ...call, abortSignal: end })).stream, end),
        codec: createStreamCodec({ modelId: id, callIds }),
      }
    },
    toError: toModelError,
  })
}

function toLanguageModel(value: AnyLanguageModel): LanguageModelV4 {
  const shape: unknown = value
  const isModel =
    typeof shape === 'object' &&
    shape !== null &&
    'specificationVersion' in shape &&
    shape.specificationVersion === 'v4' &&
    'doStream' in shape &&
    typeof shape.doStream === 'function'
  // The specification's version, checked above, says what the model has.
  if (isModel) return shape as unknown as LanguageModelV4
  throw new ParleyError({
    code: 'invalid_options',
    message:
      'fromLanguageModel takes a language model of specification "v4", such as a provider of the AI SDK gives. Update the provider.',
    details: { path: 'languageModel', expected: 'specificationVersion "v4"' },
  })
}

/** A readable stream's parts; the reader is cancelled when the request ends, whoever ends it. */
async function* partsOf(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  end: AbortSignal,
): AsyncGenerator<LanguageModelV4StreamPart, void, void> {
  const reader = stream.getReader()
  const nothing = (): void => {}
  // A provider that ignores the signal still sees that nobody reads; how it takes that concerns nobody.
  const cancel = (): void => void reader.cancel(end.reason).then(nothing, nothing)
  end.addEventListener('abort', cancel, { once: true })
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value
  } finally {
    end.removeEventListener('abort', cancel)
  }
}
