import type {
  ChannelBinding,
  ChannelType,
  Identity,
  Instant,
  Observation,
  Participant,
  PendingRequest,
  ReadMarker,
  Receipt,
  Reminder,
  RoomTask,
  StoredToolResult,
  Tombstone,
} from '@parley/spec'

import { MemoryFamily } from './memory-family.ts'
import type { FamilyShape } from './memory-family.ts'
import type { RoomIndex } from './room-index.ts'

/** The families of a memory store. */
export interface MemoryFamilies {
  readonly bindings: MemoryFamily<ChannelBinding, { channelId?: string }>
  readonly tombstones: MemoryFamily<Tombstone, {}>
  readonly participants: MemoryFamily<Participant, { status?: Participant['status'] }>
  readonly identities: MemoryFamily<Identity, { channelType?: ChannelType; address?: string }>
  readonly tasks: MemoryFamily<RoomTask, { status?: RoomTask['status'] }>
  readonly observations: MemoryFamily<Observation, {}>
  readonly requests: MemoryFamily<PendingRequest, { status?: PendingRequest['status']; kind?: PendingRequest['kind'] }>
  readonly readMarkers: MemoryFamily<ReadMarker, {}>
  readonly receipts: MemoryFamily<Receipt, { kind?: Receipt['kind']; turnId?: string; eventIndex?: number }>
  readonly reminders: MemoryFamily<Reminder, { dueBefore?: Instant }>
  readonly toolResults: MemoryFamily<StoredToolResult, { turnId?: string }>
}

const idOf = (value: { id: string }): string => value.id
const channelOf = (value: { channelId: string }): string => value.channelId

/** Makes the families of a memory store; bindings and participants keep the index of rooms in step. */
export function createMemoryFamilies(rooms: RoomIndex): MemoryFamilies {
  function inRoom<V extends { roomId: string }, F extends object>(
    idOfValue: (value: V) => string,
    more: Pick<FamilyShape<V, F>, 'matches' | 'onChange'> = {},
  ): MemoryFamily<V, F> {
    return new MemoryFamily<V, F>({
      scopeOf: (value) => value.roomId,
      idOf: idOfValue,
      organizationOf: (roomId) => rooms.get(roomId)?.room.organizationId,
      ...more,
    })
  }
  return {
    bindings: inRoom<ChannelBinding, { channelId?: string }>(channelOf, {
      onChange: (before, after) => rooms.noteBinding(before, after),
    }),
    tombstones: inRoom<Tombstone, {}>(channelOf),
    participants: inRoom<Participant, { status?: Participant['status'] }>(idOf, {
      onChange: (before, after) => rooms.noteParticipant(before, after),
    }),
    identities: createIdentities(),
    tasks: inRoom<RoomTask, { status?: RoomTask['status'] }>(idOf),
    observations: inRoom<Observation, {}>(idOf),
    requests: inRoom<PendingRequest, { status?: PendingRequest['status']; kind?: PendingRequest['kind'] }>(idOf),
    readMarkers: inRoom<ReadMarker, {}>((marker) => marker.readerId),
    receipts: inRoom<Receipt, { kind?: Receipt['kind']; turnId?: string; eventIndex?: number }>(idOf),
    reminders: inRoom<Reminder, { dueBefore?: Instant }>((reminder) => reminder.key, {
      matches: (reminder, { dueBefore }) => dueBefore === undefined || reminder.at <= dueBefore,
    }),
    toolResults: inRoom<StoredToolResult, { turnId?: string }>(idOf),
  }
}

/** Identities by organization; an address belongs to one identity there. */
function createIdentities(): MemoryFamilies['identities'] {
  const owners = new Map<string, string>()
  const scopeOf = (identity: Identity): string => identity.organizationId ?? ''
  return new MemoryFamily<Identity, { channelType?: ChannelType; address?: string }>({
    scopeOf,
    idOf,
    organizationOf: (scope) => scope,
    matches: (identity, { channelType, address }) => ownsAddress(identity, channelType, address),
    accepts(identities) {
      const claims = new Map<string, string>()
      for (const identity of identities) {
        for (const key of addressKeys(scopeOf(identity), identity)) {
          const owner = claims.get(key) ?? owners.get(key) ?? identity.id
          if (owner !== identity.id) return false
          claims.set(key, owner)
        }
      }
      return true
    },
    onChange(before, after) {
      if (before !== undefined) for (const key of addressKeys(scopeOf(before), before)) owners.delete(key)
      if (after !== undefined) for (const key of addressKeys(scopeOf(after), after)) owners.set(key, after.id)
    },
  })
}

function ownsAddress(identity: Identity, channelType: ChannelType | undefined, address: string | undefined): boolean {
  if (channelType !== undefined) {
    const owned = identity.addresses[channelType] ?? []
    return address === undefined ? owned.length > 0 : owned.includes(address)
  }
  return address === undefined || Object.values(identity.addresses).some((owned) => owned?.includes(address) === true)
}

function addressKeys(scope: string, { addresses }: Identity): string[] {
  return Object.entries(addresses).flatMap(([type, owned = []]) =>
    owned.map((address) => JSON.stringify([scope, type, address])),
  )
}
