import { nearestNames } from '@parley/spec'
import type {
  ChannelId,
  Checked,
  ConversationMode,
  ConversationState,
  HandoffNote,
  HandoffOpening,
  HandoffPlan,
  HandoffRequest,
  HandoffResult,
  HumanState,
  Instant,
  Json,
  Room,
  RoomId,
} from '@parley/spec'
import { derivePhase } from './derive-phase.ts'
import { HUMAN, resolveTarget, type HandoffRules } from './handoff-rules.ts'
import { reject, type RejectionDetails } from './rejections.ts'
import { mayHandTo, reachableTargets } from './reachable-targets.ts'

/** Turns in which the receiver reads the note. */
export const NOTE_TURNS = 3

/** What the target is in this room. `known`: valid without a binding. */
export type TargetFact = 'agent' | 'known' | 'transport' | 'unavailable' | 'unknown'

/** What the interpreter looked up; everything else is in the state and the rules. */
export interface HandoffFacts {
  roomStatus: Room['status']
  /** Another handoff of the room is being made. */
  isRunning: boolean
  /** The calling agent's turn was asked by the present trigger. */
  isAsked: boolean
  target: TargetFact
  /** Agents of the room that could be targets. */
  peers: readonly ChannelId[]
  isHumanAvailable: boolean
  /** What moving to another channel would do; `none` when it cannot be done. */
  escalation: 'same' | 'binding' | 'host' | 'none'
  /** Handoffs since a person last spoke. */
  handoffsSincePerson: number
  /** Violations of the contract of this target so far. */
  contractViolations: number
  maxHandoffs: number
}

/** How people are asked in this room. */
export interface HumanTerms {
  whileWaiting: 'silent' | 'keepAgent'
  timeoutMs: number
  onTimeout: 'resume' | 'stay'
}

/** One handoff, as far as it is known. The answers are added as the effects are carried out. */
export interface HandoffInput {
  handoffId: string
  roomId: RoomId
  /** Parsed; its target is a name yet. */
  request: HandoffRequest
  callerId: ChannelId | null
  /** The name the sender is shown by. */
  fromName: string
  opening: HandoffOpening
  rules: HandoffRules
  facts: HandoffFacts
  human: HumanTerms
  /** Who takes over at once, for a takeover. */
  claim?: string
  contract?: Checked<Json>
  hook?: { allowed: true } | { allowed: false; reason?: string }
}

/** What the interpreter is to do next. */
export type HandoffEffect =
  | { type: 'checkContract'; phase: string; payload: Json }
  | { type: 'askHook'; request: HandoffRequest; from: ChannelId | null; to: ChannelId | null }
  | { type: 'commit'; plan: HandoffPlan; mode?: { from: ConversationMode; to: ConversationMode } }

/** What a step of the machine gives. Without a result the effects are to be carried out and the machine asked again. */
export interface HandoffStep {
  state: ConversationState
  effects: HandoffEffect[]
  receipts: Json[]
  result?: HandoffResult
}

/** Decides a handoff. Pure and total: the first reason against it wins, in the order users are promised. */
export function handoff(state: ConversationState, input: HandoffInput, now: Instant): HandoffStep {
  const { request, rules, facts } = input
  const targetId = resolveTarget(rules, request.targetAgentId)
  const refuse = (code: Parameters<typeof reject>[0], details?: RejectionDetails): HandoffStep => {
    const result = reject(code, details)
    return { state, effects: [], receipts: [rejectedReceipt(input, targetId, result)], result }
  }
  const allowedTargets = (): string[] => nearestFirst(request.targetAgentId, targetsFor(state, input))

  if (facts.roomStatus === 'closed' || facts.roomStatus === 'archived') return refuse('room_closed')
  if (facts.isRunning) return refuse('handoff_in_progress', { retryAfterMs: 1_000 })
  if (!mayAsk(state, input, targetId)) return refuse('handoff_not_active_agent')
  if (targetId === HUMAN) {
    if (!rules.allowHuman && !rules.owned.has(HUMAN))
      return refuse('handoff_unknown_target', { allowed: allowedTargets() })
    if (!facts.isHumanAvailable && input.claim === undefined) return refuse('handoff_human_unavailable')
    if (state.human !== undefined && input.claim === undefined)
      return refuse('handoff_to_self', { reason: 'A colleague has been asked already. Go on until one takes over.' })
  } else {
    if (facts.target === 'unknown') return refuse('handoff_unknown_target', { allowed: allowedTargets() })
    if (facts.target === 'transport') return refuse('handoff_not_an_agent', { allowed: allowedTargets() })
    if (facts.target === 'unavailable') return refuse('handoff_target_unavailable')
    if (request.by.kind === 'agent' && input.callerId !== null && !mayHandTo(rules, input.callerId, targetId)) {
      return refuse('handoff_unknown_target', { allowed: allowedTargets() })
    }
  }
  const derived = derivePhase(rules, state, targetId, request.nextPhase, isBoundByLimits(input))
  if (
    'phase' in derived &&
    targetId === state.activeAgentId &&
    derived.phase === state.phase &&
    state.mode === 'agent'
  ) {
    return refuse('handoff_to_self')
  }
  if ('notAllowed' in derived) {
    const code = derived.notAllowed === 'phase' ? 'handoff_phase_not_allowed' : 'handoff_transition_not_allowed'
    return refuse(code, { allowed: derived.allowed })
  }
  const toPhase = derived.phase
  const contract = contractOf(rules, targetId, toPhase)
  let { payload } = request
  if (contract !== undefined) {
    if (input.contract === undefined) {
      return {
        state,
        effects: [{ type: 'checkContract', phase: toPhase, payload: carried(state, request, contract.carry) }],
        receipts: [],
      }
    }
    if (!input.contract.ok)
      return refuse('handoff_contract', contractDetails(input, contract, input.contract.violations))
    payload = input.contract.value
  }
  if (facts.escalation === 'none') return refuse('handoff_escalation_unavailable')
  // People and the system are not a circle of agents.
  const isCounted = request.by.kind === 'agent' || request.by.kind === 'code'
  if (isCounted && targetId !== HUMAN && facts.handoffsSincePerson >= facts.maxHandoffs) return refuse('handoff_limit')

  const resolved: HandoffRequest = {
    ...request,
    targetAgentId: targetId,
    ...(payload === undefined ? {} : { payload }),
  }
  const from = state.activeAgentId ?? input.callerId
  const to = targetId === HUMAN ? null : targetId
  if (input.hook === undefined)
    return { state, effects: [{ type: 'askHook', request: resolved, from, to }], receipts: [] }
  if (!input.hook.allowed)
    return refuse(
      'handoff_refused',
      input.hook.reason === undefined
        ? {}
        : { reason: `The handoff was refused: ${input.hook.reason}. Go on yourself.` },
    )
  return accept(state, { ...input, request: resolved }, { from, to, toPhase }, now)
}

