import { checkMetadataKeys, saveConversation } from '@parley/spec'
import type { ConversationStateJson, Instant, Room, RoomPatch } from '@parley/spec'

/** A record as `parley.write_records` takes it. */
export interface RecordInput {
  scope: string
  id: string
  doc: object
}

/** Changes as `parley.change_room` and `parley.write_roster` take them. */
export interface RoomChanges {
  set?: Partial<Room>
  remove?: (keyof Room)[]
  metadata?: NonNullable<RoomPatch['metadata']>
  conversation?: ConversationStateJson
  bindings?: RecordInput[]
  participants?: RecordInput[]
  detach?: string[]
  clearTombstones?: string[]
}

/** The changes of a patch. @throws {ParleyError} `invalid_options` for a reserved metadata key */
export function toChanges(patch: RoomPatch): RoomChanges {
  const { metadata, bindings, participants, detach, clearTombstones } = patch
  if (metadata?.set !== undefined) checkMetadataKeys(metadata.set)
  const { status, timers, agentResponsePolicy, sessionId, orchestration } = patch
  return {
    set: defined({ status, timers, agentResponsePolicy, sessionId, orchestration }),
    ...defined({ metadata, detach, clearTombstones }),
    ...(bindings === undefined
      ? {}
      : {
          bindings: toRecords(
            bindings,
            (binding) => binding.roomId,
            (binding) => binding.channelId,
          ),
        }),
    ...(participants === undefined
      ? {}
      : {
          participants: toRecords(
            participants,
            (person) => person.roomId,
            (person) => person.id,
          ),
        }),
  }
}

/** The changes that make a stored room equal to a copy. */
export function toReplacement(room: Room, now: Instant): RoomChanges {
  checkMetadataKeys(room.metadata)
  const { status, metadata, timers, agentResponsePolicy, sessionId, orchestration, conversation } = room
  const remove = (['sessionId', 'orchestration', 'conversation'] as const).filter((key) => room[key] === undefined)
  return {
    set: defined({ status, metadata, timers, agentResponsePolicy, sessionId, orchestration }),
    remove,
    ...(conversation === undefined ? {} : { conversation: stamp(conversation, now) }),
  }
}

/** A state as plain data, with instants that were left open. The database raises its version. */
export function stamp(next: ConversationStateJson, now: Instant): ConversationStateJson {
  return saveConversation(next, next.version - 1, now)
}

/** Each id once, at its first place with its last value: a statement cannot write one record twice. */
export function toRecords<V extends object>(
  values: readonly V[],
  scopeOf: (value: V) => string,
  idOf: (value: V) => string,
): RecordInput[] {
  const records = new Map<string, RecordInput>()
  for (const doc of values) {
    const record = { scope: scopeOf(doc), id: idOf(doc), doc }
    records.set(JSON.stringify([record.scope, record.id]), record)
  }
  return [...records.values()]
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> }

/** Leaves out what is undefined. */
export function defined<T extends object>(fields: T): Defined<T> {
  // Only entries that are not undefined are left.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>
}
