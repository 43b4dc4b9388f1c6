import { checkContract, checkOptions, ParleyError, toParleyError } from '@parley/spec'
import type {
  AgentRunner,
  Contract,
  Disposer,
  Json,
  Room,
  RoomId,
  RunnerEvent,
  RunnerRequest,
  RunnerResult,
  Usage,
} from '@parley/spec'
import { contentText } from '../agent/content-text.ts'
import type { Kit } from '../kit.ts'
import type { CreateRoomOptions } from '../rooms/create-room.ts'
import type { Orchestration } from './definitions/definition.ts'
import { delegationsOf } from './delegation/delegations.ts'
import { internalsOf } from './orchestration-host.ts'

/** Who the input of a run comes from, as the room sees it. */
const RUNNER = 'runner'
/** How long the words that end a conversation are waited for. */
const LAST_WORDS_MS = 10_000
/** Runs that repeated calls may still attach to. */
const REMEMBERED = 1_000
const MAX_ROOM_ID = 256

/** Options of `conversationRunner`. */
export interface ConversationRunnerOptions {
  id: string
  /** How the agents of the conversation work together. */
  orchestration: Orchestration
  /** Channels of people, beside the agents. @default none */
  channels?: NonNullable<CreateRoomOptions['channels']>
  /** What the conversation's payload must satisfy in the end. */
  output?: Contract
  description?: string
}

/**
 * A conversation as a runner: a room of its own, whose input is the first message and the payload of its context, and
 * whose output is that payload when it reaches a phase without next and without agent, or is closed.
 * @throws {ParleyError} `invalid_options`
 */
export function conversationRunner(kit: Kit, options: ConversationRunnerOptions): AgentRunner {
  checkOptions('conversationRunner', options, ['id', 'orchestration', 'channels', 'output', 'description'])
  const { id, output, description } = options
  const runs = new Map<string, Promise<RunnerResult>>()
  return {
    id,
    kind: 'conversation',
    ...(description === undefined ? {} : { description }),
    ...(output === undefined ? {} : { output }),
    async run(request, { signal, onEvent }) {
      const known = runs.get(request.idempotencyKey)
      if (known !== undefined) return known
      const running = converse(kit, options, request, { signal, onEvent: onEvent ?? (() => {}) })
      runs.set(request.idempotencyKey, running)
      const [oldest] = runs.keys()
      if (runs.size > REMEMBERED && oldest !== undefined) runs.delete(oldest)
      return running
    },
  }
}

type Ending = { why: 'ended' } | { why: 'cancelled' } | { why: 'budget' }

async function converse(
  kit: Kit,
  options: ConversationRunnerOptions,
  request: RunnerRequest,
  { signal, onEvent }: { signal: AbortSignal; onEvent: (event: RunnerEvent) => void },
): Promise<RunnerResult> {
  const roomId = roomIdOf(options.id, request.idempotencyKey)
  const disposers: Disposer[] = []
  try {
    disposers.push(delegationsOf(kit).fund(roomId, request.budget))
    const ending = untilEnded(kit, roomId, { signal, onEvent, disposers })
    const room = await openRoom(kit, roomId, options, request)
    onEvent({ type: 'started', roomId })
    if (isOver(room)) return await conclude(kit, roomId, options, request)
    await begin(kit, roomId, request)
    ending.look()
    const { why } = await ending.done
    if (why === 'ended') {
      await kit.settled(roomId, { timeoutMs: LAST_WORDS_MS })
      await kit.closeRoom(roomId, { reason: 'conversation ended' })
      return await conclude(kit, roomId, options, request)
    }
    await kit.closeRoom(roomId, { reason: why === 'budget' ? 'budget' : 'cancelled' })
    return await stopped(kit, roomId, why)
  } catch (thrown) {
    const error = toParleyError(thrown, {
      code: 'internal_error',
      message: `The conversation ${options.id} could not be held. The error that is its cause tells more.`,
    })
    return {
      status: signal.aborted ? 'cancelled' : 'failed',
      error,
      roomId,
      usage: { inputTokens: 0, outputTokens: 0 },
      costNanoUsd: null,
    }
  } finally {
    for (const dispose of disposers) dispose()
  }
}

/** The same key is the same room, in every process. */
function roomIdOf(id: string, key: string): RoomId {
  const whole = `runner:${id}:${key}`
  if (whole.length <= MAX_ROOM_ID) return whole
  throw new ParleyError({
    code: 'invalid_options',
    message: 'The id of a conversation runner and an idempotency key have at most 248 characters together.',
    details: { path: 'idempotencyKey', expected: 'a shorter text' },
  })
}

async function openRoom(
  kit: Kit,
  roomId: RoomId,
  { id, orchestration, channels }: ConversationRunnerOptions,
  request: RunnerRequest,
): Promise<Room> {
  const found = await kit.store.getRoom(roomId)
  if (found !== null) return found
  const { organizationId, sessionId } = request
  return kit.createRoom({
    id: roomId,
    orchestration,
    metadata: {
      runner: {
        id,
        idempotencyKey: request.idempotencyKey,
        ...(request.roomId === undefined ? {} : { callerRoomId: request.roomId }),
      },
    },
    ...(channels === undefined ? {} : { channels }),
    ...(organizationId === undefined ? {} : { organizationId }),
    ...(sessionId === undefined ? {} : { sessionId }),
  })
}

/** Puts the input into the conversation, once. */
async function begin(kit: Kit, roomId: RoomId, { input, prompt, language }: RunnerRequest): Promise<void> {
  const isBegun = (await kit.events(roomId, { limit: 1, types: ['message'] })).length > 0
  if (isBegun) return
  await kit.updateState(roomId, (state) =>
    state.with({ context: { ...state.context, payload: input }, ...(language === undefined ? {} : { language }) }),
  )
  const text = prompt ?? (typeof input === 'string' ? input : input === null ? '' : JSON.stringify(input))
  if (text !== '') await kit.send(roomId, { from: RUNNER, text, idempotencyKey: 'runner:input' })
}

