import type { Price } from './budget-port.ts'
import type { CallOptions, ChatModel, ChatPart, ChatRequest, ModelCard } from './chat-model.ts'
import { ParleyError } from './parley-error.ts'
import { isContent } from './stream-model.ts'
import { createSystemClock } from './system.ts'
import type { Clock } from './world.ts'

/** What `withFallback` may be given. */
export interface WithFallbackOptions {
  /** Longest wait of one attempt for its first content, in ms. @default none */
  attemptMs?: number
  /** @default the machine's clock */
  clock?: Clock
}

/**
 * A model that asks the next one when one fails in a way that may pass, before the first content. Its card promises what
 * all of them can do; `end.warnings` says which failed before.
 * @throws `invalid_options` without models
 */
export function withFallback(
  models: readonly ChatModel[],
  { attemptMs, clock = createSystemClock() }: WithFallbackOptions = {},
): ChatModel {
  const [first] = models
  if (!first) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'withFallback needs at least one model.',
      details: { path: 'models', expected: 'at least one model' },
    })
  }
  const id = `fallback/${models.map((model) => model.id).join('+')}`

  async function* stream(request: ChatRequest, options: CallOptions): AsyncGenerator<ChatPart, void, void> {
    const failures: string[] = []
    for (const [index, model] of models.entries()) {
      let hasContent = false
      // Usage of an attempt that fails before content would be mistaken for the answer's.
      const held: ChatPart[] = []
      try {
        for await (const part of attempt(model, request, options, clock, attemptMs)) {
          if (!hasContent && part.type === 'usage') {
            held.push(part)
            continue
          }
          hasContent ||= isContent(part)
          yield* held.splice(0)
          yield part.type === 'end' && failures.length > 0
            ? { ...part, warnings: [...(part.warnings ?? []), ...failures] }
            : part
          if (part.type === 'end') return
        }
        throw brokenOff(model.id, !hasContent)
      } catch (thrown) {
        const mayPass = ParleyError.isInstance(thrown) && thrown.retryable && !hasContent
        if (options.signal.aborted || !mayPass || index === models.length - 1) throw thrown
        failures.push(`${model.id} failed before: ${thrown.code}`)
      }
    }
  }
  return { id, card: commonCard(id, first, models), stream }
}

/** One attempt; without content in time it is ended and fails as `model_timeout`. */
async function* attempt(
  model: ChatModel,
  request: ChatRequest,
  options: CallOptions,
  clock: Clock,
  attemptMs: number | undefined,
): AsyncGenerator<ChatPart, void, void> {
  if (attemptMs === undefined) {
    yield* model.stream(request, options)
    return
  }
  const limit = new AbortController()
  const signal = AbortSignal.any([options.signal, limit.signal])
  const timeout = new ParleyError({
    code: 'model_timeout',
    message: `The model "${model.id}" gave no content within ${attemptMs} ms.`,
    details: { model: model.id, limitMs: attemptMs },
  })
  const dispose = clock.setTimer(attemptMs, () => limit.abort(timeout))
  try {
    for await (const part of model.stream(request, { ...options, signal })) {
      if (isContent(part) || part.type === 'end') dispose()
      yield part
    }
  } finally {
    dispose()
  }
}

function brokenOff(modelId: string, retryable: boolean): ParleyError {
  return new ParleyError({
    code: 'model_stream_broken',
    message: `The answer of the model "${modelId}" stopped before its end. Ask again.`,
    details: { model: modelId },
    retryable,
  })
}

/** What every one of the models can do, at the price of the dearest. */
function commonCard(id: string, first: ChatModel, models: readonly ChatModel[]): ModelCard {
  const cards = models.map(({ card }) => card)
  const { price: _price, quality: _quality, ...base } = first.card
  const price = dearest(cards.map((card) => card.price))
  const ways = ['instructions', 'tool', 'native'] as const
  return {
    ...base,
    id,
    provider: 'fallback',
    contextTokens: Math.min(...cards.map((card) => card.contextTokens)),
    maxOutputTokens: Math.min(...cards.map((card) => card.maxOutputTokens)),
    input: first.card.input.filter((kind) => cards.every((card) => card.input.includes(kind))),
    tools: cards.every((card) => card.tools),
    structuredOutput: ways.find((way) => cards.some((card) => card.structuredOutput === way)) ?? 'native',
    reasoning: cards.every((card) => card.reasoning),
    ...(price === undefined ? {} : { price }),
  }
}

/** The highest of each price; unknown when one is. */
function dearest(prices: readonly (Price | undefined)[]): Price | undefined {
  const known = prices.filter((price) => price !== undefined)
  const [first] = known
  if (!first || known.length < prices.length) return undefined
  const highest = (of: (price: Price) => number): number => Math.max(...known.map(of))
  return {
    from: first.from,
    input: highest(({ input }) => input),
    output: highest(({ output }) => output),
    cachedInput: highest((price) => price.cachedInput ?? price.input),
    reasoning: highest((price) => price.reasoning ?? price.output),
    audioInput: highest((price) => price.audioInput ?? price.input),
    audioOutput: highest((price) => price.audioOutput ?? price.output),
    perRequest: highest((price) => price.perRequest ?? 0),
  }
}
