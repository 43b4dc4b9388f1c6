import { nearestName, ParleyError, type Contract, type ContractRef } from '@parley/spec'
import type { JsonSchemaOptions } from './json-schema-place.ts'
import { Schema } from './schema.ts'

/**
 * The contract that a definition names, ready to validate. Resolve once per definition: a JSON Schema is compiled.
 * @param contracts - those the host has registered, by name
 * @throws {ParleyError} `unknown_reference` for a name that is not registered; `schema_unsupported`
 */
export function resolveContract(
  ref: ContractRef,
  contracts: ReadonlyMap<string, Contract>,
  options: JsonSchemaOptions = {},
): Contract {
  if ('schema' in ref) return Schema.fromJsonSchema(ref.schema, options)
  const contract = contracts.get(ref.name)
  if (contract !== undefined) return contract
  const nearest = nearestName(ref.name, [...contracts.keys()])
  throw new ParleyError({
    code: 'unknown_reference',
    message: `No contract "${ref.name}" is registered.${nearest === undefined ? ' Register it with the engine.' : ` Did you mean "${nearest}"?`}`,
    details: { contract: ref.name },
  })
}
