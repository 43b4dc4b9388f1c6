import { checkOptions, createBudget, ParleyError } from '@parley/spec'
import type { Budget, ChannelId, Contract, Delegation, DelegateOptions, DelegationResult, Disposer, EventInput, Json, Room, RoomId, SendResult } from '@parley/spec'
import type { KitCore } from '../../core/core.ts'
import { roomEnded, roomNotFound } from '../../rooms/commit-to-log.ts'
import type { CreateRoomOptions } from '../../rooms/create-room.ts'
import { openRooms } from '../definitions/migrate.ts'
import { agentNameOf, isAgent } from '../orchestrated-agent.ts'
import { updateState } from '../state/change-state.ts'
import type { StatusBus } from '../status/status-bus.ts'
import { sameTask, tooDeep, tooMany, toResult } from './delegation-errors.ts'
import { endedDelegation, readSettled, recordDelegated, recordEnded } from './delegation-log.ts'
import { delegationStep, waitingDelegation, type DelegationEffect, type DelegationInput, type DelegationOutcome, type DelegationState } from './delegation-machine.ts'
import { notesOf, READ_RESULT, withoutNotes } from './delegation-notes.ts'
import { readResultTool } from './read-result.ts'
import { MAX_DEPTH, recordOf, taskText, toMetadata, type DelegationRecord } from './delegation-record.ts'
import { createSlotTable } from './delegation-slots.ts'
import type { Delegations } from './delegations.ts'
import { dropBinding, followBinding, sharedBindings } from './shared-channels.ts'
import { SUBMIT_RESULT, submitResultTool } from './submit-result.ts'

/** What delegations need of their kit. */
export interface DelegationHost {
  readonly core: KitCore
  readonly status: StatusBus
  /** Makes a room without orchestration. */
  createRoom(options: CreateRoomOptions): Promise<Room>
  closeRoom(roomId: RoomId, reason: string): Promise<unknown>
  sendSystem(roomId: RoomId, input: EventInput): Promise<SendResult>
}

const optionKeys = ['context', 'output', 'shareChannels', 'wait', 'notify', 'budget', 'timeoutMs', 'maxRetries', 'idempotencyKey', 'by', 'signal']

/** How long a worker that was stopped is waited for; its turn ends within it or is left. */
const STOP_MS = 1_000
/** Delegations that have ended and are still known by their key. */
const REMEMBERED = 10_000

