import { toParleyError, type RoomLocks } from '@parley/spec'

/** Locks that know whether anybody of this process waits for a key. */
export interface TrackedLocks extends RoomLocks {
  isAwaited(key: string): boolean
}

/**
 * Counts who waits for a lock, so that a hook that waits for its own room can be told so. Whatever locks throw that fail
 * outright becomes `lock_timeout`.
 */
export function trackWaiting(locks: RoomLocks, onError: (thrown: unknown) => void = () => {}): TrackedLocks {
  const waiting = new Map<string, number>()
  const leave = (key: string): void => {
    const left = (waiting.get(key) ?? 1) - 1
    if (left === 0) waiting.delete(key)
    else waiting.set(key, left)
  }
  return {
    isProcessLocal: locks.isProcessLocal,
    isAwaited: (key) => waiting.has(key),
    async withLock(key, run, options) {
      waiting.set(key, (waiting.get(key) ?? 0) + 1)
      let isWaiting = true
      let isGranted = false
      let done: { value: Awaited<ReturnType<typeof run>> } | undefined
      const granted = (): void => {
        if (isWaiting) leave(key)
        isWaiting = false
      }
      try {
        return await locks.withLock(
          key,
          async (token) => {
            granted()
            isGranted = true
            const value = await run(token)
            done = { value }
            return value
          },
          options,
        )
      } catch (thrown) {
        // A lock that could not be given back undoes nothing of what was done while it was held.
        if (done !== undefined) {
          onError(thrown)
          return done.value
        }
        // What was done with the lock held has errors of its own, and an abort has the caller's reason.
        if (isGranted || options.signal?.aborted === true) throw thrown
        throw toParleyError(thrown, {
          code: 'lock_timeout',
          message: `The lock ${key} could not be had because the locks failed. Try again; the cause tells more.`,
          details: { key },
        })
      } finally {
        granted()
      }
    },
    close: async () => locks.close?.(),
  }
}
