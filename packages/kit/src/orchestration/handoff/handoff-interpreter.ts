import { checkContract } from '@parley/spec'
import type {
  ChannelId,
  Content,
  ConversationState,
  Disposer,
  HandoffActor,
  HandoffOpening,
  HandoffParticipant,
  HandoffPlan,
  HandoffRequest,
  HandoffResult,
  Json,
  Room,
  RoomContext,
  RoomId,
  TurnContext,
} from '@parley/spec'
import type { TurnHold } from '../../core/turns.ts'
import { toJson } from '../../agent/canonical-json.ts'
import type { OrchestrationInternals } from '../orchestration-internals.ts'
import type { HumanOptions } from '../human/human-options.ts'
import { HUMAN_TIMEOUT_MS } from '../human/human-options.ts'
import { getConversationState } from '../state/room-state.ts'
import { hasMoved } from '../state/state-records.ts'
import { commitHandoff, type CommittedHandoff } from './commit-handoff.ts'
import { completeHandoff, ofOrganization, resumeHandoff } from './complete-handoff.ts'
import { contractViolations, escalationFact, handoffsSincePerson, peersOf, targetFact } from './handoff-facts.ts'
import { handoff, type HandoffFacts, type HandoffInput, type HandoffStep } from './handoff-machine.ts'
import { HUMAN, resolveTarget, type HandoffRules } from './handoff-rules.ts'
import type { HandoffHandler } from './handoff-handler.ts'
import { createParticipants, type HandoffParticipants } from './participants.ts'
import { reject } from './rejections.ts'

/** How long turns of a room may be held for one handoff, in all. */
const FREEZE_MS = 12_000

/** One handoff to be made. */
export interface HandoffJob {
  roomId: RoomId
  request: HandoffRequest
  callerId: ChannelId | null
  handler: HandoffHandler
  rules: HandoffRules
  human: HumanOptions
  opening: HandoffOpening
  /** The turn whose tool asked for it. */
  turn?: TurnContext | undefined
  signal?: AbortSignal | undefined
  /** The person who takes over at once. */
  claim?: string | undefined
  /** How running turns end. @default 'handedOff' */
  endTurns?: 'handedOff' | 'aborted' | undefined
  /** Called before turns are ended; they may come to a sentence's end. */
  beforeEnd?: (() => Promise<void>) | undefined
  announce?: ((plan: HandoffPlan) => Content | null) | undefined
  /** Said to the receiver in place of the usual opening. */
  notice?: string | undefined
  /** Looked at under the lock; a handoff that is no longer wanted is not made. */
  stillWanted?: ((state: ConversationState) => boolean) | undefined
  fromName?: string | undefined
}

/** Carries handoffs out: everything that is not decided by the machine. */
export interface HandoffInterpreter {
  run(job: HandoffJob): Promise<HandoffResult>
  readonly participants: HandoffParticipants
  join(roomId: RoomId, participant: HandoffParticipant): Disposer
  /** Makes the steps after the commit that a stopped process left undone, each once. */
  resume(roomId: RoomId): Promise<void>
  /** A turn has ended: what is kept about it is forgotten. */
  turnEnded(turnId: string): void
}

/** Makes the interpreter. `internals` is read when a handoff runs, so parts may be made in any order. */
export function createHandoffInterpreter(internals: () => OrchestrationInternals): HandoffInterpreter {
  const running = new Set<RoomId>()
  const handedOff = new Set<string>()
  let participants: HandoffParticipants | undefined
  const joined = (): HandoffParticipants => (participants ??= createParticipants(internals().core))

  return {
    get participants() {
      return joined()
    },
    join: (roomId, participant) => joined().join(roomId, participant),
    turnEnded: (turnId) => void handedOff.delete(turnId),
    resume: (roomId) => (running.has(roomId) ? Promise.resolve() : resumeHandoff(internals(), roomId)),
    async run(job) {
      const { core } = internals()
      const isRunning = running.has(job.roomId) || (job.turn !== undefined && handedOff.has(job.turn.turnId))
      if (!isRunning) running.add(job.roomId)
      try {
        return await core.telemetry.span('parley.handoff', { roomId: job.roomId }, () =>
          runHandoff(internals(), joined(), job, isRunning, (turnId) => handedOff.add(turnId)),
        )
      } finally {
        if (!isRunning) running.delete(job.roomId)
      }
    },
  }
}

