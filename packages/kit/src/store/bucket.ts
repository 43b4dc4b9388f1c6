const linearUpTo = 16

/**
 * The records of one family in one scope, in order of first writing. Small buckets are searched as they lie; an index by
 * id is built once a large one is searched, so an idle room pays for no map and an append pays for no look-up.
 */
export class Bucket<V> {
  values: V[] = []
  /** Rising numbers of the values, for cursors. */
  orders: number[] = []
  readonly #idOf: (value: V) => string
  #positions: Map<string, number> | undefined
  #snapshot: V[] | undefined

  constructor(idOf: (value: V) => string) {
    this.#idOf = idOf
  }

  /** The values as a frozen array that is the same until something changes. */
  get snapshot(): V[] {
    this.#snapshot ??= Object.freeze(this.values.slice()) as V[] // frozen: changing it throws instead of changing the store
    return this.#snapshot
  }

  get(id: string): V | undefined {
    const position = this.#find(id)
    return position < 0 ? undefined : this.values[position]
  }

  /** Adds a value whose id is known to be new. */
  append(value: V, order: number): void {
    this.#positions?.set(this.#idOf(value), this.values.length)
    this.values.push(value)
    this.orders.push(order)
    this.#snapshot = undefined
  }

  /** Replaces the value of the same id in its place, or says that there is none. */
  replace(value: V): boolean {
    const position = this.#find(this.#idOf(value))
    if (position < 0) return false
    this.values[position] = value
    this.#snapshot = undefined
    return true
  }

  remove(id: string): V | undefined {
    const position = this.#find(id)
    if (position < 0) return undefined
    this.orders.splice(position, 1)
    this.#positions = undefined
    this.#snapshot = undefined
    return this.values.splice(position, 1)[0]
  }

  /** Position of the first value whose number is above `order`. */
  firstAfter(order: number): number {
    let low = 0
    let high = this.orders.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.orders[middle] ?? 0) > order) high = middle
      else low = middle + 1
    }
    return low
  }

  #find(id: string): number {
    if (this.#positions === undefined) {
      if (this.values.length <= linearUpTo) return this.values.findIndex((value) => this.#idOf(value) === id)
      this.#positions = new Map(this.values.map((value, position) => [this.#idOf(value), position]))
    }
    return this.#positions.get(id) ?? -1
  }
}
