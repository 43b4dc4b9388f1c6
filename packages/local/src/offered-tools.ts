import type { ChatRequest, Json, JsonSchema } from '@parley/spec'
import { isMap } from './internal-note.ts'

/** A tool of this turn, as far as the rules need to know it. */
export interface OfferedTool {
  parameters: JsonSchema
  /** Targets a handoff may name; absent when any may be. */
  targets?: readonly Json[]
}

/** The tools that may be called now, `toolChoice` respected. */
export function offeredTools({ tools = [], toolChoice = 'auto' }: ChatRequest): Map<string, OfferedTool> {
  const allowed = tools.filter(({ name }) => {
    if (toolChoice === 'none') return false
    return typeof toolChoice === 'string' || toolChoice.name === name
  })
  return new Map(
    allowed.map(({ name, parameters }) => {
      const targets = targetsOf(parameters)
      return [name, { parameters, ...(targets ? { targets } : {}) }]
    }),
  )
}

/** Arguments without the keys that a closed schema of the tool does not know. */
export function toCallArguments(tool: OfferedTool | undefined, args: Record<string, Json>): Record<string, Json> {
  const properties = tool?.parameters['properties']
  if (!isMap(properties) || tool?.parameters['additionalProperties'] !== false) return args
  return Object.fromEntries(Object.entries(args).filter(([key]) => Object.hasOwn(properties, key)))
}

/** The targets that a handoff tool lists. */
export function targetsOf(parameters: JsonSchema): readonly Json[] | undefined {
  const { properties } = parameters
  const target = isMap(properties) ? properties['target'] : undefined
  if (!isMap(target)) return undefined
  if (Array.isArray(target['enum'])) return target['enum']
  return target['const'] === undefined ? undefined : [target['const']]
}
