import type { ConversationStore, Family, SqlDatabase } from '@parley/spec'

import { createPostgresFamily } from './postgres-family.ts'
import type { FamilyTable } from './postgres-family.ts'

type Families = Pick<
  ConversationStore,
  | 'bindings'
  | 'tombstones'
  | 'participants'
  | 'identities'
  | 'tasks'
  | 'observations'
  | 'requests'
  | 'readMarkers'
  | 'receipts'
  | 'reminders'
  | 'toolResults'
>

type Options<V, F> = Omit<FamilyTable<V, F>, 'name' | 'scopeOf' | 'idOf'>

/** The families of a store; what is asked often over many rooms has an index of its own. */
export function createPostgresFamilies(database: () => Promise<SqlDatabase>): Families {
  function inRoom<V extends { roomId: string }, F extends object>(
    name: string,
    idOf: (value: V) => string,
    options: Options<V, F> = {},
  ): Family<V, F> {
    return createPostgresFamily(database, { name, idOf, scopeOf: (value) => value.roomId, ...options })
  }
  return {
    bindings: inRoom('bindings', (binding) => binding.channelId, {
      // The id of a binding is its channel: the index of bindings answers without looking into documents.
      conditions: ({ channelId }, bind) =>
        channelId === undefined ? [] : [`family = 'bindings' AND id = ${bind(channelId)}`],
    }),
    tombstones: inRoom('tombstones', (tombstone) => tombstone.channelId),
    participants: inRoom('participants', (participant) => participant.id),
    identities: createPostgresFamily(database, {
      name: 'identities',
      scopeOf: (identity) => identity.organizationId ?? '',
      idOf: (identity) => identity.id,
      isByOrganization: true,
      conditions({ channelType, address }, bind) {
        const wanted = ['a.scope = records.scope', 'a.identity_id = records.id']
        if (channelType !== undefined) wanted.push(`a.channel_type = ${bind(channelType)}`)
        if (address !== undefined) wanted.push(`a.address = ${bind(address)}`)
        return wanted.length === 2
          ? []
          : [`EXISTS (SELECT 1 FROM parley.identity_addresses a WHERE ${wanted.join(' AND ')})`]
      },
    }),
    tasks: inRoom('tasks', (task) => task.id),
    observations: inRoom('observations', (observation) => observation.id),
    requests: inRoom('requests', (request) => request.id, {
      conditions({ id, status, kind }, bind) {
        const wanted: string[] = []
        if (id !== undefined) wanted.push(`family = 'requests' AND id = ${bind(id)}`)
        // Spelt out, so that the index of open requests fits.
        if (status === 'open') wanted.push("family = 'requests' AND doc->>'status' = 'open'")
        else if (status !== undefined) wanted.push(`doc->>'status' = ${bind(status)}`)
        if (kind !== undefined) wanted.push(`doc->>'kind' = ${bind(kind)}`)
        return wanted
      },
    }),
    readMarkers: inRoom('readMarkers', (marker) => marker.readerId),
    receipts: inRoom('receipts', (receipt) => receipt.id),
    reminders: inRoom('reminders', (reminder) => reminder.key, {
      conditions: ({ dueBefore }, bind) =>
        dueBefore === undefined ? [] : [`family = 'reminders' AND (doc->>'at') COLLATE "C" <= ${bind(dueBefore)}`],
    }),
    toolResults: inRoom('toolResults', (result) => result.id),
  }
}
