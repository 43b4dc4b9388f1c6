/** Something with a due instant that sits in at most one heap. */
export interface Due {
  /** When it is due, ms since the epoch; never later than the truth. */
  dueMs: number
  /** Position in the heap, -1 when it is not there. */
  heapIndex: number
  /** Puts items of one instant in order. */
  readonly order: number
}

function isEarlier(a: Due, b: Due): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order)
}

/** Items by due instant. An item whose true instant moved later may stay where it is until it is looked at. */
export class DueHeap<T extends Due> {
  readonly #items: T[] = []

  get first(): T | undefined {
    return this.#items[0]
  }

  /** Puts an item in, or moves it, by its `dueMs`. */
  place(item: T): void {
    if (item.heapIndex < 0) {
      item.heapIndex = this.#items.length
      this.#items.push(item)
    }
    this.#up(item.heapIndex)
    this.#down(item.heapIndex)
  }

  remove(item: T): void {
    const hole = item.heapIndex
    if (hole < 0) return
    const last = this.#items.pop()
    item.heapIndex = -1
    if (last === undefined || last === item) return
    this.#items[hole] = last
    last.heapIndex = hole
    this.#up(hole)
    this.#down(last.heapIndex)
  }

  #up(start: number): void {
    for (let index = start; index > 0;) {
      const parent = (index - 1) >> 1
      if (!this.#swapIfEarlier(index, parent)) return
      index = parent
    }
  }

  #down(start: number): void {
    for (let index = start; ;) {
      const left = this.#items[2 * index + 1]
      const right = this.#items[2 * index + 2]
      if (left === undefined) return
      const child = right !== undefined && isEarlier(right, left) ? 2 * index + 2 : 2 * index + 1
      if (!this.#swapIfEarlier(child, index)) return
      index = child
    }
  }

  #swapIfEarlier(lower: number, upper: number): boolean {
    const lowerItem = this.#items[lower]
    const upperItem = this.#items[upper]
    if (lowerItem === undefined || upperItem === undefined || !isEarlier(lowerItem, upperItem)) return false
    this.#items[lower] = upperItem
    this.#items[upper] = lowerItem
    upperItem.heapIndex = lower
    lowerItem.heapIndex = upper
    return true
  }
}
