import {
  toParleyError,
  type ChatModel,
  type Json,
  type ParleyError,
  type TurnContext,
  type TurnOutput,
} from '@parley/spec'
import type { TurnServices } from '../core/turn-services.ts'
import { resolveAgentLimits, type AgentLimits } from './agent-limits.ts'
import type { AgentOptions, SortedTools } from './agent-options.ts'
import { agentSources } from './agent-sources.ts'
import type { LoopOutcome } from './loop-event.ts'
import type { LoopInput, LoopOutput } from './loop-input.ts'
import { deriveContext } from './derive-context.ts'
import { createPlan } from './plan.ts'
import { estimateTokens } from './token-estimate.ts'
import { runLoop } from './tool-loop.ts'
import { withToolProtocol } from './tool-protocol.ts'
import { buildTurnMessages } from './turn-messages.ts'

/** What an agent brings into a turn in a room. */
export interface RoomTurnOptions {
  model: ChatModel
  options: AgentOptions
  tools: SortedTools
  output: LoopOutput | undefined
  identityBlock(language: string | undefined): string | null
  context: TurnContext
  services: TurnServices
}

/** One turn in a room: the loop, with its events as the room takes them. Never throws for what models and tools do. */
export async function* takeRoomTurn(given: RoomTurnOptions): AsyncGenerator<TurnOutput, void, void> {
  const turn = { ...given, model: answeringModel(given) }
  const { options, services, output, context } = turn
  const { onFailure } = options
  let hasSpoken = false
  try {
    for await (const event of runLoop(await roomLoopInput(turn))) {
      if (event.type === 'textDelta' || event.type === 'thinkingDelta') {
        hasSpoken ||= event.type === 'textDelta' && event.text.trim() !== ''
        yield event
      } else if (event.type === 'toolCallStarted' || event.type === 'toolCallEnded') {
        yield { type: event.type, call: event.call }
      } else if (event.type === 'end') {
        const { outcome } = event
        if (output?.render !== undefined && outcome.value !== undefined) {
          // The contract parsed the value; `render` belongs to it.
          yield { type: 'textDelta', text: output.render(outcome.value as never) }
        }
        if (outcome.error !== undefined) services.reportError(outcome.error, 'stream')
        if (outcome.end === 'failed' && !hasSpoken && onFailure !== undefined) yield failureNotice(onFailure)
        yield { type: 'end', reason: outcome.end, data: { ...receiptData(outcome), ...spared(given) } }
      }
    }
  } catch (thrown) {
    if (context.signal.aborted) {
      yield { type: 'end', reason: 'aborted', data: {} }
      return
    }
    const error = toParleyError(thrown, {
      code: 'internal_error',
      message: 'The turn could not be prepared. The error that is its cause tells more.',
    })
    services.reportError(error, 'stream')
    if (!hasSpoken && onFailure !== undefined) yield failureNotice(onFailure)
    yield { type: 'end', reason: 'failed', data: { error: errorData(error) } }
  }
}

/** The agent's model, or the one that answers while its call has to spare. */
function answeringModel({ model, options, services }: RoomTurnOptions): ChatModel {
  return services.sparing?.usesFallbackModel === true ? (options.fallbackModel ?? model) : model
}

/** What the turn did without, for its receipt. */
function spared({ model, options, services: { sparing } }: RoomTurnOptions): { [key: string]: Json } {
  if (sparing === undefined) return {}
  const { fallbackModel } = options
  return {
    ...(sparing.usesFallbackModel ? { downgradedFrom: fallbackModel === undefined ? null : model.id } : {}),
    ...(sparing.isContextShort ? { isContextShort: true } : {}),
  }
}

async function roomLoopInput({
  model,
  options,
  tools,
  output,
  identityBlock,
  context,
  services,
}: RoomTurnOptions): Promise<LoopInput> {
  const overrides = services.binding?.metadata ?? {}
  // The limits are checked by name and value when they are resolved.
  const limits = resolveAgentLimits(options.limits, overrides['limits'] as Partial<AgentLimits> | undefined)
  const skills = await options.skills?.open(context)
  const plan =
    options.planning === true
      ? createPlan((value) => services.fire('onPlanUpdated', { context, plan: value }))
      : undefined
  const base = typeof overrides['systemPrompt'] === 'string' ? overrides['systemPrompt'] : options.systemPrompt
  const identity = identityBlock(context.language)
  const reserved = limits.maxOutputTokens + estimateTokens(`${base ?? ''}${identity ?? ''}`)
  const budgetTokens = Math.max(1_000, Math.floor(model.card.contextTokens * (1 - limits.toolShare)) - reserved)
  const { memory, recentEventsWindow } = options
  if (memory?.ingest !== undefined) {
    const place = { roomId: context.room.id, agentId: context.agentId }
    for (const trigger of services.triggers) services.background(async () => await memory.ingest?.(trigger, place))
  }
  const past = {
    memory,
    recentEventsWindow,
    card: model.card,
    budgetTokens,
    memoryMs: limits.memoryMs,
    isShort: services.sparing?.isContextShort === true,
  }
  const { messages, notes } = await buildTurnMessages({ context, services, ...past })
  const memoryText = notes.join('\n\n')
  return {
    ...withToolProtocol(model, options),
    context: options.deps === undefined ? context : deriveContext(context, { deps: options.deps }),
    services,
    promptTexts: () => ({
      base,
      skills: skills?.promptText(),
      plan: plan?.promptText(),
      tools: options.toolNotes,
      memory: memoryText,
      identity,
    }),
    messages,
    sources: agentSources(options, tools, {
      context,
      roomTools: () => services.roomTools(),
      skills,
      planTool: plan?.tool,
    }),
    policy: options.policy,
    allowedTools: options.allowedTools,
    pinnedTools: options.pinnedTools ?? [],
    limits,
    generation: options.generation ?? {},
    output,
    approvalMode: 'detach',
    isTainted: notes.length > 0,
    mayBeSilent: context.event.routing?.observers.includes(context.agentId) === true,
    purpose: services.opening?.kind === 'handoff' || services.opening?.kind === 'greeting' ? 'opening' : 'turn',
    debug: options.debug ?? false,
  }
}

/** The data of the turn's receipt. */
function receiptData(outcome: LoopOutcome): { [key: string]: Json } {
  const { steps, calls, usage, costNanoUsd, effective, value, error, blocked } = outcome
  return {
    steps: steps.length,
    toolCalls: calls.length,
    ...(calls.length === 0 ? {} : { calls: calls.map((call) => ({ ...call })) }),
    usage: { ...usage },
    costNanoUsd,
    model: effective['model'] ?? null,
    effective,
    // The output came from JSON and its contract; what JSON cannot carry is not kept.
    ...(value === undefined ? {} : { output: JSON.parse(JSON.stringify(value)) as Json }),
    ...(error === undefined ? {} : { error: errorData(error) }),
    ...(blocked === undefined ? {} : { blocked: { ...blocked } }),
  }
}

function errorData({ code, message }: ParleyError): Json {
  return { code, message }
}

function failureNotice(text: string): TurnOutput {
  return { type: 'notice', content: { type: 'system', code: 'agent_failed', text } }
}
