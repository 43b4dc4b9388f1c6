import {
  createSystemClock,
  createSystemIds,
  ParleyError,
  type ChannelId,
  type ChatModel,
  type Json,
  type PendingRequest,
  type RoomHandle,
  type RoomId,
  type TurnId,
  type RequestOutcome,
} from '@parley/spec'
import { resolveTools } from '../tools/tool-set.ts'
import { resolveAgentLimits } from './agent-limits.ts'
import type { AgentOptions, SortedTools } from './agent-options.ts'
import { agentSources } from './agent-sources.ts'
import { refusedOutcome, runDecided } from './ask-people.ts'
import { isGranted } from './call-approval.ts'
import { checkArguments } from './check-arguments.ts'
import type { LoopInput } from './loop-input.ts'
import { createPromptContext, createPromptServices } from './prompt-context.ts'

/** A request whose turn is gone: what was kept of it. */
export interface DecidedRequest {
  roomId: RoomId
  agentId: ChannelId
  turnId: TurnId
  tool?: string
  callId?: string
  arguments?: Json
  idempotencyKey?: string
  kind?: PendingRequest['kind']
}

/** Stands where a model is asked for and none is used. */
const noModel: ChatModel = {
  id: 'none',
  card: {
    id: 'none',
    provider: 'none',
    contextTokens: 0,
    maxOutputTokens: 0,
    input: [],
    tools: false,
    structuredOutput: 'instructions',
    reasoning: false,
  },
  stream() {
    throw new ParleyError({
      code: 'agent_no_model',
      message: 'A decided tool needs a model and its agent has none. Give the agent one with the option "model".',
    })
  },
}

/**
 * Carries out what was decided after the process that asked is gone: the tool is found by its name and run under the
 * key of the first call. Gives the outcome as the agent reads it.
 */
export async function runDecidedTool(
  request: DecidedRequest,
  decision: RequestOutcome,
  parts: { options: AgentOptions; tools: SortedTools; room: RoomHandle },
): Promise<Json> {
  const { options, tools, room } = parts
  const { clock = createSystemClock(), ids = createSystemIds(), deps } = options
  const {
    tool: name = '',
    callId = ids.next('call'),
    agentId,
    turnId,
    idempotencyKey = `${turnId}:${callId}`,
  } = request
  const { signal } = new AbortController()
  const outside = createPromptContext('', { turnId }, { agentId, clock, ids, signal, deps, language: options.language })
  const context = { ...outside, room, state: await room.state() }
  const input: LoopInput = {
    model: options.model ?? noModel,
    context,
    services: createPromptServices({}, { ids, clock }),
    promptTexts: () => ({}),
    messages: [],
    sources: agentSources(options, tools, { context }),
    policy: options.policy,
    allowedTools: options.allowedTools,
    pinnedTools: [],
    limits: resolveAgentLimits(options.limits),
    generation: {},
    approvalMode: 'detach',
    isTainted: false,
    purpose: 'turn',
    debug: false,
  }
  const entry = (await resolveTools(input, input.sources, signal)).get(name)
  const isForTool = request.kind === 'approval' && entry?.tool.onDecision !== undefined
  if (!isGranted(decision) && !isForTool) return refusedOutcome(decision)
  if (entry === undefined)
    return failed(
      new ParleyError({
        code: 'tool_unknown',
        message: `There is no tool "${name}" any more, so what was decided cannot be done. Go on without it, or give the agent the tool again.`,
        details: { name },
      }),
    )
  const given = isGranted(decision) ? decision.value : undefined
  const args = given ?? request.arguments ?? {}
  const checked = await checkArguments(entry, args)
  if ('error' in checked) return { status: 'failed', ...checked }
  return await runDecided({
    ready: { entry, parsed: checked.parsed, call: { callId, name, arguments: args } },
    input,
    place: { input, callId, name, idempotencyKey, signal, secrets: [], progress() {} },
    decision,
  })
}

function failed({ code, message }: ParleyError): Json {
  return { status: 'failed', error: { code, message } }
}
