import type { Json } from '@parley/spec'
import type { Scope } from '../state/scope.ts'
import { readableInput, readableState, type DataSources, type Frame } from './frame.ts'
import type { PreparedStep } from './prepare.ts'

/**
 * What a condition may look at: `input`, `steps`, `state`, `context`, `item`, and the bare names of nodes, all of it
 * through the scope of the step. Only what the condition names is gathered.
 */
export function conditionData(
  sources: DataSources,
  { condition, scope }: Pick<PreparedStep, 'condition' | 'scope'>,
): { [name: string]: unknown } {
  // Names come from documents: none of them may reach a prototype.
  const data = Object.create(null) as { [name: string]: unknown }
  for (const [root = ''] of condition?.references ?? []) {
    if (root in data) continue
    switch (root) {
      case 'input':
        data['input'] = readableInput(sources.input, scope)
        break
      case 'steps':
        data['steps'] = outputs(sources.frame, scope)
        break
      case 'state':
        data['state'] = readableState(sources.state, scope)
        break
      case 'context':
        data['context'] = { ...context(sources, scope), input: readableInput(sources.input, scope) }
        break
      case 'item':
        data['item'] = sources.item ?? null
        break
      default:
        data[root] =
          ownField(context(sources, scope), root) ?? ownField(readableInput(sources.input, scope), root) ?? null
    }
  }
  return data
}

function outputs(frame: Frame, scope: Scope): { [id: string]: { output: Json } } {
  const all: { [id: string]: { output: Json } } = frame.outer === undefined ? {} : outputs(frame.outer, scope)
  for (const [id, output] of frame.outputs) if (scope.canRead(id)) all[id] = { output }
  return all
}

function context({ frame, state }: DataSources, scope: Scope): { [key: string]: Json } {
  const all = readableState(state, scope)
  const layers: Frame[] = []
  for (let at: Frame | undefined = frame; at !== undefined; at = at.outer) layers.unshift(at)
  for (const layer of layers) for (const [key, value] of layer.context ?? []) if (scope.canRead(key)) all[key] = value
  return all
}

function ownField(value: Json, key: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.hasOwn(value, key) ? value[key] : undefined
}
