import { createBudget, ParleyError } from '@parley/spec'
import type {
  Budget,
  ChannelId,
  Contract,
  Delegation,
  DelegateOptions,
  DelegationResult,
  Disposer,
  Json,
  RoomId,
} from '@parley/spec'
import { agentNameOf, isAgent } from '../orchestrated-agent.ts'
import type { DelegationHost } from './create-delegations.ts'
import { toResult } from './delegation-errors.ts'
import { readSettled, recordEnded } from './delegation-log.ts'
import {
  delegationStep,
  waitingDelegation,
  type DelegationEffect,
  type DelegationInput,
  type DelegationOutcome,
  type DelegationState,
} from './delegation-machine.ts'
import { taskText, type DelegationRecord } from './delegation-record.ts'
import { createSlotTable } from './delegation-slots.ts'
import { dropBinding, followBinding } from './shared-channels.ts'
import { SUBMIT_RESULT } from './submit-result.ts'

/** How long a worker that was stopped is waited for; its turn ends within it or is left. */
const STOP_MS = 1_000

/** A delegation as this process runs it. */
export interface DelegationRun {
  readonly record: DelegationRecord
  readonly output: Contract | undefined
  readonly budget: Budget
  readonly handle: Delegation
  readonly disposers: Set<Disposer>
  readonly receipts: Json[]
  state: DelegationState
  status: Delegation['status']
  stopping: Promise<void>
  resolve(result: DelegationResult): void
}

/** The delegations that run in this process: the interpreter of their machine. */
export interface DelegationRuns {
  /** Takes a place in the parent room; undefined when there is none, else whether it may start at once. */
  track(
    record: DelegationRecord,
    options?: Pick<DelegateOptions, 'output' | 'budget'>,
  ): { run: DelegationRun; mayStart: boolean } | undefined
  apply(run: DelegationRun, input: DelegationInput): void
  /** Feeds what the worker left once nothing of it runs any more. */
  settle(run: DelegationRun): Promise<void>
  /** Gives the place back of one that never began. */
  forget(run: DelegationRun): void
  watch(run: DelegationRun, signal: AbortSignal | undefined): void
  ofChild(roomId: RoomId): DelegationRun | undefined
  get(id: string): DelegationRun | undefined
  close(): void
}

