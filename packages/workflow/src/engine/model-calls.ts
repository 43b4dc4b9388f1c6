import {
  ParleyError,
  type ChatModel,
  type ChatRequest,
  type ChatResult,
  type ContractFault,
  type ExceededCap,
  type ModelReceipt,
  type OnExceed,
} from '@parley/spec'
import { routedModel } from '../routing/routed-model.ts'
import type { Router } from '../routing/create-router.ts'
import { runModelCalls } from '../strategies/run-model-calls.ts'
import type { AnswerCheck, ModelCallOutcome, ModelCallPlan, ModelCallPorts } from '../strategies/model-call.ts'
import type { StepModelOptions } from '../step/step-context.ts'
import type { Attempt } from './attempt.ts'
import { BudgetParked } from './budget-parked.ts'
import type { EngineParts } from './engine-parts.ts'
import { instant, note } from './run-scope.ts'

/** What a model answered, and whether it satisfies the contract. */
export type ModelAnswer =
  | { ok: true; result: ChatResult; value: unknown }
  | { ok: false; result: ChatResult; faults: readonly ContractFault[] }

/** Asks models for an attempt: routed, budgeted, receipted. @throws {ParleyError} what the strategy ended with */
export async function askModels(
  attempt: Attempt,
  request: ChatRequest,
  validate?: (result: ChatResult) => AnswerCheck | Promise<AnswerCheck>,
): Promise<ModelAnswer> {
  const { scope } = attempt
  const outcome = await runModelCalls(planOf(attempt, request), {
    ...portsOf(attempt),
    ...(validate === undefined ? {} : { validate }),
    onDelta(text, { isProvisional }) {
      if (isProvisional) return
      attempt.deltas.add(text)
    },
    onDraft({ modelId, text }) {
      note(scope, 'step_draft', attempt.place, {
        model_id: modelId,
        ...(scope.recordsPayloads ? { text: scope.redact(text) } : {}),
      })
      scope.writer.flushSoon()
    },
  })
  noteOutcome(attempt, outcome)
  switch (outcome.status) {
    case 'completed':
      attempt.modelId = outcome.modelId
      if (outcome.verified !== undefined) attempt.verified = outcome.verified
      return { ok: true, result: outcome.result, value: outcome.value }
    case 'invalid':
      attempt.modelId = outcome.modelId
      return { ok: false, result: outcome.result, faults: outcome.faults }
    case 'failed':
    case 'noModels':
      throw outcome.error
    case 'budgetExceeded':
      throw refusal(attempt, outcome)
  }
}

/** A model for code of a step, or for a judge: each call is a decision of its own. */
export function contextModel(attempt: Attempt, options: StepModelOptions, given?: ChatModel): ChatModel {
  const { step } = attempt.prepared
  const ports = portsOf(attempt)
  let refused: Error | undefined
  const routed = routedModel(routerFor(attempt, given), {
    account: accountOf(attempt),
    budget: ports.budget,
    ...(ports.nextCall === undefined ? {} : { nextCall: ports.nextCall }),
    ...(ports.onReceipt === undefined ? {} : { onReceipt: ports.onReceipt }),
    ...(ports.enter === undefined ? {} : { enter: ports.enter }),
    key: attempt.idempotencyKey,
    dispatch: attempt.dispatch,
    tier: options.tier ?? step.tier,
    capabilities: options.capabilities ?? [],
    ...(given === undefined ? {} : { model: given.id }),
    ...(options.model === undefined ? {} : { model: options.model }),
    onOutcome(outcome) {
      noteOutcome(attempt, outcome)
      refused =
        outcome.status === 'budgetExceeded' && outcome.onExceed === 'pause' ? refusal(attempt, outcome) : undefined
    },
  })
  return {
    ...routed,
    async *stream(request, callOptions) {
      try {
        yield* routed.stream(request, callOptions)
      } catch (error) {
        // A budget that pauses puts the run aside, whatever the code of the step makes of the error.
        throw refused ?? error
      }
    },
  }
}

/** Counts calls of models that the engine does not see. @throws {ParleyError} `budget_exceeded` */
export function countModelCalls(attempt: Attempt, count: number): void {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `incrementLlmCalls takes a whole number from 1 up, not ${count}.`,
      details: { path: 'count' },
    })
  }
  const { scope, budget } = attempt
  for (const { kind, id, remaining, spec } of [...budget.envelopes].reverse()) {
    const { onExceed = 'stop' } = spec
    if (remaining.calls !== undefined && remaining.calls < count && onExceed !== 'warn')
      throw refusal(attempt, { envelope: { kind, id }, exceeded: 'max_calls', onExceed })
  }
  const key = `${attempt.idempotencyKey}:${(attempt.calls += 1)}:${attempt.dispatch}`
  const spend = { costNanoUsd: 0, tokens: 0, calls: count }
  // A budget in memory changes in the same tick, so that two counts cannot both fit the last place.
  budget
    .reserve(key, spend)
    .then(async (reservation) => (reservation.ok ? budget.settle(key, spend) : undefined))
    .catch((error: unknown) => scope.parts.onError(error as ParleyError)) // a budget throws nothing else
}

