import { checkOptions } from '@parley/spec'
import type {
  ChannelId,
  Content,
  HandoffActor,
  HandoffContract,
  HandoffOpening,
  HandoffPlan,
  HandoffRequest,
  HandoffResult,
  PipelineStage,
  Room,
  RoomId,
  TurnContext,
} from '@parley/spec'
import { humanOptionKeys, type HumanOptions } from '../human/human-options.ts'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import { internalsOf, type OrchestrationHost } from '../orchestration-host.ts'
import type { ConversationRouter } from '../router/conversation-router.ts'
import { ofOrganization } from './complete-handoff.ts'
import { createHandoffRules, type HandoffRules } from './handoff-rules.ts'
import { parseHandoff } from './parse-handoff.ts'
import { reject } from './rejections.ts'

/** Options of a `HandoffHandler`. */
export interface HandoffHandlerOptions {
  /** Names models may use for agents. */
  agentAliases?: Record<string, string>
  /** Agent to the phase a handoff to it leads to. */
  phaseMap?: Record<ChannelId, string>
  /** Phase to the phases that may follow. @default no limits */
  allowedTransitions?: Record<string, readonly string[]>
  /** Agents that are valid without a binding, such as config-only agents of a call. */
  knownAgents?: Iterable<ChannelId>
  onHandoffComplete?: (roomId: RoomId, result: HandoffResult) => void | Promise<void>
  /** The voice channel greetings and languages are meant for by default. */
  eventChannelId?: ChannelId
  /** What a payload must satisfy, by phase. */
  contracts?: Record<string, HandoffContract>
  /** How receivers begin. @default 'resume' */
  opening?: HandoffOpening
  limits?: { maxHandoffsPerHumanEvent?: number }
  /** Stages of a pipeline: agents may own several phases. */
  stages?: readonly PipelineStage[]
  /** Agent to those it may hand to; one that is not named may hand to all. @default no limits */
  allowedTargets?: Readonly<Record<ChannelId, readonly ChannelId[]>>
  /** A person may be asked for. @default true */
  allowHuman?: boolean
  human?: HumanOptions
  /** A line for people about a handoff, or null for none. */
  announce?: (plan: HandoffPlan) => Content | null
  /** How a receiver without a greeting of its own is asked for one, in opening mode `greeting`. */
  greetingPrompt?: string
  /** How an outgoing voice is asked for a closing line. */
  farewellPrompt?: string
  /** Which rooms it serves: those of a definition, else those without one. @default 'kit' */
  scope?: string
}

const handlerOptions = [
  'agentAliases',
  'phaseMap',
  'allowedTransitions',
  'knownAgents',
  'onHandoffComplete',
  'eventChannelId',
  'contracts',
  'opening',
  'limits',
  'stages',
  'allowedTargets',
  'allowHuman',
  'human',
  'announce',
  'greetingPrompt',
  'farewellPrompt',
  'scope',
] as const

/** How `handle` is called. */
export interface HandleOptions {
  /** The turn whose tool asked. */
  turn?: TurnContext
  /** @default the calling agent, else code */
  by?: HandoffActor
  signal?: AbortSignal
}

/**
 * Makes handoffs: resolves, validates, prepares, switches and opens, as one transaction per room.
 * @throws {ParleyError} `alias_invalid`, `invalid_options`
 */
export class HandoffHandler {
  readonly kit: OrchestrationHost
  readonly router: ConversationRouter
  readonly scope: string
  readonly rules: HandoffRules
  readonly human: HumanOptions
  readonly opening: HandoffOpening
  readonly announce: ((plan: HandoffPlan) => Content | null) | undefined
  readonly eventChannelId: ChannelId | undefined
  readonly greetingPrompt: string | undefined
  readonly farewellPrompt: string | undefined
  /** Agent to greeting text; wins over the agent's own. */
  greetingMap: Record<ChannelId, string> = {}
  /** The agents this handler knows, by id. */
  agents: Record<ChannelId, OrchestratedAgent> = {}
  /** Called after each handoff that was made; isolated, nobody waits for it. */
  onHandoffComplete: ((roomId: RoomId, result: HandoffResult) => void | Promise<void>) | undefined
  /** Resolves when an installation for one room is stored. */
  installed: Promise<void> = Promise.resolve()