interface Switch {
  from: ChannelId | null
  to: ChannelId | null
  toPhase: string
}

function accept(
  state: ConversationState,
  input: HandoffInput,
  { from, to, toPhase }: Switch,
  now: Instant,
): HandoffStep {
  const { request, handoffId } = input
  const keepsAgent =
    to === null && input.human.whileWaiting === 'keepAgent' && input.claim === undefined && state.activeAgentId !== null
  const next = keepsAgent ? waitBeside(state, input, now) : move(state, input, { from, to, toPhase }, now)
  const plan: HandoffPlan = {
    handoffId,
    roomId: input.roomId,
    from,
    to,
    fromPhase: state.phase,
    toPhase: next.phase,
    request,
    opening: input.opening,
    baseVersion: state.version,
  }
  const mode = state.mode === next.mode ? {} : { mode: { from: state.mode, to: next.mode } }
  const result: HandoffResult = {
    accepted: true,
    newAgentId: next.activeAgentId,
    newPhase: next.phase,
    handoffId,
    message: acceptedMessage(input, keepsAgent, to),
  }
  return { state: next, effects: [{ type: 'commit', plan, ...mode }], receipts: [acceptedReceipt(plan)], result }
}

function move(
  state: ConversationState,
  input: HandoffInput,
  { from, to, toPhase }: Switch,
  now: Instant,
): ConversationState {
  const { request, handoffId } = input
  const moved = state.transition(toPhase, { toAgent: to, reason: request.reason, metadata: { handoffId }, at: now })
  const context = contextAfter(state, input, from)
  const common = { context, previousAgentId: state.activeAgentId ?? state.previousAgentId }
  if (to === null) return moved.with({ ...common, mode: 'human', human: humanState(input, now), handoff: undefined })
  return moved.with({ ...common, mode: 'agent', human: undefined, handoff: noteFor(input, from, to, now) })
}

/** The agent goes on until a colleague takes over. */
function waitBeside(state: ConversationState, input: HandoffInput, now: Instant): ConversationState {
  return state.with({ human: humanState(input, now), context: contextAfter(state, input, state.activeAgentId) })
}

function contextAfter(
  state: ConversationState,
  { request, callerId }: HandoffInput,
  from: ChannelId | null,
): Record<string, Json> {
  const { payload: _former, ...kept } = state.context
  return {
    ...kept,
    ...request.context,
    handoffSummary: request.summary,
    handoffFrom: from ?? callerId ?? request.by.id,
    handoffReason: request.reason,
    ...(request.payload === undefined ? {} : { payload: request.payload }),
  }
}

function noteFor(
  { request, handoffId, fromName }: HandoffInput,
  from: ChannelId | null,
  to: ChannelId,
  at: Instant,
): HandoffNote {
  const { reason, summary, payload } = request
  // A report of a person is theirs, whoever was active before.
  const sender = request.by.kind === 'person' ? request.by.id : (from ?? request.by.id)
  return {
    handoffId,
    from: sender,
    fromName,
    to,
    reason,
    summary,
    at,
    turnsLeft: NOTE_TURNS,
    ...(payload === undefined ? {} : { payload }),
  }
}

