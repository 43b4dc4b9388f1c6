import { checkMetadataKeys } from './check-metadata-keys.ts'
import type { CommitExtras, EventDraft } from './conversation-store.ts'
import { ParleyError } from './parley-error.ts'

/**
 * Checks what can be checked of a commit without the store: every store refuses the same, before anything else.
 * @throws {ParleyError} `invalid_options` naming what is wrong
 */
export function checkCommit(roomId: string, drafts: readonly EventDraft[], also?: CommitExtras): void {
  for (const draft of drafts)
    if (draft.roomId !== roomId) throw invalidCommit('drafts.roomId', `the room of the commit (${roomId})`)
  if (drafts.length > 1) {
    checkUnique(drafts, 'id')
    checkUnique(drafts, 'idempotencyKey')
  }
  if (also === undefined) return
  for (const { draft } of also.effects ?? []) {
    if (drafts[draft] === undefined) throw invalidCommit('effects.draft', 'the position of a draft of the commit')
  }
  const create = also.room?.create
  if (create !== undefined) {
    if (create.id !== roomId) throw invalidCommit('room.create.id', `the room of the commit (${roomId})`)
    checkMetadataKeys(create.metadata)
  }
  if (also.room?.metadata?.set !== undefined) checkMetadataKeys(also.room.metadata.set)
}

function checkUnique(drafts: readonly EventDraft[], field: 'id' | 'idempotencyKey'): void {
  const seen = new Set<string>()
  for (const draft of drafts) {
    const value = draft[field]
    if (value === undefined) continue
    if (seen.has(value)) throw invalidCommit(`drafts.${field}`, 'a value that no other draft of the commit has')
    seen.add(value)
  }
}

function invalidCommit(path: string, expected: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `The commit has a wrong ${path}: expected ${expected}.`,
    details: { path, expected },
  })
}