async function runHandoff(
  internals: OrchestrationInternals,
  participants: HandoffParticipants,
  job: HandoffJob,
  isRunning: boolean,
  markTurn: (turnId: string) => void,
): Promise<HandoffResult> {
  const { core } = internals
  job.signal?.throwIfAborted()
  const context = await core.store.loadContext(job.roomId, { tail: 0 })
  if (context === null) return reject('handoff_no_room')
  const state = getConversationState(context.room)
  let input = await prepareInput(internals, job, context, state, isRunning)
  let step = handoff(state, input, core.now())
  for (
    let next = await carryOut(internals, job, step, input, state);
    next !== undefined;
    next = await carryOut(internals, job, step, input, state)
  ) {
    input = next
    step = handoff(state, input, core.now())
  }
  if (step.result === undefined || !step.result.accepted) return refused(internals, job, context.room, step)

  const plan = planOf(step)
  const hold = core.turns.hold(job.roomId, job.turn === undefined ? {} : { asking: job.turn.turnId })
  const freeze = freezeFor(internals, job)
  let committed: CommittedHandoff | HandoffStep | 'conflict'
  let isPrepared = false
  try {
    if (participants.has(job.roomId)) {
      isPrepared = true
      const ready = await participants.prepare(plan, freeze.signal)
      if (!ready.ok) {
        await participants.rollback(plan)
        thaw(internals, hold)
        return refused(
          internals,
          job,
          context.room,
          rejection(
            state,
            input,
            reject('handoff_target_unavailable', {
              reason: `The target is not available: ${ready.reason}. Go on yourself or choose another target.`,
            }),
          ),
        )
      }
    }
    committed = await commitHandoff(internals, job, input, freeze.signal)
  } catch (thrown) {
    if (isPrepared) await participants.rollback(plan)
    thaw(internals, hold)
    if (!freeze.signal.aborted || job.signal?.aborted === true) throw thrown
    return refused(internals, job, context.room, rejection(state, input, reject('handoff_target_unavailable')))
  } finally {
    freeze.stop()
  }
  if (committed === 'conflict' || 'effects' in committed) {
    if (isPrepared) await participants.rollback(plan)
    thaw(internals, hold)
    return refused(
      internals,
      job,
      context.room,
      committed === 'conflict'
        ? rejection(state, input, reject('handoff_conflict', { retryAfterMs: 1_000 }))
        : committed,
    )
  }
  if (job.turn !== undefined && isReleased(committed)) markTurn(job.turn.turnId)
  // From here on the handoff is made: what fails is reported and stops nothing.
  await completeHandoff(internals, job, committed, hold, isPrepared ? participants : undefined)
  return committed.result
}

/** Whether the sender has nothing more to say: not where it goes on until a colleague comes. */
function isReleased({ before, after }: CommittedHandoff): boolean {
  return hasMoved(before, after) || before.mode !== after.mode
}

async function prepareInput(
  internals: OrchestrationInternals,
  job: HandoffJob,
  { room, bindings }: RoomContext,
  state: ConversationState,
  isRunning: boolean,
): Promise<HandoffInput> {
  const { core, human } = internals
  const targetId = resolveTarget(job.rules, job.request.targetAgentId)
  const terms = { ...human, ...job.human }
  const facts: HandoffFacts = {
    roomStatus: room.status,
    isRunning,
    isAsked: job.turn === undefined || job.turn.agentId === job.callerId,
    target: targetFact(core, job.rules, bindings, targetId),
    peers: peersOf(core, job.rules, bindings),
    isHumanAvailable: targetId !== HUMAN || terms.available === undefined || (await terms.available(room)),
    escalation: escalationFact(core, room.id, bindings, job.request.channelEscalation),
    handoffsSincePerson: await handoffsSincePerson(core, room, state),
    contractViolations: 0,
    maxHandoffs: job.rules.maxHandoffs ?? core.limits.maxHandoffsPerHumanEvent,
  }
  return {
    handoffId: core.ids.next('hand'),
    roomId: room.id,
    request: job.request,
    callerId: job.callerId,
    fromName: job.fromName ?? nameOfSender(internals, job, state),
    opening: job.opening,
    rules: job.rules,
    facts,
    human: {
      whileWaiting: terms.whileWaiting ?? 'silent',
      timeoutMs: terms.timeoutMs ?? HUMAN_TIMEOUT_MS,
      onTimeout: terms.onTimeout ?? 'resume',
    },
    ...(job.claim === undefined ? {} : { claim: job.claim }),
  }
}

function nameOfSender(
  internals: OrchestrationInternals,
  { request, callerId }: HandoffJob,
  state: ConversationState,
): string {
  if (request.by.kind === 'person') return request.by.id
  return internals.nameOf(state.activeAgentId ?? callerId) || request.by.id
}

/** Does what the machine asks for; gives its input with the answer, or undefined when there is nothing to ask. */
async function carryOut(
  internals: OrchestrationInternals,
  job: HandoffJob,
  step: HandoffStep,
  input: HandoffInput,
  state: ConversationState,
): Promise<HandoffInput | undefined> {
  const [effect] = step.effects
  if (step.result !== undefined || effect === undefined || effect.type === 'commit') return undefined
  if (effect.type === 'checkContract') {
    const contract = job.rules.contracts[effect.phase]
    const checked =
      contract === undefined
        ? { ok: true as const, value: effect.payload }
        : await checkContract(contract.schema, effect.payload)
    if (checked.ok) return { ...input, contract: { ok: true, value: toJson(checked.value) ?? effect.payload } }
    const targetId = resolveTarget(job.rules, input.request.targetAgentId)
    const violations = await contractViolations(internals.core, job.roomId, targetId)
    return { ...input, contract: checked, facts: { ...input.facts, contractViolations: violations } }
  }
  return askHook(internals, job, input, state, effect)
}

