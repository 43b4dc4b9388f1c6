import { checkOptions, ParleyError } from '@parley/spec'
import type { Budget, ChannelId, Delegation, DelegateOptions, EventInput, Room, RoomId, SendResult } from '@parley/spec'
import type { KitCore } from '../../core/core.ts'
import { roomEnded, roomNotFound } from '../../rooms/commit-to-log.ts'
import type { CreateRoomOptions } from '../../rooms/create-room.ts'
import { isAgent } from '../orchestrated-agent.ts'
import { updateState } from '../state/change-state.ts'
import type { StatusBus } from '../status/status-bus.ts'
import { sameTask, tooDeep, tooMany } from './delegation-errors.ts'
import { endedDelegation, recordDelegated } from './delegation-log.ts'
import { notesOf, READ_RESULT, withoutNotes } from './delegation-notes.ts'
import { MAX_DEPTH, recordOf, toMetadata, type DelegationRecord } from './delegation-record.ts'
import { createDelegationRuns, type DelegationRun } from './delegation-runs.ts'
import type { Delegations } from './delegations.ts'
import { readResultTool } from './read-result.ts'
import { resumeDelegation } from './resume-delegation.ts'
import { sharedBindings } from './shared-channels.ts'
import { submitResultTool } from './submit-result.ts'

/** What delegations need of their kit. */
export interface DelegationHost {
  readonly core: KitCore
  readonly status: StatusBus
  /** Makes a room without orchestration. */
  createRoom(options: CreateRoomOptions): Promise<Room>
  closeRoom(roomId: RoomId, reason: string): Promise<unknown>
  sendSystem(roomId: RoomId, input: EventInput): Promise<SendResult>
}

const optionKeys = [
  'context',
  'output',
  'shareChannels',
  'wait',
  'notify',
  'budget',
  'timeoutMs',
  'maxRetries',
  'idempotencyKey',
  'by',
  'signal',
]

/** Delegations that have ended and are still known by their key. */
const REMEMBERED = 10_000

/** Makes the delegations of a kit. */
export function createDelegations(host: DelegationHost): Delegations {
  const { core, status } = host
  const byKey = new Map<string, Promise<Delegation>>()
  const funds = new Map<RoomId, Budget>()
  const runs = createDelegationRuns(host)

  async function open(
    parent: Room,
    agentId: ChannelId,
    task: string,
    options: DelegateOptions,
  ): Promise<DelegationRun> {
    const {
      by,
      shareChannels = [],
      wait = true,
      notify,
      context,
      output,
      timeoutMs = 120_000,
      maxRetries = 3,
      idempotencyKey,
      signal,
    } = options
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
    const place = runs.track(record, options)
    if (place === undefined) throw tooMany(roomId)
    const { run, mayStart } = place
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
      runs.forget(run)
      throw thrown
    }
    core.hooks.fire('onTaskDelegated', { roomId, delegationId: record.id, agentId }, { roomId })
    status.post({
      roomId,
      agentId,
      action: 'delegation',
      status: 'pending',
      detail: task,
      metadata: { delegationId: record.id },
    })
    runs.watch(run, signal)
    if (mayStart) runs.apply(run, { type: 'start' })
    return run
  }

  /** A delegation of this key that an earlier process made. */
  async function earlier(roomId: RoomId, key: string): Promise<Delegation | undefined> {
    if (core.store.isProcessLocal) return undefined
    let after: string | undefined
    do {
      const page = await core.store.findRooms({
        parentRoomId: roomId,
        limit: 1_000,
        ...(after === undefined ? {} : { after }),
      })
      for (const room of page.items) {
        const record = recordOf(room)
        if (record?.idempotencyKey !== key) continue
        return runs.get(record.id)?.handle ?? (await endedDelegation(core, record))
      }
      after = page.next
    } while (after !== undefined)
    return undefined
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
      const hasCut =
        state.version > 0 && notesOf(state).some((note) => note.agentId === agentId && note.text.includes(READ_RESULT))
      const reading = hasCut ? [readResultTool(core, room.id)] : []
      const run = runs.ofChild(room.id)
      if (run?.output === undefined || run.record.agentId !== agentId || run.state.phase === 'ended') return reading
      const accept = (submission: Parameters<Parameters<typeof submitResultTool>[1]>[0]): { isOver: boolean } => {
        runs.apply(run, { type: 'submitted', submission })
        return { isOver: run.state.phase === 'ended' }
      }
      return [...reading, submitResultTool(run.output, accept)]
    },
    async notes({ state, agentId }) {
      if (state.version === 0) return []
      return notesOf(state)
        .filter((note) => note.agentId === agentId)
        .map(({ text }) => text)
    },
    async turnEnded({ state, agentId, room }) {
      if (state.version === 0) return
      const read = notesOf(state).filter((note) => note.agentId === agentId)
      if (read.length === 0) return
      try {
        await updateState(core, room.id, (present) => withoutNotes(present, read))
      } catch (thrown) {
        // A room that was closed meanwhile needs no notes.
        if (!ParleyError.isInstance(thrown) || (thrown.code !== 'room_closed' && thrown.code !== 'room_archived'))
          throw thrown
      }
    },
    budget: (roomId) => runs.ofChild(roomId)?.budget ?? funds.get(roomId),
    fund(roomId, budget) {
      funds.set(roomId, budget)
      return () => void (funds.get(roomId) === budget && funds.delete(roomId))
    },
    async resume(room) {
      const record = recordOf(room)
      if (record === undefined || runs.get(record.id) !== undefined) return
      // Where several processes share the rooms, only what is overdue has certainly lost its own.
      const isOverdue = Date.parse(room.createdAt) + record.timeoutMs < core.clock.now()
      if (core.locks.isProcessLocal || isOverdue) await resumeDelegation(core, runs, room, record)
    },
    close: () => runs.close(),
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
    [
      maxRetries !== undefined && !(Number.isInteger(maxRetries) && maxRetries >= 0),
      'maxRetries',
      'a whole number from 0',
    ],
  ]
  for (const [isWrong, path, expected] of faults) {
    if (isWrong)
      throw new ParleyError({
        code: 'invalid_options',
        message: `delegate needs ${expected} as "${path}".`,
        details: { path, expected },
      })
  }
}

function unknownAgent(agentId: ChannelId): ParleyError {
  return new ParleyError({
    code: 'channel_not_registered',
    message: `No agent ${agentId} is registered. Register it first with kit.register(agent).`,
    details: { channelId: agentId },
  })
}
