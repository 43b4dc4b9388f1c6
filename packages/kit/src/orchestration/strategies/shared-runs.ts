import { ToolError } from '@parley/spec'

/** Work that is under way, by what it is for. Equal requests share it; nothing is kept once it has ended. */
export interface SharedRuns<T> {
  /** @throws {ParleyError} `tool_failed` when other work for the same thing is under way */
  once(key: string, fingerprint: string, run: () => Promise<T>): Promise<T>
  has(key: string): boolean
}

/** Makes an empty set. */
export function createSharedRuns<T>(): SharedRuns<T> {
  const running = new Map<string, { fingerprint: string; done: Promise<T> }>()
  return {
    has: (key) => running.has(key),
    async once(key, fingerprint, run) {
      const known = running.get(key)
      if (known !== undefined && known.fingerprint !== fingerprint) {
        throw new ToolError('The workers are at work on this message already. Wait for their results.')
      }
      if (known !== undefined) return known.done
      const done = (async () => run())()
      running.set(key, { fingerprint, done })
      try {
        return await done
      } finally {
        running.delete(key)
      }
    },
  }
}
