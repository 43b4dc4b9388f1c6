import type { RoomLocks } from '@parley/spec'

/** Locks that know whether anybody of this process waits for a key. */
export interface TrackedLocks extends RoomLocks {
  isAwaited(key: string): boolean
}

/** Counts who waits for a lock, so that a hook that waits for its own room can be told so. */
export function trackWaiting(locks: RoomLocks): TrackedLocks {
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
      const granted = (): void => {
        if (isWaiting) leave(key)
        isWaiting = false
      }
      try {
        return await locks.withLock(
          key,
          (token) => {
            granted()
            return run(token)
          },
          options,
        )
      } finally {
        granted()
      }
    },
    close: async () => locks.close?.(),
  }
}
