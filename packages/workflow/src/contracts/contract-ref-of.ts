import type { Contract, ContractRef } from '@parley/spec'
import { z } from 'zod'
import { nodeToJson } from './field-node.ts'
import { Schema } from './schema.ts'
import { zodToPlainSchema } from './zod-to-plain-schema.ts'

/**
 * How a definition names a contract: by its JSON Schema where that says all of it, else by `name`, version `1`, under
 * which the host registers it.
 */
export function contractRefOf(contract: Contract, name: string): ContractRef {
  if (contract instanceof Schema) {
    const node = contract['~node']
    if (node.isPlain && !node.hasValidators) return { schema: nodeToJson(node) }
  } else if (contract instanceof z.ZodType) {
    const schema = zodToPlainSchema(contract)
    if (schema !== undefined) return { schema }
  }
  return { name, version: '1' }
}
