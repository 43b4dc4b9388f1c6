import { ParleyError, type StepDefinition } from '@parley/spec'

/** Which keys one step may read and write: the one gate of every path to data. */
export interface Scope {
  /** Everything may be read. */
  readonly isOpen: boolean
  canRead(key: string): boolean
  canWrite(key: string): boolean
  /** @throws {ParleyError} `state_scope` */
  checkRead(key: string): void
  /** @throws {ParleyError} `state_scope` */
  checkWrite(key: string): void
}

const openScope: Scope = {
  isOpen: true,
  canRead: () => true,
  canWrite: () => true,
  checkRead: () => {},
  checkWrite: () => {},
}

/** The scope of a step. Absent keys: everything; an empty list: nothing. */
export function scopeOf({ id, readKeys, writeKeys }: Pick<StepDefinition, 'id' | 'readKeys' | 'writeKeys'>): Scope {
  if (readKeys === undefined && writeKeys === undefined) return openScope
  const readable = readKeys === undefined ? undefined : new Set(readKeys)
  const writable = writeKeys === undefined ? undefined : new Set(writeKeys)
  const canRead = (key: string): boolean => readable === undefined || readable.has(key)
  const canWrite = (key: string): boolean => writable === undefined || writable.has(key)
  return {
    isOpen: readable === undefined,
    canRead,
    canWrite,
    checkRead(key) {
      if (!canRead(key)) throw refusal('read', id, key, 'readKeys')
    },
    checkWrite(key) {
      if (!canWrite(key)) throw refusal('write', id, key, 'writeKeys')
    },
  }
}

function refusal(what: 'read' | 'write', step: string, key: string, list: string): ParleyError {
  return new ParleyError({
    code: 'state_scope',
    message: `Unauthorized ${what}: key "${key}" is not in the declared ${list} of step "${step}". Add it there if the step needs it.`,
    details: { key, step },
  })
}
