import {
  budgetExceeded,
  createBudget,
  isContent,
  ParleyError,
  type CallOptions,
  type ChatModel,
  type ChatPart,
  type ChatRequest,
  type ModelCard,
} from '@parley/spec'
import type { ModelCallOutcome, ModelCallPlan, ModelCallPorts } from '../strategies/model-call.ts'
import { singleCall } from '../strategies/single-call.ts'
import type { Router } from './create-router.ts'
import { pinnedModel } from './route-request.ts'

/** What a routed model asks for with each request. */
export interface RoutedModelRequest
  extends
    Omit<ModelCallPlan, 'request' | 'key' | 'strategy' | 'purpose' | 'metadata'>,
    Partial<Pick<ModelCallPorts, 'budget' | 'nextCall' | 'onReceipt' | 'enter'>> {
  /** First part of the reservation keys; with a budget that others use too, one of its own. @default 'routed' */
  key?: string
  /** Told what came of each request. */
  onOutcome?: (outcome: ModelCallOutcome) => void
}

/**
 * A model that is chosen anew for each request, with fallback chain, budget and receipts. It streams `no_models_available`
 * and `budget_exceeded` (with `onExceed` in its details) as errors before anything is sent.
 */
export function routedModel(router: Router, request: RoutedModelRequest): ChatModel {
  const { key = 'routed', budget, nextCall, onReceipt, onOutcome, enter, ...asked } = request
  const { clock } = router
  const ownBudget = budget ?? createBudget('run', key, {}, { clock })
  let calls = 0
  const ports: Omit<ModelCallPorts, 'signal'> = {
    router,
    clock,
    budget: ownBudget,
    nextCall: nextCall ?? (() => ++calls),
    ...(onReceipt === undefined ? {} : { onReceipt }),
    ...(enter === undefined ? {} : { enter }),
  }

  async function* stream(chat: ChatRequest, options: CallOptions): AsyncGenerator<ChatPart, void, void> {
    options.signal.throwIfAborted()
    const plan: ModelCallPlan = {
      ...asked,
      key,
      request: chat,
      ...(options.purpose === undefined ? {} : { purpose: options.purpose }),
      ...(options.metadata === undefined ? {} : { metadata: options.metadata }),
    }
    const parts = singleCall(plan, { ...ports, signal: options.signal }, { takesAnyEnd: true })
    let hasContent = false
    let isOver = false
    // Readers leave at the end part, so it is given when all is booked and written.
    let end: ChatPart | undefined
    try {
      for (;;) {
        const step = await parts.next()
        if (step.done) {
          isOver = true
          onOutcome?.(step.value)
          const error = errorOf(step.value, pinnedModel(asked))
          if (error !== undefined) throw hasContent ? final(error) : error
          if (end !== undefined) yield end
          return
        }
        if (step.value.type === 'end') {
          end = step.value
          continue
        }
        hasContent ||= isContent(step.value)
        yield step.value
      }
    } finally {
      if (!isOver) await leave(parts)
    }
  }
  return { id: pinnedModel(asked) ?? 'routed/auto', card: cardOf(router, pinnedModel(asked)), stream }
}

/** Ends a call that its reader left. */
async function leave(parts: ReturnType<typeof singleCall>): Promise<void> {
  // A generator that ended by itself ignores this; the value given is not looked at.
  await parts.return(undefined as never)
}

function errorOf(outcome: ModelCallOutcome, pin: string | undefined): ParleyError | undefined {
  switch (outcome.status) {
    case 'completed':
    case 'invalid':
      return undefined
    case 'failed':
    case 'noModels':
      return outcome.error
    case 'budgetExceeded': {
      const { envelope, exceeded, onExceed } = outcome
      return budgetExceeded({ ok: false, code: 'budget_exceeded', envelope, exceeded, onExceed }, pin ?? 'routed/auto')
    }
  }
}

/** After content nothing may be tried again, whatever the model said. */
function final(error: ParleyError): ParleyError {
  if (!error.retryable) return error
  const { code, message, details, cause } = error
  return new ParleyError({ code, message, details, cause, retryable: false })
}

/** What at least one of the models can do, for each request is given to one that can do what it asks. */
function cardOf({ models }: Router, pin: string | undefined): ModelCard {
  const pinned = models.find(({ id }) => id === pin)
  if (pinned !== undefined) return pinned.card
  const cards = models.map(({ card }) => card)
  const ways = ['instructions', 'tool', 'native'] as const
  return {
    id: 'routed/auto',
    provider: 'routed',
    contextTokens: Math.max(0, ...cards.map(({ contextTokens }) => contextTokens)),
    maxOutputTokens: Math.max(0, ...cards.map(({ maxOutputTokens }) => maxOutputTokens)),
    input: (['text', 'image', 'audio', 'file'] as const).filter((kind) =>
      cards.some(({ input }) => input.includes(kind)),
    ),
    tools: cards.some(({ tools }) => tools),
    structuredOutput: ways.find((way) => cards.some(({ structuredOutput }) => structuredOutput === way)) ?? 'native',
    reasoning: cards.some(({ reasoning }) => reasoning),
  }
}
