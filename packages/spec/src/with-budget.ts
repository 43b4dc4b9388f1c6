import type { Budget, Reservation } from './budget-port.ts'
import type { CallOptions, ChatModel, ChatPart, ChatRequest, Usage } from './chat-model.ts'
import { estimateInputTokens } from './estimate-request.ts'
import { ParleyError } from './parley-error.ts'
import { costOf } from './price.ts'
import { createSystemIds } from './system.ts'
import type { IdSource } from './world.ts'

/** What `withBudget` may be given. */
export interface WithBudgetOptions {
  /** Names each call's reservation. @default a new id per call */
  key?: (request: ChatRequest, options: CallOptions) => string
  /** Tokens of a request. @default estimated from above by its length */
  countTokens?: (request: ChatRequest) => number
  /** @default random */
  ids?: IdSource
}

/**
 * A model that holds each call's cost in a budget before it is sent and books the true cost after. A call that does not
 * fit is `budget_exceeded` before anything is sent. A call that is left early is booked at the usage the vendor gave, else
 * at an estimate of what had come; one that brought nothing is released.
 */
export function withBudget(
  model: ChatModel,
  budget: Budget,
  {
    ids = createSystemIds(),
    key = () => ids.next('dispatch'),
    countTokens = estimateInputTokens,
  }: WithBudgetOptions = {},
): ChatModel {
  const { price, maxOutputTokens: modelCap } = model.card

  async function* stream(request: ChatRequest, options: CallOptions): AsyncGenerator<ChatPart, void, void> {
    options.signal.throwIfAborted()
    const isCapped = budget.envelopes.some(({ spec }) => spec.maxCostUsd !== undefined || spec.maxTokens !== undefined)
    const outputCap = request.maxOutputTokens ?? modelCap
    const inputTokens = countTokens(request)
    const spendOf = (usage: Usage): { costNanoUsd: number | null; tokens: number } => ({
      costNanoUsd: costOf(price, { ...usage, requests: 1 }),
      tokens: usage.inputTokens + usage.outputTokens,
    })
    const name = key(request, options)
    const reservation = await budget.reserve(name, spendOf({ inputTokens, outputTokens: outputCap }), {
      signal: options.signal,
    })
    if (!reservation.ok) throw budgetExceeded(reservation, model.id)

    let usage: Usage | undefined
    let written = 0
    try {
      const allowed = Math.min(outputCap, reservation.maxOutputTokens ?? outputCap)
      const bounded = isCapped ? { ...request, maxOutputTokens: allowed } : request
      for await (const part of model.stream(bounded, options)) {
        if (part.type === 'usage' || part.type === 'end') usage = part.usage
        written += lengthOf(part)
        yield part
      }
    } finally {
      if (usage) await budget.settle(name, spendOf(usage), 'usage')
      else if (written > 0) {
        const outputTokens = Math.ceil(written / 4)
        await budget.settle(name, spendOf({ inputTokens, outputTokens }), 'estimate')
      } else await budget.release(name)
    }
  }
  return { id: model.id, card: model.card, stream }
}

function lengthOf(part: ChatPart): number {
  switch (part.type) {
    case 'textDelta':
    case 'thinkingDelta':
      return part.text.length
    case 'toolCallDelta':
      return part.argumentsDelta.length
    default:
      return 0
  }
}

/** The error for a reservation that did not fit. */
export function budgetExceeded(refusal: Extract<Reservation, { ok: false }>, modelId: string): ParleyError {
  const { envelope, exceeded, onExceed } = refusal
  return new ParleyError({
    code: 'budget_exceeded',
    message: `The budget of the ${envelope.kind} "${envelope.id}" does not allow a call of "${modelId}" (${exceeded}). Raise the budget or use a cheaper model.`,
    details: { envelope: { kind: envelope.kind, id: envelope.id }, exceeded, onExceed, model: modelId },
  })
}