  constructor(kit: OrchestrationHost, router: ConversationRouter, options: HandoffHandlerOptions = {}) {
    checkOptions('HandoffHandler', options, handlerOptions)
    checkOptions('HandoffHandler.human', options.human, humanOptionKeys)
    const {
      agentAliases,
      phaseMap,
      allowedTransitions,
      knownAgents,
      contracts,
      limits,
      stages,
      allowedTargets,
      human = {},
    } = options
    this.kit = kit
    this.router = router
    this.scope = options.scope ?? 'kit'
    this.human = human
    this.opening = options.opening ?? 'resume'
    this.announce = options.announce
    this.eventChannelId = options.eventChannelId
    this.greetingPrompt = options.greetingPrompt
    this.farewellPrompt = options.farewellPrompt
    this.onHandoffComplete = options.onHandoffComplete
    this.rules = createHandoffRules({
      agentAliases,
      phaseMap,
      allowedTransitions,
      contracts,
      knownAgents,
      stages,
      allowedTargets,
      limits,
      agentIds: agentIdsOf(router),
      supervisorId: router.supervisorId,
      allowHuman: options.allowHuman ?? human.allow,
      enforceForPeople: human.enforceForPeople,
    })
  }

  /** Makes a handoff from the arguments of a tool call. Refusals are values. */
  async handle(
    roomId: RoomId | null | undefined,
    callingAgentId: ChannelId | null,
    args: unknown,
    options: HandleOptions = {},
  ): Promise<HandoffResult> {
    const {
      turn,
      signal,
      by = callingAgentId === null ? { kind: 'code', id: 'code' } : { kind: 'agent', id: callingAgentId },
    } = options
    if (!roomId) return reject('handoff_no_room')
    const parsed = parseHandoff(args, by)
    if (!parsed.ok) return refuseArguments(this, roomId, callingAgentId, by, parsed)
    return this.request(roomId, parsed.request, { callerId: callingAgentId, turn, signal })
  }

  /** Makes a handoff that is parsed already. */
  request(
    roomId: RoomId,
    request: HandoffRequest,
    {
      callerId,
      turn,
      signal,
      opening,
    }: {
      callerId: ChannelId | null
      turn?: TurnContext | undefined
      signal?: AbortSignal | undefined
      opening?: HandoffOpening | undefined
    },
  ): Promise<HandoffResult> {
    return internalsOf(this.kit).handoffs.run({
      roomId,
      request,
      callerId,
      handler: this,
      rules: this.rules,
      human: this.human,
      opening: opening ?? this.opening,
      announce: this.announce,
      turn,
      signal,
    })
  }

  /** Lets the active agent greet; does nothing without an active agent or a greeting. */
  async sendGreeting(
    roomId: RoomId,
    { channelId = this.eventChannelId }: { channelId?: ChannelId | undefined } = {},
  ): Promise<void> {
    await internalsOf(this.kit).greetings.send(roomId, channelId === undefined ? {} : { channelId })
  }

  /**
   * Changes the language of a conversation.
   * @throws {ParleyError} `language_invalid`, `voice_language_unsupported`, `room_not_found`
   */
  async setLanguage(
    roomId: RoomId,
    language: string,
    { channelId = this.eventChannelId }: { channelId?: ChannelId | undefined } = {},
  ): Promise<void> {
    await internalsOf(this.kit).languages.set(roomId, language, channelId === undefined ? {} : { channelId })
  }

  /** The room's language if set, else the agent's. */
  getRoomLanguage(room: Room, agentId: ChannelId): string | undefined {
    return internalsOf(this.kit).languages.of(room, agentId)
  }
}

function agentIdsOf({ rules, defaultAgentId, supervisorId }: ConversationRouter): ChannelId[] {
  return [...rules.map(({ agentId }) => agentId), defaultAgentId, supervisorId].filter((id) => id !== undefined)
}

async function refuseArguments(
  { kit }: HandoffHandler,
  roomId: RoomId,
  callerId: ChannelId | null,
  by: HandoffActor,
  { field, expected }: { field: string; expected: string },
): Promise<HandoffResult> {
  const { core, status } = internalsOf(kit)
  const where = field === '' ? 'The arguments' : `The argument ${field}`
  const result = reject('handoff_invalid_arguments', {
    reason: `${where} must be ${expected}. Call the tool again with it.`,
    violations: [{ path: field, message: `expected ${expected}` }],
  })
  const room = await core.store.getRoom(roomId)
  if (room === null) return reject('handoff_no_room')
  await core.store.receipts.put([
    core.receipt(
      roomId,
      'handoff',
      { stage: 'rejected', code: result.code, from: callerId, field, by: { ...by } },
      { actor: { ...by } },
    ),
  ])
  core.hooks.fire('onHandoffRejected', { roomId, from: callerId, request: { field }, result }, { roomId })
  status.post({
    roomId,
    ...ofOrganization(room),
    agentId: callerId ?? by.id,
    action: 'handoff',
    status: 'failed',
    detail: result.code,
    metadata: { code: result.code },
  })
  return result
}
