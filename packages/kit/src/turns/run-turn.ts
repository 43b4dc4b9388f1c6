import {
  ParleyError,
  toParleyError,
  type Channel,
  type ChannelBinding,
  type Json,
  type RoomContext,
  type TurnEnd,
  type TurnOutput,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { provideTurnServices, type Steering } from '../core/turn-services.ts'
import type { RunningTurn, TurnRequest } from '../core/turns.ts'
import type { CascadeRun } from './cascades.ts'
import { canSee } from '../rooms/can-see.ts'
import { openTurn, toTurnContext, TurnStopped } from './open-turn.ts'
import { takeBegun, type BegunTurn } from './speculations.ts'
import { createServices, type TurnRuntime } from './create-services.ts'
import { ReplyWriter } from './reply-writer.ts'

/** A running turn, as its queue holds it. */
export interface TurnControl extends RunningTurn {
  /** Resolves when the turn has ended and its receipt is written; never rejects. */
  readonly done: Promise<void>
  end(reason: Extract<TurnEnd, 'handedOff' | 'aborted'>, cause?: unknown): void
  steer(steering: Steering): void
  /** What the turn says waits until the returned function is called. */
  freeze(): () => void
}

/** How long a turn may take, time spent waiting for people apart. */
const TURN_TIMEOUT_MS = 300_000

/** Starts one agent's work on its trigger. */
export function runTurn(parts: KitParts, request: TurnRequest, cascades: readonly CascadeRun[]): TurnControl {
  const begun = takeBegun(parts, request)
  const { turn, stop, yielder, steering } = begun ?? openTurn(parts, request, cascades[0])
  const { turnId } = turn
  turn.cascade = cascades[0]
  for (const cascade of cascades) parts.cascades.adopt(turnId, cascade)
  const end = (reason: Extract<TurnEnd, 'handedOff' | 'aborted' | 'timeout'>, cause?: unknown): void => {
    if (reason === 'handedOff') {
      turn.isReleased = true
      // A turn that asked for the handoff itself ends by its loop once it has the tool's result.
      if ([...turn.openCalls.values()].includes('handoff_conversation')) return
    }
    stop.abort(new TurnStopped(reason, cause))
  }
  return {
    turnId,
    roomId: request.roomId,
    agentId: request.agentId,
    triggers: turn.triggers,
    startedMs: turn.startedMs,
    done: parts.telemetry
      .span('parley.turn', { agent: request.agentId }, () => takeTurn(parts, turn, end, begun))
      .catch((error: unknown) => {
        report(parts, turn, error)
      }),
    end,
    freeze: () => freezeTurn(turn),
    steer(given) {
      if (given.type === 'cancel') end('aborted', given.reason)
      else if (given.type !== 'yield') steering.push(given)
      // Without a tool at work there is nothing to be kept.
      else if (turn.openCalls.size === 0) end('aborted', given.reason)
      else yielder.abort(given.reason)
    },
  }
}

/** Several holds may freeze a turn; it goes on when the last one ends. */
function freezeTurn(turn: TurnRuntime): () => void {
  let thaw = (): void => {}
  const thawed = new Promise<void>((resolve) => {
    thaw = resolve
  })
  const former = turn.frozen
  const frozen = former === undefined ? thawed : Promise.all([former, thawed]).then(() => {})
  turn.frozen = frozen
  return () => {
    if (turn.frozen === frozen) delete turn.frozen
    thaw()
  }
}

function report(parts: KitParts, turn: TurnRuntime, thrown: unknown): ParleyError {
  const error = toParleyError(thrown, {
    code: 'internal_error',
    message: `The turn of agent ${turn.request.agentId} failed inside. The error that is its cause tells more.`,
    details: { agentId: turn.request.agentId, turnId: turn.turnId },
  })
  turn.cascade?.errors.push(error)
  parts.reportError(error, { stage: 'turn', roomId: turn.request.roomId, eventId: turn.request.trigger.id })
  return error
}

async function takeTurn(
  parts: KitParts,
  turn: TurnRuntime,
  end: (reason: 'timeout', cause?: unknown) => void,
  begun: BegunTurn | undefined,
): Promise<void> {
  const { roomId, agentId } = turn.request
  const context = await parts.store.loadContext(roomId, { tail: 0 })
  const channel = parts.registry.get(agentId)
  if (context === null || context.room.status === 'closed' || context.room.status === 'archived')
    return begun?.withdraw('closed')
  const binding = context.bindings.find(({ channelId }) => channelId === agentId)
  const writer = new ReplyWriter(parts, turn, context)
  const skipped = whySkipped(channel, binding) ?? keepVisible(turn, binding)
  if (channel?.takeTurn === undefined || skipped !== undefined) {
    begun?.withdraw(skipped ?? 'not_registered')
    return writer.finish('empty', { skipped: skipped ?? 'not_registered' })
  }
  writer.openLive(context)
  turn.isSpoken = writer.isSpoken
  const timeoutMs =
    'turnTimeoutMs' in channel && typeof channel.turnTimeoutMs === 'number' ? channel.turnTimeoutMs : TURN_TIMEOUT_MS
  const stopTimer = startTurnTimer(parts, turn, timeoutMs, end)
  try {
    const outcome = await consume(parts, turn, channel, context, binding, writer, begun)
    await writer.finish(outcome.end, outcome.data)
  } finally {
    stopTimer()
    parts.requests.turnEnded(turn.turnId)
  }
}

/** Why an agent that was asked does nothing. */
function whySkipped(channel: Channel | undefined, binding: ChannelBinding | undefined): string | undefined {
  if (channel === undefined) return 'not_registered'
  if ('isConfigOnly' in channel && channel.isConfigOnly === true) return 'no_model'
  const observes = 'observesWhenMuted' in channel && channel.observesWhenMuted === true
  return binding?.muted === true && !observes ? 'muted' : undefined
}

/** Drops triggers that the agent may not see; says so when none is left. Openings come from the kit itself. */
function keepVisible(turn: TurnRuntime, binding: ChannelBinding | undefined): 'not_visible' | undefined {
  const { request } = turn
  if (request.opening !== undefined) return undefined
  const reader = binding ?? { channelId: request.agentId }
  const visible = turn.triggers.filter((event) => event.source.kind === 'system' || canSee(event, reader))
  const trigger = visible.at(-1)
  if (trigger === undefined) return 'not_visible'
  if (visible.length < turn.triggers.length) {
    turn.triggers = visible
    turn.request = { ...request, trigger, earlier: visible.slice(0, -1) }
  }
  return undefined
}

/** Time waiting for a person does not count. */
function startTurnTimer(
  parts: KitParts,
  turn: TurnRuntime,
  timeoutMs: number,
  end: (reason: 'timeout', cause?: unknown) => void,
): () => void {
  let dispose = (): void => {}
  let leftMs = timeoutMs
  let runningSinceMs = 0
  const start = (): void => {
    runningSinceMs = parts.clock.monotonicMs()
    dispose = parts.clock.setTimer(leftMs, () => end('timeout'))
  }
  turn.pauseTimer = () => {
    dispose()
    leftMs -= parts.clock.monotonicMs() - runningSinceMs
  }
  turn.resumeTimer = start
  start()
  return () => dispose()
}

interface TurnOutcome {
  end: TurnEnd
  data: { [key: string]: Json }
}

/** Feeds what the agent yields to the writer until it ends, fails or is stopped. */
async function consume(
  parts: KitParts,
  turn: TurnRuntime,
  channel: Channel,
  context: RoomContext,
  binding: ChannelBinding | undefined,
  writer: ReplyWriter,
  begun: BegunTurn | undefined,
): Promise<TurnOutcome> {
  const turnContext = begun?.context ?? toTurnContext(parts, turn, channel, context)
  if (begun === undefined) {
    provideTurnServices(turnContext, createServices(parts, turn, turnContext, context, binding))
  }
  const outputs = begun?.outputs ?? channel.takeTurn?.(turnContext)[Symbol.asyncIterator]()
  if (outputs === undefined) return { end: 'empty', data: {} }
  // Nobody need hear of a stop while no output is waited for: the next wait looks at the signal.
  let fail: (reason: unknown) => void = () => {}
  const onAbort = (): void => fail(turn.signal.reason)
  turn.signal.addEventListener('abort', onAbort, { once: true })
  const next = (): Promise<IteratorResult<TurnOutput, unknown>> =>
    new Promise((resolve, reject) => {
      fail = reject
      if (turn.signal.aborted) onAbort()
      outputs.next().then(resolve, reject)
    })
  try {
    for (;;) {
      const step = await next()
      if (step.done === true) return { end: writer.hasSpoken ? 'completed' : 'empty', data: {} }
      if (step.value.type === 'end') return { end: step.value.reason, data: step.value.data ?? {} }
      await writer.write(step.value)
    }
  } catch (thrown) {
    if (thrown instanceof TurnStopped) return stopTurn(parts, turn, writer, thrown, outputs)
    await writer.interrupt()
    const error = report(parts, turn, thrown)
    await writer.sayFailure(channel)
    return {
      end: error.code === 'budget_exceeded' ? 'budgetExceeded' : 'failed',
      data: { error: { code: error.code, message: error.message } },
    }
  } finally {
    turn.signal.removeEventListener('abort', onAbort)
    await parts.orchestration.turnEnded(turnContext, turnContext.state).catch((error: unknown) => {
      parts.reportError(error, { stage: 'turn', roomId: turn.request.roomId })
    })
  }
}

async function stopTurn(
  parts: KitParts,
  turn: TurnRuntime,
  writer: ReplyWriter,
  stop: TurnStopped,
  outputs: AsyncIterator<TurnOutput>,
): Promise<TurnOutcome> {
  if (stop.end !== 'handedOff') await writer.interrupt()
  const told = await lastWord(outputs)
  // The agent's own cleaning up is not waited for: it may hang, which is why it was stopped.
  outputs
    .return?.()
    ?.then(undefined, (error: unknown) => parts.reportError(error, { stage: 'turn', roomId: turn.request.roomId }))
  if (stop.end === 'timeout') report(parts, turn, turnTimedOut(turn))
  return { end: stop.end, data: { ...told, ...(typeof stop.cause === 'string' ? { cause: stop.cause } : {}) } }
}

/** How many turns of the microtask queue an agent that was stopped has to say what it used. */
const LAST_WORD_TICKS = 50

/** What a stopped agent says of itself at once (its use of the model); one that hangs is not waited for. */
async function lastWord(outputs: AsyncIterator<TurnOutput>): Promise<{ [key: string]: Json }> {
  let data: { [key: string]: Json } = {}
  let isDone = false
  const read = async (): Promise<void> => {
    for (let step = await outputs.next(); step.done !== true; step = await outputs.next()) {
      if (step.value.type === 'end') data = step.value.data ?? {}
    }
  }
  const finish = (): void => {
    isDone = true
  }
  read().then(finish, finish)
  for (let tick = 0; tick < LAST_WORD_TICKS && !isDone; tick++) await Promise.resolve()
  return data
}

function turnTimedOut(turn: TurnRuntime): ParleyError {
  return new ParleyError({
    code: 'model_timeout',
    message: `The turn of agent ${turn.request.agentId} took longer than it may. Ask for less, or raise the agent's turnTimeoutMs.`,
    details: { agentId: turn.request.agentId, turnId: turn.turnId },
  })
}
