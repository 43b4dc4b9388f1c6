import type { Json } from '@parley/spec'

/** Steps into data, the root's name first: `results.found.lines[0].id`. */
export type DataPath = readonly (string | number)[]

/** What templates and conditions may read. */
export interface Roots {
  slots: Record<string, Json>
  results: Record<string, Json>
  /** The payload of the last handoff to this agent. */
  payload: Record<string, Json>
  /** The last handoff to this agent: `from`, `fromName`, `reason`, `summary`, `payload` and the payload's own fields. */
  context: Record<string, Json>
  /** The sentence the agent is working on. */
  words: string
  /** The agent's id. */
  agent: string
}

/** Names of the roots. */
export const rootNames: readonly (keyof Roots)[] = ['slots', 'results', 'payload', 'context', 'words', 'agent']

const pathPattern = /^[\p{L}_][\p{L}\p{N}_-]*(?:\.[\p{L}\p{N}_-]+|\[\d+\])*$/u
const refused = new Set(['__proto__', 'prototype', 'constructor'])

/** Reads a path, or gives nothing when the text is none. */
export function parsePath(text: string): DataPath | undefined {
  if (!pathPattern.test(text)) return undefined
  const steps = text.split(/\.|\[|\]/u).filter((step) => step !== '')
  if (steps.some((step) => refused.has(step))) return undefined
  return steps.map((step) => (/^\d+$/u.test(step) ? Number(step) : step))
}

/** The path as it is written. */
export function formatPath(path: DataPath): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('')
}

/** Follows own keys only; nothing when a step is missing or the value is null. */
export function readPath(roots: Roots, path: DataPath): Json | undefined {
  let current: unknown = roots
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined
    // Own property, just checked; what comes out is looked at as unknown again.
    current = (current as Record<string | number, unknown>)[step]
  }
  // Everything below the roots is JSON: slots, parsed tool results and a parsed handoff note.
  return current === null ? undefined : (current as Json | undefined)
}