/** Watches a room until it has come to its end. */
function untilEnded(
  kit: Kit,
  roomId: RoomId,
  { signal, onEvent, disposers }: { signal: AbortSignal; onEvent: (event: RunnerEvent) => void; disposers: Disposer[] },
): { done: Promise<Ending>; look(): void } {
  let end: (ending: Ending) => void = () => {}
  const done = new Promise<Ending>((resolve) => {
    end = resolve
  })
  const { core } = internalsOf(kit)
  const look = (): void => {
    core.background('runner', async () => {
      const room = await kit.getRoom(roomId)
      if (isOver(room) || (await hasReachedEnd(kit, room))) end({ why: 'ended' })
    })
  }
  const named = { name: 'conversationRunner', roomId }
  disposers.push(
    kit.observe('onPhaseTransition', look, named),
    kit.observe('onRoomClosed', () => end({ why: 'ended' }), named),
    kit.observe(
      'onUserInputRequired',
      ({ request }) => onEvent({ type: 'waiting', requestId: request.id, reason: request.kind }),
      named,
    ),
    kit.observe('onHumanRequested', () => onEvent({ type: 'waiting', reason: 'person' }), named),
    kit.observe(
      'onError',
      ({ error }) => (error.code === 'budget_exceeded' ? end({ why: 'budget' }) : undefined),
      named,
    ),
    kit.observe(
      'afterBroadcast',
      ({ event }) => {
        const text = event.type === 'message' && event.source.kind === 'agent' ? contentText(event.content) : null
        if (text !== null) onEvent({ type: 'progress', text })
      },
      named,
    ),
  )
  const onAbort = (): void => end({ why: 'cancelled' })
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  disposers.push(() => signal.removeEventListener('abort', onAbort))
  return { done, look }
}

/** Nobody is to speak any more, and nothing follows. */
async function hasReachedEnd(kit: Kit, room: Room): Promise<boolean> {
  const state = await kit.state(room.id)
  if (state.mode !== 'agent' || state.activeAgentId !== null || state.phaseHistory.length === 0) return false
  const found = internalsOf(kit).definitions.of(room)
  const allowed =
    found !== undefined && 'definition' in found ? found.definition.handler?.rules.allowedTransitions : undefined
  return (allowed?.[state.phase] ?? []).length === 0
}

async function conclude(
  kit: Kit,
  roomId: RoomId,
  { output }: ConversationRunnerOptions,
  request: RunnerRequest,
): Promise<RunnerResult> {
  const value: Json = (await kit.state(roomId)).context['payload'] ?? null
  const { usage, costNanoUsd, receiptIds } = await spent(kit, roomId)
  const contract = request.output ?? output
  const checked = contract === undefined ? undefined : await checkContract(contract, value)
  if (checked !== undefined && !checked.ok) {
    const error = new ParleyError({
      code: 'agent_output_invalid',
      message: `The payload of the conversation in room ${roomId} does not satisfy the contract of its output. Have the last agent hand over a payload that does.`,
      details: { roomId, paths: checked.violations.map(({ path }) => path) },
    })
    return { status: 'failed', error, output: value, roomId, usage, costNanoUsd }
  }
  const said = (await kit.events(roomId, { types: ['message'], newestFirst: true, limit: 20 })).find(
    ({ source }) => source.kind === 'agent',
  )
  const text = said === undefined ? null : contentText(said.content)
  return {
    status: 'completed',
    output: value,
    roomId,
    usage,
    costNanoUsd,
    receiptIds,
    ...(text === null ? {} : { text }),
  }
}

async function stopped(kit: Kit, roomId: RoomId, why: 'cancelled' | 'budget'): Promise<RunnerResult> {
  const { usage, costNanoUsd } = await spent(kit, roomId)
  const common = { roomId, usage, costNanoUsd }
  if (why === 'budget') {
    const error = new ParleyError({
      code: 'budget_exceeded',
      message: `The budget of the conversation in room ${roomId} is used up. Start it again with a larger one.`,
      details: { roomId },
    })
    return { status: 'budgetExceeded', error, ...common }
  }
  const error = new ParleyError({
    code: 'delegation_cancelled',
    message: `The conversation in room ${roomId} was cancelled. Start it again if it is still needed.`,
    details: { roomId },
  })
  return { status: 'cancelled', error, ...common }
}

/** What the turns of a room have used, by their receipts. */
async function spent(
  kit: Kit,
  roomId: RoomId,
): Promise<{ usage: Usage; costNanoUsd: number | null; receiptIds: string[] }> {
  const turns = await kit.receipts(roomId, { kind: 'turn' })
  const usage: Usage = { inputTokens: 0, outputTokens: 0 }
  let costNanoUsd: number | null = 0
  for (const { data } of turns) {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) continue
    const used = data['usage']
    if (typeof used === 'object' && used !== null && !Array.isArray(used)) {
      usage.inputTokens += typeof used['inputTokens'] === 'number' ? used['inputTokens'] : 0
      usage.outputTokens += typeof used['outputTokens'] === 'number' ? used['outputTokens'] : 0
    }
    const cost = data['costNanoUsd']
    // An unknown price is unknown in the sum too.
    costNanoUsd = typeof cost === 'number' && costNanoUsd !== null ? costNanoUsd + cost : null
  }
  return { usage, costNanoUsd, receiptIds: turns.map(({ id }) => id) }
}

function isOver({ status }: Room): boolean {
  return status === 'closed' || status === 'archived'
}
