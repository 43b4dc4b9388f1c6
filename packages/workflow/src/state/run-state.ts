import { ParleyError, type Json, type StateReducer } from '@parley/spec'
import { copyToJson, sizeOfJson } from './copy-json.ts'

/** Above this a value is told of, in bytes. */
export const LARGE_VALUE_BYTES: number = 10 * 1024 * 1024
/** All values of a run together, in bytes. */
export const MAX_STATE_BYTES: number = 100 * 1024 * 1024

/** What a success writes, by key. */
export type StateWrites = ReadonlyMap<string, Json>

/** How a write is brought together with what its key holds, by key. */
export type StateReducers = { readonly [key: string]: StateReducer }

/** The shared keys of one run. Values are kept as given by `copyToJson`: nobody else holds them. */
export class RunState {
  readonly #values: Map<string, Json>
  readonly #sizes = new Map<string, number>()
  readonly #onLarge: (key: string, bytes: number) => void
  #bytes = 0

  constructor(values: { [key: string]: Json }, onLarge: (key: string, bytes: number) => void) {
    this.#values = new Map(Object.entries(values))
    this.#onLarge = onLarge
    for (const [key, value] of this.#values) this.#weigh(key, value)
  }

  get(key: string): Json | undefined {
    return this.#values.get(key)
  }

  has(key: string): boolean {
    return this.#values.has(key)
  }

  keys(): string[] {
    return [...this.#values.keys()]
  }

  /** Raw, for code; not for logs. */
  toDict(): { [key: string]: Json } {
    return Object.fromEntries(this.#values)
  }

  /**
   * Whether writes fit: asked before they are kept.
   * @throws {ParleyError} `state_too_large`
   */
  check(writes: StateWrites, reducers: StateReducers = {}): void {
    let bytes = this.#bytes
    for (const [key, value] of writes)
      bytes += sizeOfJson(this.#reduced(key, value, reducers)) - (this.#sizes.get(key) ?? 0)
    if (bytes > MAX_STATE_BYTES) throw tooLarge(bytes)
  }

  /**
   * Keeps one value without a reducer: what a step gave, under its name.
   * @throws {ParleyError} `state_too_large`
   */
  put(key: string, value: Json): void {
    const size = sizeOfJson(value)
    const bytes = this.#bytes + size - (this.#sizes.get(key) ?? 0)
    if (bytes > MAX_STATE_BYTES) throw tooLarge(bytes)
    this.#bytes = bytes
    this.#values.set(key, value)
    this.#sizes.set(key, size)
    if (size > LARGE_VALUE_BYTES) this.#onLarge(key, size)
  }

  /** Keeps writes; gives them as they are now, reduced where a reducer is declared. */
  apply(writes: StateWrites, reducers: StateReducers = {}): { [key: string]: Json } {
    const written: { [key: string]: Json } = {}
    for (const [key, value] of writes) {
      const next = this.#reduced(key, value, reducers)
      this.#values.set(key, next)
      this.#weigh(key, next)
      written[key] = next
    }
    return written
  }

  /** Puts back what an earlier moment held. */
  restore(values: { [key: string]: Json }): void {
    this.#values.clear()
    this.#sizes.clear()
    this.#bytes = 0
    for (const [key, value] of Object.entries(values)) this.apply(new Map([[key, value]]))
  }

  #reduced(key: string, value: Json, reducers: StateReducers): Json {
    const reducer = Object.hasOwn(reducers, key) ? reducers[key] : undefined
    return reducer === undefined ? value : reduce(reducer, this.#values.get(key), value)
  }

  #weigh(key: string, value: Json): void {
    const size = sizeOfJson(value)
    this.#bytes += size - (this.#sizes.get(key) ?? 0)
    this.#sizes.set(key, size)
    if (size > LARGE_VALUE_BYTES) this.#onLarge(key, size)
  }
}

/** Adds later writes to earlier ones, so that keeping the result is the same as keeping one after the other. */
export function addWrites(
  into: Map<string, Json>,
  writes: Iterable<[string, Json]>,
  reducers: StateReducers = {},
): void {
  for (const [key, value] of writes) {
    const reducer = Object.hasOwn(reducers, key) ? reducers[key] : undefined
    into.set(key, reducer === undefined ? value : reduce(reducer, into.get(key), value))
  }
}

/** Checks and copies what a step wants to write. @throws {ParleyError} `value_not_json` */
export function toStateValue(key: string, value: unknown): Json {
  if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
    throw new ParleyError({
      code: 'value_not_json',
      message: `"${key}" cannot be a key of the state. Name it differently.`,
      details: { path: `state.${key}` },
    })
  }
  return copyToJson(value, `state.${key}`)
}

function reduce(reducer: StateReducer, before: Json | undefined, value: Json): Json {
  if (before === undefined || before === null) return reducer === 'append' && !Array.isArray(value) ? [value] : value
  switch (reducer) {
    case 'append':
      return [...(Array.isArray(before) ? before : [before]), ...(Array.isArray(value) ? value : [value])]
    case 'merge':
      return isObject(before) && isObject(value) ? { ...before, ...value } : value
    case 'sum':
      return typeof before === 'number' && typeof value === 'number' ? before + value : value
    case 'max':
      return typeof before === 'number' && typeof value === 'number' ? Math.max(before, value) : value
    case 'min':
      return typeof before === 'number' && typeof value === 'number' ? Math.min(before, value) : value
    case 'last':
      return value
  }
}

function tooLarge(bytes: number): ParleyError {
  return new ParleyError({
    code: 'state_too_large',
    message: `The state would grow to ${bytes} bytes; ${MAX_STATE_BYTES} are allowed. Keep large data outside and a reference to it in the state.`,
    details: { max: MAX_STATE_BYTES, actual: bytes },
  })
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
