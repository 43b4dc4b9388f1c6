import { pageLimit, parseCursor } from '@parley/spec'
import type { Family, FamilyFilter, Page, RoomId } from '@parley/spec'

import { Bucket } from './bucket.ts'
import { deepFreeze } from './deep-freeze.ts'
import { matchesFields } from './json-equal.ts'

/** How a family of records is kept. */
export interface FamilyShape<V, F> {
  scopeOf: (value: V) => string
  idOf: (value: V) => string
  /** Filters that are more than the equality of a field. */
  matches?: (value: V, filter: F) => boolean
  /** Which organization a scope belongs to; `undefined` for none. */
  organizationOf: (scope: string) => string | undefined
  /** Told of each change, for indexes kept elsewhere. */
  onChange?: (before: V | undefined, after: V | undefined) => void
  /** Refuses values that break a rule of the family, alone or together. */
  accepts?: (values: readonly V[]) => boolean
}

/** Records of one kind, by scope (a room or an organization) and id. What goes in is frozen, what comes out is the same object. */
export class MemoryFamily<V extends object, F extends object> implements Family<V, F> {
  readonly #shape: FamilyShape<V, F>
  readonly #buckets = new Map<string, Bucket<V>>()
  #nextOrder = 0

  constructor(shape: FamilyShape<V, F>) {
    this.#shape = shape
  }

  get(scope: string, id: string): Promise<V | null> {
    return Promise.resolve(this.find(scope, id) ?? null)
  }

  async put(
    values: V[],
    { ifAbsent = false, expected }: { ifAbsent?: boolean; expected?: Partial<V> } = {},
  ): Promise<{ written: boolean }> {
    const { scopeOf, idOf, accepts } = this.#shape
    for (const value of values) {
      const stored = this.find(scopeOf(value), idOf(value))
      if (ifAbsent && stored !== undefined) return { written: false }
      if (expected !== undefined && (stored === undefined || !matchesFields(stored, expected)))
        return { written: false }
    }
    if (accepts !== undefined && !accepts(values)) return { written: false }
    for (const value of values) this.write(value)
    return { written: true }
  }

  async list(filter: F & FamilyFilter): Promise<Page<V>> {
    const { roomId, organizationId, after, limit, ...fields } = filter
    const wanted = pageLimit(limit)
    const cursor = parseCursor(after)
    const matches = this.#matcher(fields, filter)
    if (roomId !== undefined) {
      if (organizationId !== undefined && this.#shape.organizationOf(roomId) !== organizationId) return { items: [] }
      return toPage(this.#scan(roomId, cursor, wanted + 1, matches), wanted)
    }
    const found: Entry<V>[] = []
    for (const scope of this.#buckets.keys()) {
      if (organizationId !== undefined && this.#shape.organizationOf(scope) !== organizationId) continue
      found.push(...this.#scan(scope, cursor, wanted + 1, matches))
    }
    return toPage(
      found.sort((a, b) => a.order - b.order),
      wanted,
    )
  }

  remove(scope: string, ids: string[]): Promise<number> {
    let removed = 0
    for (const id of ids) if (this.delete(scope, id)) removed += 1
    return Promise.resolve(removed)
  }

  find(scope: string, id: string): V | undefined {
    return this.#buckets.get(scope)?.get(id)
  }

  /** All values of a scope, as a frozen array. */
  all(scope: string): V[] {
    return this.#buckets.get(scope)?.snapshot ?? noValues
  }

  /** Puts a value, in its place if its id is there. */
  write(value: V): void {
    const { scopeOf, idOf, onChange } = this.#shape
    deepFreeze(value)
    const bucket = this.#bucketOf(scopeOf(value))
    if (onChange !== undefined) onChange(bucket.get(idOf(value)), value)
    if (!bucket.replace(value)) bucket.append(value, this.#nextOrder++)
  }

  /** Adds values whose ids are new, without looking. */
  append(scope: string, values: readonly V[]): void {
    const bucket = this.#bucketOf(scope)
    for (const value of values) bucket.append(deepFreeze(value), this.#nextOrder++)
  }

  delete(scope: string, id: string): boolean {
    const bucket = this.#buckets.get(scope)
    const removed = bucket?.remove(id)
    if (bucket === undefined || removed === undefined) return false
    if (bucket.values.length === 0) this.#buckets.delete(scope)
    this.#shape.onChange?.(removed, undefined)
    return true
  }

  #bucketOf(scope: string): Bucket<V> {
    let bucket = this.#buckets.get(scope)
    if (bucket === undefined) {
      bucket = new Bucket(this.#shape.idOf)
      this.#buckets.set(scope, bucket)
    }
    return bucket
  }

  #matcher(fields: object, filter: F): (value: V) => boolean {
    const { matches } = this.#shape
    if (matches !== undefined) return (value) => matches(value, filter)
    const wanted = Object.entries(fields).filter(([, field]) => field !== undefined)
    if (wanted.length === 0) return () => true
    const expected = Object.fromEntries(wanted)
    return (value) => matchesFields(value, expected)
  }

  #scan(scope: RoomId, cursor: number, limit: number, matches: (value: V) => boolean): Entry<V>[] {
    const found: Entry<V>[] = []
    const bucket = this.#buckets.get(scope)
    if (bucket === undefined) return found
    for (
      let position = bucket.firstAfter(cursor);
      position < bucket.values.length && found.length < limit;
      position++
    ) {
      const value = bucket.values[position]
      const order = bucket.orders[position]
      if (value !== undefined && order !== undefined && matches(value)) found.push({ value, order })
    }
    return found
  }
}

interface Entry<V> {
  value: V
  order: number
}

const noValues: never[] = Object.freeze([]) as unknown as never[] // frozen and empty: nothing can be read from or written to it as another type

function toPage<V>(found: Entry<V>[], limit: number): Page<V> {
  const items = found.slice(0, limit).map((entry) => entry.value)
  const last = found[limit - 1]
  return found.length > limit && last !== undefined ? { items, next: String(last.order) } : { items }
}
