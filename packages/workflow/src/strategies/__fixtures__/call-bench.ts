import { createBudget, type Budget, type BudgetSpec, type ChatRequest, type ModelCard, type ModelReceipt } from '@parley/spec'
import { createSeededIds, createVirtualClock, scriptedModel, type ScriptedModel, type ScriptedTurn, type VirtualClock } from '@parley/testing'
import { sampleCard } from '../../routing/__fixtures__/sample-pool.ts'
import { createRouter, type Router } from '../../routing/create-router.ts'
import type { RouterOptions } from '../../routing/router-options.ts'
import type { ModelCallPlan, ModelCallPorts } from '../model-call.ts'

/** 100 in, 50 out, at 10 nano-USD each unless the card says otherwise. */
export const sampleUsage = { inputTokens: 100, outputTokens: 50 }

/** A model that says what its script says, after `ttftMs` of the virtual clock. */
export function sampleModel(
  id: string,
  turns: readonly ScriptedTurn[],
  { clock, ttftMs = 0, ...card }: Partial<ModelCard> & { clock?: VirtualClock; ttftMs?: number } = {},
): ScriptedModel {
  const withUsage = turns.map((turn) => (typeof turn === 'string' ? { text: turn, usage: sampleUsage } : turn))
  return scriptedModel(withUsage, {
    id,
    ttftMs,
    then: 'last',
    card: sampleCard(id, card),
    ...(clock === undefined ? {} : { clock }),
  })
}

/** All that a decision is made with, and what was told of it. */
export interface CallBench {
  clock: VirtualClock
  router: Router
  budget: Budget
  ports: ModelCallPorts
  plan: ModelCallPlan
  /** As they were told, oldest first. */
  receipts: ModelReceipt[]
}

export const sampleChat: ChatRequest = { messages: [{ role: 'user', content: 'Say something.' }] }

export function openBench(
  models: RouterOptions['models'],
  options: {
    clock?: VirtualClock
    spec?: BudgetSpec
    plan?: Partial<ModelCallPlan>
    ports?: Partial<ModelCallPorts>
    router?: Partial<RouterOptions>
  } = {},
): CallBench {
  const { clock = createVirtualClock(), spec = {} } = options
  const router = createRouter({ models, clock, ids: createSeededIds(1), ...options.router })
  const budget = createBudget('run', 'run_1', spec, { clock })
  const receipts: ModelReceipt[] = []
  const plan: ModelCallPlan = {
    key: 'run_1:draft:1',
    request: sampleChat,
    tier: 'balanced',
    account: { tenantId: 'acme', taskId: 'task_1', runId: 'run_1', stepKey: 'draft', attempt: 1 },
    ...options.plan,
  }
  const ports: ModelCallPorts = {
    router,
    budget,
    clock,
    signal: new AbortController().signal,
    onReceipt: (receipt) => void receipts.push(receipt),
    ...options.ports,
  }
  return { clock, router, budget, ports, plan, receipts }
}
