import { ParleyError } from '@parley/spec'
import type { Delegation, DelegationResult, EventDraft, Json, Receipt, Room, TurnEnd } from '@parley/spec'
import type { KitCore } from '../../core/core.ts'
import { fullText, noteText, withNote, type DelegationNote } from './delegation-notes.ts'
import type { DelegationRecord } from './delegation-record.ts'
import { roomEnded } from '../../rooms/commit-to-log.ts'

/** Characters of a result that its record in the log keeps. */
const LOGGED_LENGTH = 16_000

/** Writes that a task was given. @throws {ParleyError} `room_closed`, `room_archived` */
export async function recordDelegated(core: KitCore, record: DelegationRecord): Promise<void> {
  await core.inRoom(record.parentRoomId, async (locked) => {
    if (isOver(locked.room)) throw roomEnded(locked.room)
    const data: Json = { ...about(record), task: record.task }
    await locked.commit([draft(core, locked.room, 'delegated', `A task was given to ${record.agentId}.`, data)])
  })
}

/** Writes how a task ended: log record, receipt and, where somebody is to be told, the note; in one commit. */
export async function recordEnded(
  core: KitCore,
  record: DelegationRecord,
  result: DelegationResult,
  { workerName, receipts }: { workerName: string; receipts: readonly Json[] },
): Promise<void> {
  const { parentRoomId, notify, id } = record
  const costNanoUsd = result.status === 'completed' ? result.costNanoUsd : null
  const receipt = core.receipt(
    parentRoomId,
    'delegation',
    { ...about(record), status: result.status, costNanoUsd, steps: [...receipts] },
    { actor: { ...record.by } },
  )
  const note = notify === undefined ? undefined : await keepNote(core, record, result, { id, workerName, notify })
  for (let attempt = 1; ; attempt++) {
    const isDone = await core.inRoom(parentRoomId, async (locked) => {
      // A room that is closed takes no more lines; the receipt tells.
      if (isOver(locked.room)) return writeReceipt(core, receipt)
      const ended = draft(
        core,
        locked.room,
        'delegationEnded',
        `The task given to ${record.agentId} ended: ${result.status}.`,
        endData(record, result),
      )
      const noted = note === undefined ? undefined : noteState(core, locked, note)
      const outcome = await locked.commit([ended], {
        receipts: [receipt],
        ...(noted === undefined ? {} : { conversation: noted }),
      })
      return 'events' in outcome
    })
    if (isDone) return
    if (attempt === 3)
      throw new ParleyError({
        code: 'version_conflict',
        message: `The state of room ${parentRoomId} changed three times while a result was noted. The result is in the child room; look at it there.`,
        details: { roomId: parentRoomId },
      })
  }
}

async function writeReceipt(core: KitCore, receipt: Receipt): Promise<boolean> {
  await core.store.receipts.put([receipt])
  return true
}

type Noted = { expectedVersion: number; next: ReturnType<ReturnType<Locked['state']>['toJSON']> }
type Locked = Parameters<Parameters<KitCore['inRoom']>[1]>[0]

function noteState(core: KitCore, locked: Locked, note: DelegationNote): Noted | undefined {
  try {
    const before = locked.state()
    return { expectedVersion: before.version, next: withNote(before, note).toJSON() }
  } catch (thrown) {
    core.reportError(thrown, { stage: 'delegation', roomId: locked.id })
    return undefined // state nobody can read takes no note; the log has the result
  }
}

async function keepNote(
  core: KitCore,
  { parentRoomId, task }: DelegationRecord,
  result: DelegationResult,
  { id, workerName, notify }: { id: string; workerName: string; notify: string },
): Promise<DelegationNote> {
  const { text, isCut } = noteText(result, { id, workerName, task })
  if (isCut) {
    const full = result.status === 'completed' ? fullText(result) : (result.text ?? '')
    await core.store.toolResults.put([
      { id, roomId: parentRoomId, turnId: id, name: 'delegation', text: full, createdAt: core.now() },
    ])
  }
  return { delegationId: id, agentId: notify, text }
}