interface Run {
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

/** Makes the delegations of a kit. */
export function createDelegations(host: DelegationHost): Delegations {
  const { core, status } = host
  const byChild = new Map<RoomId, Run>()
  const byId = new Map<string, Run>()
  const byKey = new Map<string, Promise<Delegation>>()
  const funds = new Map<RoomId, Budget>()
  const slots = createSlotTable()
  const watching = [
    core.hooks.observe('onRoomClosed', ({ room }) => endRoom(room.id), { name: 'delegations' }),
    core.hooks.observe('onChannelMuted', ({ binding }) => follow(binding.roomId, (childId) => followBinding(core, childId, binding)), { name: 'delegations' }),
    core.hooks.observe('onChannelUpdated', ({ binding }) => follow(binding.roomId, (childId) => followBinding(core, childId, binding)), { name: 'delegations' }),
    core.hooks.observe('onChannelUnmuted', ({ binding }) => follow(binding.roomId, (childId) => followBinding(core, childId, binding)), { name: 'delegations' }),
    core.hooks.observe('onChannelDetached', ({ binding }) => follow(binding.roomId, (childId) => dropBinding(core, childId, binding.channelId)), { name: 'delegations' }),
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

  function track(record: DelegationRecord, { output, budget }: Pick<DelegateOptions, 'output' | 'budget'> = {}): Run {
    let resolve: (result: DelegationResult) => void = () => {}
    const result = new Promise<DelegationResult>((settle) => {
      resolve = settle
    })
    const run: Run = {
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

  function apply(run: Run, input: DelegationInput): void {
    const { state, effects, receipts } = delegationStep(run.state, input, core.clock.monotonicMs())
    run.state = state
    if (state.phase === 'running') run.status = 'running'
    run.receipts.push(...receipts)
    for (const effect of effects) perform(run, effect)
  }

  function perform(run: Run, effect: DelegationEffect): void {
    const { record } = run
    switch (effect.type) {
      case 'ask':
        return ask(run, taskText(record))
      case 'askAgain':
        return ask(run, `You have not handed in a result. Call ${SUBMIT_RESULT} now, with what you have.`)
      case 'setTimer': {
        run.disposers.add(core.clock.setTimer(Math.max(0, effect.atMs - core.clock.monotonicMs()), () => apply(run, { type: 'timer' })))
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

  function release({ disposers }: Run): void {
    for (const dispose of disposers) dispose()
    disposers.clear()
  }

  function ask(run: Run, text: string): void {
    const { childRoomId, agentId } = run.record
    core.background(
      'delegation',
      async () => {
        try {
          const sent = await host.sendSystem(childRoomId, { content: { type: 'text', text }, addressedTo: [agentId], visibility: 'intelligence' })
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

  async function settle(run: Run): Promise<void> {
    // What a closing kit cut short is taken up by the next process.
    if (core.closing.aborted) return abandon(run)
    apply(run, { type: 'settled', ...(await readSettled(core, run.record)) })
  }

  /** Ends a delegation in this process alone: its room stays as it is, to be resumed. */
  function abandon(run: Run): void {
    if (run.state.phase === 'ended') return
    run.state = { ...run.state, phase: 'ended' }
    release(run)
    forget(run)
    run.status = 'interrupted'
    run.resolve(toResult({ status: 'interrupted', reason: 'process_ended' }, run.record, null))
  }

  async function finish(run: Run, outcome: DelegationOutcome): Promise<void> {
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
    await attempt(() => host.closeRoom(childRoomId, `delegation ${result.status}`))
    forget(run)
    run.status = result.status
    const isGood = result.status === 'completed'
    status.post({ roomId: parentRoomId, agentId, action: 'delegation', status: isGood ? 'completed' : 'failed', detail: isGood ? '' : result.status, metadata: { delegationId: id, status: result.status } })
    core.hooks.fire('onTaskCompleted', { roomId: parentRoomId, delegationId: id, agentId, status: result.status }, { roomId: parentRoomId })
    run.resolve(result)
  }

  function forget({ record }: Run): void {
    byId.delete(record.id)
    byChild.delete(record.childRoomId)
    for (const id of slots.free(record.parentRoomId, record.id)) {
      const next = byId.get(id)
      if (next !== undefined) apply(next, { type: 'start' })
    }
  }

  async function open(parent: Room, agentId: ChannelId, task: string, options: DelegateOptions): Promise<Run> {
    const { by, shareChannels = [], wait = true, notify, context, output, timeoutMs = 120_000, maxRetries = 3, idempotencyKey, signal } = options
    const roomId = parent.id
    const depth = (recordOf(parent)?.depth ?? 0) + 1
    if (depth > MAX_DEPTH) throw tooDeep(roomId)
    if (by.kind === 'agent' && by.id === agentId) await refuseSameTask(core, parent, agentId, task)
    const shared = await sharedBindings(core, roomId, shareChannels)
    const record: DelegationRecord = {
      id: core.ids.next('dlg'),
      parentRoomId: roomId,
      childRoomId: core.ids.next('room'),
      agentId,
      task,
      by: { kind: by.kind, id: by.id },
      depth,
      isAwaited: wait,
      needsSubmission: output !== undefined,
      timeoutMs,
      maxRetries,
      ...(context === undefined ? {} : { context }),
      ...(notify === undefined ? {} : { notify }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    }
    const starts = slots.take(roomId, record.id)
    if (starts === undefined) throw tooMany(roomId)
    const run = track(record, options)
    try {
      const { organizationId } = parent
      await host.createRoom({
        id: record.childRoomId,
        parentRoomId: roomId,
        delegationId: record.id,
        channels: [{ channelId: agentId }, ...shared],
        metadata: toMetadata(record),
        ...(organizationId === undefined ? {} : { organizationId }),
      })
      await recordDelegated(core, record)
    } catch (thrown) {
      forget(run)
      throw thrown
    }
    core.hooks.fire('onTaskDelegated', { roomId, delegationId: record.id, agentId }, { roomId })
    status.post({ roomId, agentId, action: 'delegation', status: 'pending', detail: task, metadata: { delegationId: record.id } })
    watch(run, signal)
    if (starts.includes(record.id)) apply(run, { type: 'start' })
    return run
  }

  function watch(run: Run, signal: AbortSignal | undefined): void {
    if (signal === undefined) return
    const onAbort = (): void => apply(run, { type: 'cancel', reason: 'parent_aborted' })
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    void run.handle.result.then(() => signal.removeEventListener('abort', onAbort))
  }

  /** A delegation of this key that an earlier process made. */
  async function earlier(roomId: RoomId, key: string): Promise<Delegation | undefined> {
    if (core.store.isProcessLocal) return undefined
    let after: string | undefined
    do {
      const page = await core.store.findRooms({ parentRoomId: roomId, limit: 1_000, ...(after === undefined ? {} : { after }) })
      for (const room of page.items) {
        const record = recordOf(room)
        if (record?.idempotencyKey !== key) continue
        return byId.get(record.id)?.handle ?? (await endedDelegation(core, record))
      }
      after = page.next
    } while (after !== undefined)
    return undefined
  }

  async function resume(room: Room, record: DelegationRecord): Promise<void> {
    const parent = await core.store.getRoom(record.parentRoomId)
    if (slots.take(record.parentRoomId, record.id) === undefined) return
    const run = track(record)
    const isWanted = !record.isAwaited && !record.needsSubmission && parent !== null && parent.status !== 'closed' && parent.status !== 'archived'
    const asked = await core.store.tail(record.childRoomId, 1, { types: ['message'] })
    if (isWanted && asked.length === 0) return apply(run, { type: 'start' })
    const isRunning = core.turns.running(record.childRoomId).length > 0
    if (!isWanted || !isRunning) {
      const settled = isWanted ? await readSettled(core, record) : undefined
      if (settled?.end === undefined) return apply(run, { type: 'lost' })
      return apply(run, { type: 'settled', ...settled })
    }
    // Its turn is run again; the task goes on from there, within what is left of its time.
    run.state = { ...run.state, phase: 'running' }
    run.status = 'running'
    const leftMs = Date.parse(room.createdAt) + record.timeoutMs - core.clock.now()
    run.disposers.add(core.clock.setTimer(Math.max(0, leftMs), () => apply(run, { type: 'timer' })))
    core.background(
      'delegation',
      async () => {
        await core.turns.idle(record.childRoomId)
        await settle(run)
      },
      { roomId: record.childRoomId },
    )
  }

  return {
    async delegate(roomId, agentId, task, options) {
      checkOptions('delegate', options, optionKeys)
      checkTask(task, options)
      const parent = await core.store.getRoom(roomId)
      if (parent === null) throw roomNotFound(roomId)
      if (parent.status === 'closed' || parent.status === 'archived') throw roomEnded(parent)
      if (!isAgent(core.registry.get(agentId))) throw unknownAgent(agentId)
      const { idempotencyKey, wait = true } = options
      const key = idempotencyKey === undefined ? undefined : `${roomId}\n${idempotencyKey}`
      let opening = key === undefined ? undefined : byKey.get(key)
      if (opening === undefined) {
        opening = (async () => {
          const known = idempotencyKey === undefined ? undefined : await earlier(roomId, idempotencyKey)
          return known ?? (await open(parent, agentId, task, options)).handle
        })()
        if (key !== undefined) remember(byKey, key, opening)
      }
      const delegation = await opening
      if (wait) await delegation.result
      return delegation
    },
    async tools({ room, agentId, state }) {
      const hasCut = state.version > 0 && notesOf(state).some((note) => note.agentId === agentId && note.text.includes(READ_RESULT))
      const reading = hasCut ? [readResultTool(core, room.id)] : []
      const run = byChild.get(room.id)
      if (run?.output === undefined || run.record.agentId !== agentId || run.state.phase === 'ended') return reading
      const accept = (submission: Parameters<Parameters<typeof submitResultTool>[1]>[0]): { isOver: boolean } => {
        apply(run, { type: 'submitted', submission })
        return { isOver: run.state.phase === 'ended' }
      }
      return [...reading, submitResultTool(run.output, accept)]
    },
    async notes({ state, agentId }) {
      if (state.version === 0) return []
      return notesOf(state).filter((note) => note.agentId === agentId).map(({ text }) => text)
    },
    async turnEnded({ state, agentId, room }) {
      if (state.version === 0) return
      const read = notesOf(state).filter((note) => note.agentId === agentId)
      if (read.length === 0) return
      try {
        await updateState(core, room.id, (present) => withoutNotes(present, read))
      } catch (thrown) {
        // A room that was closed meanwhile needs no notes.
        if (!ParleyError.isInstance(thrown) || (thrown.code !== 'room_closed' && thrown.code !== 'room_archived')) throw thrown
      }
    },
    budget: (roomId) => byChild.get(roomId)?.budget ?? funds.get(roomId),
    fund(roomId, budget) {
      funds.set(roomId, budget)
      return () => void (funds.get(roomId) === budget && funds.delete(roomId))
    },
    async recover() {
      if (core.store.isProcessLocal) return
      for await (const room of openRooms(core)) {
        const record = recordOf(room)
        if (record === undefined || byId.has(record.id)) continue
        // Where several processes share the rooms, only what is overdue has certainly lost its own.
        const isOverdue = Date.parse(room.createdAt) + record.timeoutMs < core.clock.now()
        if (core.locks.isProcessLocal || isOverdue) await resume(room, record)
      }
    },
    close() {
      for (const dispose of watching) dispose()
      for (const run of byId.values()) abandon(run)
    },
  }
}

function remember(byKey: Map<string, Promise<Delegation>>, key: string, opening: Promise<Delegation>): void {
  byKey.set(key, opening)
  opening.catch(() => byKey.delete(key))
  if (byKey.size <= REMEMBERED) return
  const [oldest] = byKey.keys()
  if (oldest !== undefined) byKey.delete(oldest)
}

/** An agent at work on a task, here or in a room above, may not give it to itself again. */
async function refuseSameTask(core: KitCore, parent: Room, agentId: ChannelId, task: string): Promise<void> {
  let room: Room | null = parent
  while (room !== null) {
    const record = recordOf(room)
    if (record === undefined) return
    if (record.agentId === agentId && record.task.trim() === task.trim()) throw sameTask(agentId)
    room = await core.store.getRoom(record.parentRoomId)
  }
}

function checkTask(task: string, { by, timeoutMs, maxRetries }: DelegateOptions): void {
  const faults: [boolean, string, string][] = [
    [typeof task !== 'string' || task.trim() === '', 'task', 'non-empty text'],
    [typeof by?.id !== 'string', 'by', '{ kind, id }'],
    [timeoutMs !== undefined && !(timeoutMs > 0), 'timeoutMs', 'a positive number of milliseconds'],
    [maxRetries !== undefined && !(Number.isInteger(maxRetries) && maxRetries >= 0), 'maxRetries', 'a whole number from 0'],
  ]
  for (const [isWrong, path, expected] of faults) {
    if (isWrong) throw new ParleyError({ code: 'invalid_options', message: `delegate needs ${expected} as "${path}".`, details: { path, expected } })
  }
}

function unknownAgent(agentId: ChannelId): ParleyError {
  return new ParleyError({
    code: 'channel_not_registered',
    message: `No agent ${agentId} is registered. Register it first with kit.register(agent).`,
    details: { channelId: agentId },
  })
}