async function askHook(
  { core }: OrchestrationInternals,
  { roomId, signal }: HandoffJob,
  input: HandoffInput,
  state: ConversationState,
  { request, from, to }: { request: HandoffRequest; from: ChannelId | null; to: ChannelId | null },
): Promise<HandoffInput> {
  const scope = { roomId }
  if (!core.hooks.has('beforeHandoff', scope)) return { ...input, hook: { allowed: true } }
  const payload = { request, from, to, state, roomId }
  const outcome = await core.hooks.runSync('beforeHandoff', payload, scope, signal === undefined ? {} : { signal })
  core.hooks.fire('beforeHandoff', outcome.payload, scope)
  if (outcome.blocked !== undefined) {
    const { message } = outcome.blocked
    return { ...input, hook: message === undefined ? { allowed: false } : { allowed: false, reason: message } }
  }
  const changed = outcome.payload.request
  const { contract, ...rest } = input
  // A hook may send the conversation elsewhere or complete the payload; both are validated again.
  const isSame =
    changed.targetAgentId === request.targetAgentId &&
    changed.payload === request.payload &&
    changed.nextPhase === request.nextPhase
  const kept = isSame && contract !== undefined ? { contract } : {}
  const facts = isSame
    ? input.facts
    : { ...input.facts, target: targetFact(core, input.rules, await bindingsOf(core, roomId), changed.targetAgentId) }
  return {
    ...rest,
    ...kept,
    facts,
    request: isSame ? { ...changed, ...payloadOf(input.request) } : changed,
    hook: { allowed: true },
  }
}

/** The payload as it was given: the machine puts the parsed one in its place again. */
function payloadOf({ payload }: HandoffRequest): { payload?: Json } {
  return payload === undefined ? {} : { payload }
}

async function bindingsOf(core: OrchestrationInternals['core'], roomId: RoomId): Promise<RoomContext['bindings']> {
  const context = await core.store.loadContext(roomId, { tail: 0 })
  return context?.bindings ?? []
}

function planOf(step: HandoffStep): HandoffPlan {
  const effect = step.effects.find(({ type }) => type === 'commit')
  if (effect?.type === 'commit') return effect.plan
  throw new TypeError('an accepted handoff has a plan')
}

/** A signal that ends with the freeze. */
function freezeFor({ core }: OrchestrationInternals, { signal }: HandoffJob): { signal: AbortSignal; stop: Disposer } {
  const late = new AbortController()
  const stop = core.clock.setTimer(FREEZE_MS, () => late.abort(new Error('The handoff took too long.')))
  return { signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]), stop }
}

/** Nothing changed: whoever waited is asked as before. */
function thaw({ core }: OrchestrationInternals, hold: TurnHold): void {
  for (const held of hold.release()) core.turns.ask({ roomId: held.trigger.roomId, ...held })
}

function rejection(
  state: ConversationState,
  input: HandoffInput,
  result: Extract<HandoffResult, { accepted: false }>,
): HandoffStep {
  const { by } = input.request
  const receipt = {
    stage: 'rejected',
    code: result.code,
    from: input.callerId,
    to: resolveTarget(input.rules, input.request.targetAgentId),
    by: actorJson(by),
  }
  return { state, effects: [], receipts: [receipt], result }
}

function actorJson({ kind, id }: HandoffActor): Json {
  return { kind, id }
}

/** A refusal leaves a receipt, a hook and a status line, and nothing else. */
async function refused(
  internals: OrchestrationInternals,
  job: HandoffJob,
  room: Room,
  step: HandoffStep,
): Promise<HandoffResult> {
  const { core, status } = internals
  const result = step.result ?? reject('handoff_conflict')
  if (result.accepted) return result
  const { roomId, callerId, request, turn } = job
  if (result.code !== 'room_closed') {
    const also = { actor: { ...request.by }, ...(turn === undefined ? {} : { turnId: turn.turnId }) }
    await core.store.receipts.put(step.receipts.map((data) => core.receipt(roomId, 'handoff', data, also)))
  }
  core.hooks.fire(
    'onHandoffRejected',
    { roomId, from: callerId, request: { ...request, by: actorJson(request.by) } as unknown as Json, result },
    { roomId },
  )
  status.post({
    roomId,
    ...ofOrganization(room),
    agentId: callerId ?? request.by.id,
    action: 'handoff',
    status: 'failed',
    detail: `${request.targetAgentId}: ${result.code}`,
    metadata: { code: result.code },
  })
  return result
}
