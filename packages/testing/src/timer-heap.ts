/** One timer of a virtual clock. */
export interface TimerEntry {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
  state: 'waiting' | 'fired' | 'disposed'
}

/** Waiting timers by deadline, then by order of setting. */
export interface TimerHeap {
  /** Timers that are neither fired nor disposed. */
  readonly size: number
  push(atMs: number, run: () => void): TimerEntry
  /** Takes out the first timer due at or before `limitMs`. */
  popDue(limitMs: number): TimerEntry | undefined
  dispose(entry: TimerEntry): void
}

function isBefore(a: TimerEntry, b: TimerEntry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

/** Makes a binary heap of timers; disposed entries leave it when they reach the top or outnumber the waiting ones. */
export function createTimerHeap(): TimerHeap {
  let entries: TimerEntry[] = []
  let nextOrder = 0
  let waiting = 0

  function siftUp(start: number): void {
    let index = start
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!swapIfBefore(index, parent)) return
      index = parent
    }
  }

  function siftDown(start: number): void {
    let index = start
    for (;;) {
      const left = 2 * index + 1
      const right = left + 1
      const leftEntry = entries[left]
      const rightEntry = entries[right]
      if (leftEntry === undefined) return
      const child = rightEntry !== undefined && isBefore(rightEntry, leftEntry) ? right : left
      if (!swapIfBefore(child, index)) return
      index = child
    }
  }

  function swapIfBefore(lower: number, upper: number): boolean {
    const lowerEntry = entries[lower]
    const upperEntry = entries[upper]
    if (lowerEntry === undefined || upperEntry === undefined || !isBefore(lowerEntry, upperEntry)) return false
    entries[lower] = upperEntry
    entries[upper] = lowerEntry
    return true
  }

  function removeTop(): void {
    const last = entries.pop()
    if (last === undefined || entries.length === 0) return
    entries[0] = last
    siftDown(0)
  }

  return {
    get size() {
      return waiting
    },
    push(atMs, run) {
      const entry: TimerEntry = { atMs, order: nextOrder, run, state: 'waiting' }
      nextOrder += 1
      waiting += 1
      entries.push(entry)
      siftUp(entries.length - 1)
      return entry
    },
    popDue(limitMs) {
      for (let top = entries[0]; top !== undefined; top = entries[0]) {
        if (top.state === 'waiting' && top.atMs > limitMs) return undefined
        removeTop()
        if (top.state !== 'waiting') continue
        top.state = 'fired'
        waiting -= 1
        return top
      }
      return undefined
    },
    dispose(entry) {
      if (entry.state !== 'waiting') return
      entry.state = 'disposed'
      waiting -= 1
      if (entries.length < 64 || entries.length < 2 * waiting) return
      entries = entries.filter((candidate) => candidate.state === 'waiting').sort((a, b) => (isBefore(a, b) ? -1 : 1))
    },
  }
}
