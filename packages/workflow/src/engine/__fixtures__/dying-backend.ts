import type { DurableBackend } from '@parley/spec'

/** A process that dies: nothing that it does after that reaches the store. */
export class ProcessDied extends Error {
  constructor() {
    super('The process died.')
  }
}

/** A view of a store, as a process has it that dies at a commit. */
export interface DyingBackend {
  backend: DurableBackend
  /** Commits that were asked for. */
  readonly commits: number
  readonly isDead: boolean
}

/**
 * A store as one process sees it.
 * @param dieAt - the commit, from 1, at which the process dies; absent: it lives
 * @param isAfter - whether that commit is still written
 */
export function dyingBackend(store: DurableBackend, dieAt?: number, isAfter: boolean = false): DyingBackend {
  let commits = 0
  let isDead = false
  const alive = <Arguments extends unknown[], Result>(
    call: (...given: Arguments) => Promise<Result>,
  ): ((...given: Arguments) => Promise<Result>) => {
    return async (...given) => {
      if (isDead) throw new ProcessDied()
      return call(...given)
    }
  }
  return {
    get commits() {
      return commits
    },
    get isDead() {
      return isDead
    },
    backend: {
      ...store,
      createRun: alive(store.createRun),
      claim: alive(store.claim),
      release: alive(store.release),
      resolveWait: alive(store.resolveWait),
      signal: alive(store.signal),
      takeSignal: alive(store.takeSignal),
      async commit(lease, batch) {
        if (isDead) throw new ProcessDied()
        commits += 1
        if (commits !== dieAt) return store.commit(lease, batch)
        isDead = true
        if (isAfter) await store.commit(lease, batch)
        throw new ProcessDied()
      },
    },
  }
}
