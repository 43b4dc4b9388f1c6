import { ownPath as ownValue, type Budget, type Json } from '@parley/spec'
import type { RunState } from '../state/run-state.ts'
import type { Scope } from '../state/scope.ts'

/** Where data of a run is looked up from: the outputs of a region, and of those around it. */
export interface Frame {
  /** Outputs of the region's steps by id; `null` of those that were skipped. */
  readonly outputs: Map<string, Json>
  readonly outer: Frame | undefined
  /** Of a branch that runs beside others: what it has written and its siblings do not see yet. */
  readonly context: Map<string, Json> | undefined
  /** Of the region of a foreach. */
  readonly item?: ItemPlace
  /** Of the region of a step that has an envelope of its own: what is spent inside has to fit it. */
  readonly budget?: Budget
}

/** The item of a foreach that steps are about. */
export interface ItemPlace {
  readonly value: Json
  readonly index: number
}

/** What the data of a step is made of. */
export interface DataSources {
  readonly input: Json
  readonly state: RunState
  readonly templates: { readonly [name: string]: string }
  readonly frame: Frame
  readonly item?: Json
  readonly hasItem: boolean
  readonly history?: (path: readonly string[]) => Json | undefined
}

/** The output of a step by its id, in this region or one around it; `undefined` when it has none yet. */
export function outputOf(frame: Frame | undefined, id: string): Json | undefined {
  for (let at = frame; at !== undefined; at = at.outer) {
    const output = at.outputs.get(id)
    if (output !== undefined) return output
  }
  return undefined
}

/** The innermost envelope of the steps that a region is in; absent: that of the run. */
export function budgetOf(frame: Frame | undefined): Budget | undefined {
  for (let at = frame; at !== undefined; at = at.outer) if (at.budget !== undefined) return at.budget
  return undefined
}

/** The item that a region is about, or one around it. */
export function itemOf(frame: Frame | undefined): ItemPlace | undefined {
  for (let at = frame; at !== undefined; at = at.outer) if (at.item !== undefined) return at.item
  return undefined
}

/** The input as far as a step may read it; one that has no keys goes by the key `input`. */
export function readableInput(input: Json, scope: Scope): Json {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return scope.canRead('input') ? input : null
  if (scope.isOpen) return input
  return Object.fromEntries(Object.entries(input).filter(([key]) => scope.canRead(key)))
}

/** The state as far as a step may read it. */
export function readableState(state: RunState, scope: Scope): { [key: string]: Json } {
  return Object.fromEntries(Object.entries(state.toDict()).filter(([key]) => scope.canRead(key)))
}

/** A value by the path that a template or a condition names, through the scope of the step; `undefined` when there is none. */
export function lookUp(sources: DataSources, scope: Scope, path: readonly string[]): Json | undefined {
  const [root = '', key = '', ...rest] = path
  switch (root) {
    case 'input':
      return path.length === 1
        ? readableInput(sources.input, scope)
        : ownPath(readableInput(sources.input, scope), path.slice(1))
    case 'steps':
      return through(scope, key, () => {
        const output = outputOf(sources.frame, key)
        return output === undefined ? undefined : ownPath(output, rest.slice(1))
      })
    case 'state':
      return through(scope, key, () => ownPath(sources.state.get(key), rest))
    case 'context':
      return key === 'input' ? lookUp(sources, scope, path.slice(1)) : contextValue(sources, scope, path.slice(1))
    case 'item':
      return sources.hasItem ? ownPath(sources.item, path.slice(1)) : undefined
    case 'templates':
      return Object.hasOwn(sources.templates, key) ? sources.templates[key] : undefined
    case 'history':
      return through(scope, 'history', () => sources.history?.(path.slice(1)))
    default:
      return lookUpName(sources, scope, path)
  }
}

/** A bare name: a field of the item, a key of the context, a key of the input. */
function lookUpName(sources: DataSources, scope: Scope, path: readonly string[]): Json | undefined {
  return contextValue(sources, scope, path) ?? ownPath(readableInput(sources.input, scope), path)
}

function contextValue({ frame, state }: DataSources, scope: Scope, path: readonly string[]): Json | undefined {
  const [key = '', ...rest] = path
  return through(scope, key, () => {
    for (let at: Frame | undefined = frame; at !== undefined; at = at.outer)
      if (at.context?.has(key) === true) return ownPath(at.context.get(key), rest)
    return ownPath(state.get(key), rest)
  })
}

/** A value of JSON by own keys. */
function ownPath(value: Json | undefined, path: readonly string[]): Json | undefined {
  // What a run keeps is JSON, and so is every part of it.
  return ownValue(value, path) as Json | undefined
}

function through(scope: Scope, key: string, read: () => Json | undefined): Json | undefined {
  return scope.canRead(key) ? read() : undefined
}