/** What a worker left in its room when nothing of it ran any more. */
export async function readSettled(
  core: KitCore,
  { childRoomId, agentId }: DelegationRecord,
): Promise<{ text: string | null; end: TurnEnd | undefined; code?: string }> {
  const turns = (await core.store.receipts.list({ roomId: childRoomId, kind: 'turn', limit: 1_000 })).items
  const last = turns.map(({ data }) => data).findLast((data) => isObject(data) && data['agentId'] === agentId)
  const said = (await core.store.tail(childRoomId, 50, { types: ['message'], statuses: ['committed'] })).findLast(
    ({ source, content, metadata }) =>
      source.kind === 'agent' &&
      source.channelId === agentId &&
      content.type === 'text' &&
      metadata['notice'] === undefined,
  )
  const text = said?.content.type === 'text' ? said.content.text : null
  if (!isObject(last)) return { text, end: undefined }
  const error = last['error']
  const code = isObject(error) && typeof error['code'] === 'string' ? error['code'] : undefined
  // Written by the writer of turns.
  return { text, end: last['end'] as TurnEnd | undefined, ...(code === undefined ? {} : { code }) }
}

/** The delegation of a child room that has ended, as its parent's log tells. */
export async function endedDelegation(core: KitCore, record: DelegationRecord): Promise<Delegation | undefined> {
  let after = -1
  for (;;) {
    const page = await core.store.events(record.parentRoomId, { after, types: ['delegationEnded'], limit: 1_000 })
    for (const { content, index } of page) {
      after = index
      const data = content.type === 'system' ? content.data : undefined
      if (!isObject(data) || data['delegationId'] !== record.id) continue
      const result = loggedResult(record, data)
      return {
        id: record.id,
        childRoomId: record.childRoomId,
        status: result.status,
        result: Promise.resolve(result),
        cancel: () => Promise.resolve(),
      }
    }
    if (page.length < 1_000) return undefined
  }
}

function loggedResult(record: DelegationRecord, data: { [key: string]: Json }): DelegationResult {
  const text = typeof data['text'] === 'string' ? data['text'] : undefined
  const { status, code } = data
  if (status === 'completed') {
    const cost = typeof data['costNanoUsd'] === 'number' ? data['costNanoUsd'] : null
    return {
      status,
      text: text ?? '',
      costNanoUsd: cost,
      ...(data['value'] === undefined ? {} : { value: data['value'] }),
    }
  }
  const error = new ParleyError({
    // Written by `endData` from an error of this union.
    code: (typeof code === 'string' ? code : 'delegation_failed') as ParleyError['code'],
    message: `The task given to ${record.agentId} did not end well. Its child room tells more.`,
    details: { delegationId: record.id, agentId: record.agentId },
  })
  return {
    status: status as Exclude<DelegationResult['status'], 'completed'>,
    error,
    ...(text === undefined ? {} : { text }),
  }
}

function endData(record: DelegationRecord, result: DelegationResult): Json {
  const text = result.text === undefined ? {} : { text: result.text.slice(0, LOGGED_LENGTH) }
  if (result.status !== 'completed')
    return { ...about(record), status: result.status, code: result.error.code, ...text }
  const value = result.value === undefined ? undefined : JSON.stringify(result.value)
  const kept = value === undefined || value.length > LOGGED_LENGTH ? {} : { value: JSON.parse(value) as Json }
  return { ...about(record), status: result.status, costNanoUsd: result.costNanoUsd, ...text, ...kept }
}

function about({ id, childRoomId, agentId, by }: DelegationRecord): { [key: string]: Json } {
  return { delegationId: id, childRoomId, agentId, by: { ...by } }
}

function draft(core: KitCore, room: Room, type: 'delegated' | 'delegationEnded', text: string, data: Json): EventDraft {
  return core.systemDraft(room, {
    type,
    content: { type: 'system', code: type === 'delegated' ? 'delegated' : 'delegation_ended', text, data },
  })
}

function isOver({ status }: Room): boolean {
  return status === 'closed' || status === 'archived'
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
