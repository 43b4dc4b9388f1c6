import { ParleyError, toJsonSchema, type Contract, type JsonSchema } from '@parley/spec'
import { z } from 'zod'
import { Pending, type CheckRun } from './check-run.ts'
import { FieldNode, nodeToJson } from './field-node.ts'
import { standardFaults } from './standard-faults.ts'
import type { StandardResult } from './standard-schema.ts'

/** A field whose contract is any schema of the Standard Schema family. Its output replaces the value. */
export function contractNode(contract: Contract): FieldNode {
  return new FieldNode({
    kind: 'contract',
    token: 'valid',
    identity: contract,
    isPlain: false,
    takesAbsent: () => contract instanceof z.ZodType && takesUndefined(contract),
    check: (value, run) => {
      let result: StandardResult<unknown> | Promise<StandardResult<unknown>>
      try {
        result = contract['~standard'].validate(value)
      } catch (thrown) {
        run.broken('contract', thrown)
        return value
      }
      return takeResult(contract, value, result, run)
    },
    toJson: () => contractToJson(contract),
  })
}

/** Reads what a foreign schema said: its output, or `Pending` where it says so later; faults go to the run. */
export function takeResult(
  contract: Contract,
  value: unknown,
  result: StandardResult<unknown> | Promise<StandardResult<unknown>>,
  run: CheckRun,
): unknown {
  if (!(result instanceof Promise)) return readResult(contract, value, result, run)
  return run.wait('contract', result, (later, inner) => readResult(contract, value, later, inner))
}

function readResult(contract: Contract, value: unknown, result: StandardResult<unknown>, run: CheckRun): unknown {
  if (result.issues === undefined) return result.value
  for (const { expected, value: at, message, path } of standardFaults(contract, value, result.issues)) {
    run.fault(expected, at, message, path)
  }
  return value
}

function takesUndefined(contract: z.ZodType): boolean {
  const shape = z.object({ field: contract })
  const schema = z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' })
  return schema.required?.includes('field') !== true
}

/** @throws {ParleyError} `schema_unsupported` when the family has no JSON Schema */
function contractToJson(contract: Contract): JsonSchema {
  try {
    return toJsonSchema(contract)
  } catch (cause) {
    throw new ParleyError({
      code: 'schema_unsupported',
      message: `A schema of ${contract['~standard'].vendor} cannot be written as JSON Schema. Use zod or Schema for this field.`,
      details: { vendor: contract['~standard'].vendor },
      cause,
    })
  }
}

/**
 * A zod object with some fields taken over by a node of ours; the rest of it stays as it is.
 * @throws {ParleyError} `schema_unsupported` when the contract is no zod object, or refuses to be extended
 */
export function extendedNode(contract: Contract, fields: FieldNode): FieldNode {
  const base = contractNode(openKeys(contract, [...fields.children.keys()]))
  return new FieldNode({
    kind: 'extended',
    token: 'object',
    children: new Map([
      ['base', contractNode(contract)],
      ['fields', fields],
    ]),
    isPlain: false,
    check: (value, run) => {
      const faults = run.faultCount
      const result = base.check(value, run)
      if (result instanceof Pending) return result.map((later, inner) => fields.check(later, inner))
      return run.faultCount === faults ? fields.check(result, run) : value
    },
    toJson: () => mergeObjects(base.toJson(), nodeToJson(fields)),
  })
}

function openKeys(contract: Contract, keys: readonly string[]): Contract {
  if (!(contract instanceof z.ZodObject)) {
    throw new ParleyError({
      code: 'schema_unsupported',
      message: `Only objects of fields can be extended; this contract is of ${contract['~standard'].vendor} and is no zod object. Extend it in its own way, then pass it to Schema.from.`,
      details: { vendor: contract['~standard'].vendor },
    })
  }
  const open = Object.fromEntries(keys.map((key) => [key, z.unknown().optional()]))
  try {
    return contract.extend(open)
  } catch (cause) {
    throw new ParleyError({
      code: 'schema_unsupported',
      message: 'This zod object has refinements over fields that would be replaced. Extend it with zod instead.',
      details: { keys: [...keys] },
      cause,
    })
  }
}

function mergeObjects(base: JsonSchema, own: JsonSchema): JsonSchema {
  const required = [...listOf(base['required']), ...listOf(own['required'])]
  return {
    ...base,
    properties: { ...asObject(base['properties']), ...asObject(own['properties']) },
    ...(required.length === 0 ? {} : { required }),
  }
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function asObject(value: JsonSchema[string] | undefined): JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