/** What ends the attempt: the run is put aside by a budget that pauses, else it is over. */
function refusal(
  { scope }: Attempt,
  {
    envelope,
    exceeded: cap,
    onExceed,
  }: { envelope: { kind: string; id: string }; exceeded: ExceededCap; onExceed: OnExceed },
): Error {
  if (onExceed !== 'pause') return exceeded(envelope, cap)
  scope.pause('budget')
  return new BudgetParked(envelope)
}

function planOf(attempt: Attempt, request: ChatRequest): ModelCallPlan {
  const { step } = attempt.prepared
  const model = step.model ?? attempt.scope.workflow.compiled.definition.defaults.model
  const downgrade = attempt.scope.downgrades.at(-1)
  return {
    key: attempt.idempotencyKey,
    dispatch: attempt.dispatch,
    request,
    tier: step.tier,
    strategy: step.strategy,
    capabilities: step.capabilities,
    account: accountOf(attempt),
    promptRewritten: attempt.retryContext !== undefined,
    ...(model === undefined ? {} : { model }),
    ...(downgrade === undefined ? {} : { maxTier: downgrade.to, downgradedFrom: downgrade.from }),
  }
}

function portsOf(attempt: Attempt): ModelCallPorts {
  const { scope } = attempt
  const { parts } = scope
  return {
    router: routerFor(attempt),
    budget: attempt.budget,
    clock: scope.clock,
    signal: attempt.signal,
    nextCall: () => (attempt.calls += 1),
    ...(parts.embedder === undefined ? {} : { embedder: parts.embedder }),
    ...enterOf(parts),
    async onReceipt(receipt) {
      scope.writer.receipt(receipt)
      keepReceipt(scope.receipts, receipt)
      if (receipt.execution.status !== 'dispatched') return
      // What is about to be sent is known before it is, so that a crash leaves a trace.
      scope.writer.attempt({
        runId: scope.run.id,
        stepKey: attempt.stepKey,
        attempt: attempt.number,
        dispatch: attempt.dispatch,
        status: 'running',
        startedAt: instant(scope, scope.clock.now()),
        receiptIds: [...attempt.receiptIds, receipt.receiptId],
      })
      await scope.writer.flush()
    },
  }
}

/** Where calls are limited: each of them waits for its place. */
export function enterOf({ callGate }: EngineParts): Pick<ModelCallPorts, 'enter'> {
  return callGate === undefined ? {} : { enter: (place, signal) => callGate.enter(place, signal) }
}

function routerFor(attempt: Attempt, given?: ChatModel): Router {
  const { parts } = attempt.scope
  const router = parts.routerOf?.({ stepKey: attempt.stepKey, attempt: attempt.number }) ?? parts.router
  if (router !== undefined && (given === undefined || router.models.some(({ id }) => id === given.id))) return router
  if (given !== undefined) return attempt.scope.parts.routerOver(given)
  throw new ParleyError({
    code: 'no_models_available',
    message: `Step "${attempt.prepared.step.id}" needs a model, but the engine has none. Give createEngine models.`,
    details: { step: attempt.prepared.step.id },
  })
}

function accountOf({ scope, stepKey, number }: Attempt): ModelCallPlan['account'] {
  const { tenantId, taskId, id, roomId } = scope.run
  return {
    tenantId,
    taskId,
    runId: id,
    stepKey,
    attempt: number,
    ...(roomId === undefined ? {} : { roomId }),
  }
}

function noteOutcome(attempt: Attempt, outcome: ModelCallOutcome): void {
  const { scope } = attempt
  attempt.receiptIds.push(outcome.receipt.receiptId)
  attempt.costNanoUsd = add(attempt.costNanoUsd, costOfReceipt(outcome.receipt))
  if (outcome.downgrade === undefined) return
  const { from, to, envelope } = outcome.downgrade
  scope.downgrades.push({ from, to })
  note(scope, 'budget_downgraded', attempt.place, { from, to, envelope: envelope.id })
}

/** A receipt is given twice: before anything is sent, and complete. */
function keepReceipt(receipts: ModelReceipt[], receipt: ModelReceipt): void {
  const index = receipts.findLastIndex(({ receiptId }) => receiptId === receipt.receiptId)
  if (index === -1) receipts.push(receipt)
  else receipts[index] = receipt
}

/** What a decision cost: the winner and those that ran beside it. */
export function costOfReceipt({ execution }: ModelReceipt): number | null {
  return (execution.lost ?? []).reduce<number | null>(
    (sum, { costNanoUsd }) => add(sum, costNanoUsd),
    execution.actualCostNanoUsd,
  )
}

function add(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one + other
}

function exceeded(envelope: { kind: string; id: string }, cap: string): ParleyError {
  return new ParleyError({
    code: 'budget_exceeded',
    message: `The ${envelope.kind} budget "${envelope.id}" does not allow the call: ${cap} is reached. Raise it, or let the run do less.`,
    details: { envelope: envelope.id, kind: envelope.kind, exceeded: cap },
  })
}
