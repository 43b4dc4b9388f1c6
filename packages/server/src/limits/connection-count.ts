import type { Disposer } from '@parley/spec'

/** Counts open connections, of the process and per address. */
export interface ConnectionCount {
  readonly open: number
  /** A disposer to call when the connection ends, or undefined when there is no room for one more. */
  enter(address: string): Disposer | undefined
}

/** Makes a count with two caps. */
export function createConnectionCount({ max, maxPerAddress }: { max: number; maxPerAddress: number }): ConnectionCount {
  const byAddress = new Map<string, number>()
  let open = 0
  return {
    get open() {
      return open
    },
    enter(address) {
      const ofAddress = byAddress.get(address) ?? 0
      if (open >= max || ofAddress >= maxPerAddress) return undefined
      open++
      byAddress.set(address, ofAddress + 1)
      let hasLeft = false
      return () => {
        if (hasLeft) return
        hasLeft = true
        open--
        const rest = (byAddress.get(address) ?? 1) - 1
        if (rest === 0) byAddress.delete(address)
        else byAddress.set(address, rest)
      }
    },
  }
}
