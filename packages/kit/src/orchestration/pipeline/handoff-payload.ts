import { toJsonSchema } from '@parley/spec'
import type { ConversationState, HandoffContract, Json, JsonSchema } from '@parley/spec'
import type { HandoffRules } from '../handoff/handoff-rules.ts'
import type { ReachableTarget } from '../handoff/reachable-targets.ts'

/**
 * The payload of the last handoff, typed by the contract it was checked with; undefined when there was none.
 */
export function handoffPayload<Output>(
  state: ConversationState,
  _contract: HandoffContract<Output>,
): Output | undefined {
  // The handoff that stored it put the value there that this contract's schema gave.
  return state.context['payload'] as Output | undefined
}

/**
 * The schema of a tool's `payload`: the union of what reachable targets ask for, each field saying which target needs
 * it. Undefined when none has a contract.
 */
export function payloadSchema(rules: HandoffRules, targets: readonly ReachableTarget[]): JsonSchema | undefined {
  const properties: { [field: string]: Json } = {}
  let hasContract = false
  for (const { agentId, phases } of targets) {
    for (const phase of phases) {
      const contract = rules.contracts[phase]
      if (contract === undefined) continue
      hasContract = true
      addFields(properties, agentId, toJsonSchema(contract.schema, contract.jsonSchema))
    }
  }
  return hasContract
    ? { type: 'object', description: 'What the target needs before it takes over', properties }
    : undefined
}

function addFields(properties: { [field: string]: Json }, agentId: string, schema: JsonSchema): void {
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  for (const [name, field] of Object.entries(objectOf(schema['properties']))) {
    const known = objectOf(properties[name])
    const own = objectOf(field)
    const use = required.includes(name) ? `needed by ${agentId}` : `optional for ${agentId}`
    const before = typeof known['description'] === 'string' ? `${known['description']}; ${use}` : undefined
    const described = typeof own['description'] === 'string' ? `${own['description']} (${use})` : use
    properties[name] = { ...own, ...known, description: before ?? described }
  }
}

function objectOf(value: Json | undefined): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
