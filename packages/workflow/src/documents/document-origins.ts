import { toWireName } from '@parley/spec'
import type { DocumentPath } from './document-problems.ts'

/** Where a step comes from. */
export interface StepOrigin {
  /** Where it is in the document. */
  at: DocumentPath
  /** Steps of its own region. */
  inner?: DocumentOrigins
}

/** Where the steps of a region come from, by id. */
export type DocumentOrigins = ReadonlyMap<string, StepOrigin>

/** Other keys under which a field of a definition may stand in a document. */
const otherKeys: { readonly [field: string]: readonly string[] } = {
  id: ['name'],
  kind: ['type'],
  action: ['function', 'tool', 'agent', 'workflow'],
  timeoutMs: ['timeout'],
  validationTimeoutMs: ['validation_timeout'],
  readKeys: ['reads'],
  writeKeys: ['writes'],
  inputContract: ['input_schema'],
  outputContract: ['output_schema', 'output'],
  failurePolicy: ['on_failure'],
  policy: ['foreach_policy'],
  concurrency: ['foreach_concurrency'],
  model: ['llm_model'],
  modelOptions: ['llm_kwargs'],
  allowedTools: ['tools'],
}

/** Parts of a step that nodes write on the node itself. */
const flattened: ReadonlySet<string> = new Set(['rag', 'switch', 'wait', 'foreach', 'history', 'stream', 'region'])

/** What is asked to find the place of a definition's path in a document. */
export interface OriginQuery {
  /** Such as `steps.outer.steps.inner.prompt`. */
  path: string
  origins: DocumentOrigins
  /** The document as data. */
  document: unknown
}

/** The place in a document of what a path of its definition names, or of the nearest thing around it. */
export function originOf({ path, origins, document }: OriginQuery): DocumentPath {
  const parts = path.split(/[.[\]]+/).filter((part) => part !== '')
  let at: DocumentPath = []
  let region: DocumentOrigins | undefined = origins
  while (region !== undefined && (parts[0] === 'steps' || parts[0] === 'region')) {
    if (parts.shift() === 'region') continue
    // An id that is not allowed may have dots in it.
    const length: number = parts.findIndex((_, index) => region?.has(parts.slice(0, index + 1).join('.'))) + 1
    const step: StepOrigin | undefined = region.get(parts.splice(0, length).join('.'))
    if (step === undefined) break
    at = step.at
    region = step.inner
  }
  if (at.length === 0 && parts[0] === 'servers') return serverOrigin(parts, document)
  for (const field of parts) {
    const found = keysOf(field).find((key) => holds(document, at, key))
    if (found !== undefined) at = [...at, found]
    else if (!flattened.has(field)) return at
  }
  return at
}

function serverOrigin([, ...names]: readonly string[], document: unknown): DocumentPath {
  for (const list of ['rest_servers', 'mcp_servers']) {
    const entries = valueAt(document, [list])
    if (!Array.isArray(entries)) continue
    const index = entries.findIndex((entry: unknown) => names.includes(String(valueAt(entry, ['name']))))
    if (index >= 0) return [list, index]
  }
  return []
}

function keysOf(field: string): (string | number)[] {
  const index = /^\d+$/.test(field) ? [Number(field)] : []
  return [...index, toWireName(field), field, ...(otherKeys[field] ?? [])]
}

function holds(document: unknown, at: DocumentPath, key: string | number): boolean {
  const value = valueAt(document, at)
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
}

function valueAt(value: unknown, at: DocumentPath): unknown {
  let current = value
  for (const part of at) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined
    // An own key, as just asked.
    current = (current as { [key: string | number]: unknown })[part]
  }
  return current
}
