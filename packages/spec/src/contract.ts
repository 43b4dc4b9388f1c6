import type { StandardSchemaV1 } from '@standard-schema/spec'
import { z } from 'zod'
import type { JsonSchema } from './json.ts'
import { ParleyError } from './parley-error.ts'

/** Any schema of the Standard Schema family: zod, valibot, arktype ... @see https://standardschema.dev */
export type StandardSchema<Output = unknown> = StandardSchemaV1<unknown, Output> | StandardSchemaV1<never, Output>

/** A schema a payload must satisfy before a step, a tool or a handoff accepts it. */
export type Contract<Output = unknown> = StandardSchema<Output>

/** The parsed type of a contract. */
export type ContractOutput<C extends Contract> = C extends StandardSchemaV1<infer _In, infer Out> ? Out : never

/** One fault of a value: where, and what is wrong with it. */
export interface Violation {
  /** Dotted path of the field; empty for the value itself. */
  path: string
  message: string
}

export type Checked<Output> = { ok: true; value: Output } | { ok: false; violations: Violation[] }

/** Validates a value by a contract; the parsed value (defaults, transforms) comes back, or every fault. */
export function checkContract<Output>(
  contract: Contract<Output>,
  value: unknown,
): Checked<Output> | Promise<Checked<Output>> {
  const result = contract['~standard'].validate(value)
  return result instanceof Promise ? result.then(toChecked) : toChecked(result)
}

function toChecked<Output>(result: StandardSchemaV1.Result<Output>): Checked<Output> {
  if (result.issues === undefined) return { ok: true, value: result.value }
  const violations = result.issues.map((issue) => ({
    path: (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
    message: issue.message,
  }))
  return { ok: false, violations }
}

/**
 * The JSON Schema of a contract: its own (`jsonSchema`), else that of a zod schema.
 * @throws {ParleyError} `tool_schema_unsupported` when neither can be had
 */
export function toJsonSchema(contract: Contract, jsonSchema?: JsonSchema): JsonSchema {
  if (jsonSchema !== undefined) return jsonSchema
  if (contract instanceof z.ZodType) {
    const schema = z.toJSONSchema(contract, { io: 'input', unrepresentable: 'any' })
    delete schema.$schema
    // zod's JSON Schema is plain JSON data; its type says more than ours.
    return schema as JsonSchema
  }
  throw new ParleyError({
    code: 'tool_schema_unsupported',
    message: `A schema of ${contract['~standard'].vendor} has no JSON Schema of its own. Pass jsonSchema beside it.`,
    details: { vendor: contract['~standard'].vendor },
  })
}
