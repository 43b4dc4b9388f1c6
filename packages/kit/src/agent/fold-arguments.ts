import type { Json } from '@parley/spec'
import type { StepToolCall } from './step-output.ts'

/** Where arguments of a step's call may be taken from. */
export interface ArgumentSources {
  /** Results of earlier calls, by their id. */
  results: { readonly [callId: string]: Json }
  /** What the task was given. */
  inputs: { readonly [name: string]: Json }
}

/** Arguments of a call, or what is wrong with them. */
export type FoldedArguments = { ok: true; arguments: { [name: string]: Json } } | { ok: false; fault: string }

/** Merges a call's arguments: literal ones win over those from earlier results, these over inputs. */
export function foldArguments(call: StepToolCall, { results, inputs }: ArgumentSources): FoldedArguments {
  const literal = parseObject(call.literal_args)
  const planned = parseObject(call.planner_context_args)
  const given = parseObject(call.input_args)
  if (literal === undefined) return { ok: false, fault: 'literal_args is not a JSON object.' }
  if (planned === undefined) return { ok: false, fault: 'planner_context_args is not a JSON object.' }
  if (given === undefined) return { ok: false, fault: 'input_args is not a JSON object.' }
  const folded: { [name: string]: Json } = {}
  for (const [kind, references, source] of [
    ['input_args', given, inputs],
    ['planner_context_args', planned, results],
  ] as const) {
    for (const [argument, path] of Object.entries(references)) {
      const value = typeof path === 'string' ? valueAt(source, path) : undefined
      if (value === undefined) return { ok: false, fault: `${kind}.${argument} refers to nothing that is known.` }
      folded[argument] = value
    }
  }
  return { ok: true, arguments: { ...folded, ...literal } }
}

/** The value at a path such as `call_1.items[2].name`; own keys only. */
function valueAt(source: { readonly [key: string]: Json }, path: string): Json | undefined {
  const keys = path.match(/[^.[\]]+/g) ?? []
  let value: Json | undefined = { ...source }
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    // `hasOwn` above: arrays are read by index, objects by key.
    value = (value as { [key: string]: Json })[key]
  }
  return keys.length === 0 ? undefined : value
}

function parseObject(text: string): { [name: string]: Json } | undefined {
  try {
    // JSON.parse gives JSON and nothing else.
    const value = JSON.parse(text) as Json
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined // the caller names the argument
  }
}