function humanState({ request, claim, human }: HandoffInput, now: Instant): HumanState {
  const { reason, payload, urgent, by } = request
  const base = {
    requestedAt: now,
    requestedBy: by.id,
    urgency: urgent ? ('high' as const) : ('normal' as const),
    reason,
  }
  const given = payload === undefined ? {} : { payload }
  if (claim !== undefined) return { ...base, ...given, status: 'active', claimedBy: claim, claimedAt: now }
  const expires =
    human.onTimeout === 'stay' ? {} : { expiresAt: new Date(Date.parse(now) + human.timeoutMs).toISOString() }
  return { ...base, ...given, status: 'waiting', ...expires }
}

function mayAsk(
  state: ConversationState,
  { request, callerId, rules, facts }: HandoffInput,
  targetId: ChannelId,
): boolean {
  if (request.by.kind !== 'agent') return true
  if (callerId !== null && callerId === rules.supervisorId && targetId === HUMAN) return true
  if (state.mode !== 'agent') return false
  return state.activeAgentId === null ? facts.isAsked : state.activeAgentId === callerId
}

/** Transition limits bind agents and code; people only where it is said; the system never. */
function isBoundByLimits({ request, rules }: HandoffInput): boolean {
  if (request.by.kind === 'person') return rules.enforceForPeople
  return request.by.kind !== 'system'
}

function contractOf(
  rules: HandoffRules,
  targetId: ChannelId,
  phase: string,
): HandoffRules['contracts'][string] | undefined {
  const isOwned = rules.owned.get(targetId)?.includes(phase) === true || rules.stages.length === 0
  return isOwned && Object.hasOwn(rules.contracts, phase) ? rules.contracts[phase] : undefined
}

/** The payload with fields the conversation knows already. */
function carried(state: ConversationState, { payload }: HandoffRequest, carry: readonly string[] = []): Json {
  if (payload !== undefined && (typeof payload !== 'object' || payload === null || Array.isArray(payload)))
    return payload
  const filled: Record<string, Json> = {}
  for (const key of carry) {
    const known = Object.hasOwn(state.context, key) ? state.context[key] : undefined
    if (known !== undefined) filled[key] = known
  }
  return { ...filled, ...payload }
}

function contractDetails(
  { facts, rules }: HandoffInput,
  { onMissing = 'ask', maxAsks = 3 }: { onMissing?: 'ask' | 'reject'; maxAsks?: number },
  violations: { path: string; message: string }[],
): RejectionDetails {
  const fields = violations.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
  if (facts.contractViolations + 1 > maxAsks) {
    const way = rules.allowHuman ? 'Hand over to human instead.' : 'Do not ask again; go on without the handoff.'
    return {
      violations,
      reason: `The target still lacks ${fields}. ${way}`,
      ...(rules.allowHuman ? { allowed: [HUMAN] } : {}),
    }
  }
  const todo =
    onMissing === 'ask'
      ? 'Ask the person for exactly this, then call the tool again.'
      : 'Call the tool again with a complete payload.'
  return { violations, reason: `The target needs: ${fields}. ${todo}` }
}

function targetsFor(state: ConversationState, { rules, callerId, facts }: HandoffInput): string[] {
  return reachableTargets(rules, state, callerId ?? state.activeAgentId ?? '', facts.peers).map(
    ({ agentId }) => agentId,
  )
}

function nearestFirst(name: string, targets: readonly string[]): string[] {
  const near = nearestNames(name, targets)
  return [...near, ...targets.filter((target) => !near.includes(target))]
}

function acceptedMessage({ claim, facts }: HandoffInput, keepsAgent: boolean, to: ChannelId | null): string {
  if (keepsAgent) return 'A colleague was asked to take over. Go on with the person until then.'
  const way =
    facts.escalation === 'binding'
      ? ' The receiver opens on the channel asked for.'
      : facts.escalation === 'host'
        ? ' The host was asked to reach the person on the channel asked for.'
        : ''
  const receiver = to ?? (claim === undefined ? 'a person' : claim)
  return `The conversation is handed over to ${receiver}. You are released: add nothing.${way}`
}

function rejectedReceipt(
  { request, callerId }: HandoffInput,
  targetId: ChannelId,
  result: Extract<HandoffResult, { accepted: false }>,
): Json {
  return {
    stage: 'rejected',
    code: result.code,
    from: callerId,
    to: targetId,
    by: { ...request.by },
    ...(result.allowed === undefined ? {} : { allowed: result.allowed }),
    ...(result.violations === undefined
      ? {}
      : { violations: result.violations.map((violation) => ({ ...violation })) }),
  }
}

function acceptedReceipt({ handoffId, from, to, fromPhase, toPhase, request }: HandoffPlan): Json {
  return { stage: 'accepted', handoffId, from, to: to ?? HUMAN, fromPhase, toPhase, by: { ...request.by } }
}