/** Makes the interpreter. */
export function createDelegationRuns({ core, status, closeRoom, sendSystem }: DelegationHost): DelegationRuns {
  const byChild = new Map<RoomId, DelegationRun>()
  const byId = new Map<string, DelegationRun>()
  const slots = createSlotTable()
  const watching = [
    core.hooks.observe('onRoomClosed', ({ room }) => endRoom(room.id), { name: 'delegations' }),
    core.hooks.observe(
      'onChannelMuted',
      ({ binding }) => follow(binding.roomId, (childId) => followBinding(core, childId, binding)),
      { name: 'delegations' },
    ),
    core.hooks.observe(
      'onChannelUpdated',
      ({ binding }) => follow(binding.roomId, (childId) => followBinding(core, childId, binding)),
      { name: 'delegations' },
    ),
    core.hooks.observe(
      'onChannelUnmuted',
      ({ binding }) => follow(binding.roomId, (childId) => followBinding(core, childId, binding)),
      { name: 'delegations' },
    ),
    core.hooks.observe(
      'onChannelDetached',
      ({ binding }) => follow(binding.roomId, (childId) => dropBinding(core, childId, binding.channelId)),
      { name: 'delegations' },
    ),
  ]

  async function follow(parentId: RoomId, change: (childId: RoomId) => Promise<void>): Promise<void> {
    for (const { record } of byId.values()) if (record.parentRoomId === parentId) await change(record.childRoomId)
  }

  function endRoom(roomId: RoomId): void {
    for (const run of byId.values()) {
      const { parentRoomId, childRoomId } = run.record
      if (parentRoomId === roomId || childRoomId === roomId) apply(run, { type: 'cancel', reason: 'room_closed' })
    }
  }

  function nameOf(agentId: ChannelId): string {
    const channel = core.registry.get(agentId)
    return agentNameOf(isAgent(channel) ? channel : undefined, agentId)
  }

  function track(
    record: DelegationRecord,
    { output, budget }: Pick<DelegateOptions, 'output' | 'budget'> = {},
  ): DelegationRun {
    let resolve: (result: DelegationResult) => void = () => {}
    const result = new Promise<DelegationResult>((settle) => {
      resolve = settle
    })
    const run: DelegationRun = {
      record,
      output,
      budget: budget?.child('task', record.id, {}) ?? createBudget('task', record.id, {}, { clock: core.clock }),
      disposers: new Set(),
      receipts: [],
      state: waitingDelegation(record),
      status: 'waiting',
      stopping: Promise.resolve(),
      resolve,
      handle: {
        id: record.id,
        childRoomId: record.childRoomId,
        get status() {
          return run.status
        },
        result,
        async cancel(reason) {
          apply(run, { type: 'cancel', reason })
          await result
        },
      },
    }
    byId.set(record.id, run)
    byChild.set(record.childRoomId, run)
    return run
  }

  function apply(run: DelegationRun, input: DelegationInput): void {
    const { state, effects, receipts } = delegationStep(run.state, input, core.clock.monotonicMs())
    run.state = state
    if (state.phase === 'running') run.status = 'running'
    run.receipts.push(...receipts)
    for (const effect of effects) perform(run, effect)
  }

  function perform(run: DelegationRun, effect: DelegationEffect): void {
    const { record } = run
    switch (effect.type) {
      case 'ask':
        return ask(run, taskText(record))
      case 'askAgain':
        return ask(run, `You have not handed in a result. Call ${SUBMIT_RESULT} now, with what you have.`)
      case 'setTimer': {
        run.disposers.add(
          core.clock.setTimer(Math.max(0, effect.atMs - core.clock.monotonicMs()), () => apply(run, { type: 'timer' })),
        )
        return
      }
      case 'cancelTimer':
        return release(run)
      case 'stop':
        run.stopping = core.turns.abort(record.childRoomId, { reason: effect.reason })
        return
      case 'complete':
        core.background('delegation', () => finish(run, effect.outcome), { roomId: record.childRoomId })
    }
  }

  function release({ disposers }: DelegationRun): void {
    for (const dispose of disposers) dispose()
    disposers.clear()
  }

  function ask(run: DelegationRun, text: string): void {
    const { childRoomId, agentId } = run.record
    core.background(
      'delegation',
      async () => {
        try {
          const sent = await sendSystem(childRoomId, {
            content: { type: 'text', text },
            addressedTo: [agentId],
            visibility: 'intelligence',
          })
          if (sent.outcome !== 'committed') return apply(run, { type: 'failed', code: 'message_blocked' })
          await sent.settled()
          await settle(run)
        } catch (thrown) {
          if (run.state.phase !== 'ended') core.reportError(thrown, { stage: 'delegation', roomId: childRoomId })
          apply(run, { type: 'failed', code: ParleyError.isInstance(thrown) ? thrown.code : 'internal_error' })
        }
      },
      { roomId: childRoomId },
    )
  }

  async function settle(run: DelegationRun): Promise<void> {
    // What a closing kit cut short is taken up by the next process.
    if (core.closing.aborted) return abandon(run)
    apply(run, { type: 'settled', ...(await readSettled(core, run.record)) })
  }

  /** Ends a delegation in this process alone: its room stays as it is, to be resumed. */
  function abandon(run: DelegationRun): void {
    if (run.state.phase === 'ended') return
    run.state = { ...run.state, phase: 'ended' }
    release(run)
    forget(run)
    run.status = 'interrupted'
    run.resolve(toResult({ status: 'interrupted', reason: 'process_ended' }, run.record, null))
  }

  async function finish(run: DelegationRun, outcome: DelegationOutcome): Promise<void> {
    const { record } = run
    const { parentRoomId, childRoomId, agentId, id } = record
    release(run)
    const attempt = async (work: () => Promise<unknown>): Promise<void> => {
      try {
        await work()
      } catch (thrown) {
        core.reportError(thrown, { stage: 'delegation', roomId: parentRoomId })
      }
    }
    await attempt(() => Promise.race([run.stopping, core.clock.sleep(STOP_MS)]))
    const cost = run.budget.envelopes.at(-1)?.settled.costNanoUsd ?? null
    const result = toResult(outcome, record, cost)
    await attempt(() => recordEnded(core, record, result, { workerName: nameOf(agentId), receipts: run.receipts }))
    await attempt(() => closeRoom(childRoomId, `delegation ${result.status}`))
    forget(run)
    run.status = result.status
    const isGood = result.status === 'completed'
    status.post({
      roomId: parentRoomId,
      agentId,
      action: 'delegation',
      status: isGood ? 'completed' : 'failed',
      detail: isGood ? '' : result.status,
      metadata: { delegationId: id, status: result.status },
    })
    core.hooks.fire(
      'onTaskCompleted',
      { roomId: parentRoomId, delegationId: id, agentId, status: result.status },
      { roomId: parentRoomId },
    )
    run.resolve(result)
  }

  function forget({ record }: DelegationRun): void {
    byId.delete(record.id)
    byChild.delete(record.childRoomId)
    for (const id of slots.free(record.parentRoomId, record.id)) {
      const next = byId.get(id)
      if (next !== undefined) apply(next, { type: 'start' })
    }
  }

  function watch(run: DelegationRun, signal: AbortSignal | undefined): void {
    if (signal === undefined) return
    const onAbort = (): void => apply(run, { type: 'cancel', reason: 'parent_aborted' })
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    void run.handle.result.then(() => signal.removeEventListener('abort', onAbort))
  }

  return {
    track(record, options) {
      const starts = slots.take(record.parentRoomId, record.id)
      return starts === undefined ? undefined : { run: track(record, options), mayStart: starts.includes(record.id) }
    },
    apply,
    settle,
    forget,
    watch,
    ofChild: (roomId) => byChild.get(roomId),
    get: (id) => byId.get(id),
    close() {
      for (const dispose of watching) dispose()
      for (const run of byId.values()) abandon(run)
    },
  }
}
