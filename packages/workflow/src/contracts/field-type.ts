import { ParleyError, type Contract, type ContractOutput } from '@parley/spec'
import { contractNode } from './contract-node.ts'
import { FieldNode, MAX_SCHEMA_DEPTH, tooDeep } from './field-node.ts'
import { listNode } from './list-node.ts'
import { optionalNode } from './optional-node.ts'
import { boolNode, floatNode, intNode, strNode } from './primitive-nodes.ts'
import { isContract } from './standard-schema.ts'

/** The type of a field, as `t` makes it. */
export interface FieldType<Output = unknown> {
  readonly '~node': FieldNode
  /** For the compiler only. */
  readonly '~output'?: Output
}

/** A field that may be absent or null. */
export interface OptionalField<Output = unknown> extends FieldType<Output | null | undefined> {
  readonly '~optional': true
}

/** What a field of a schema may be: a type of `t`, a shorthand, `[X]` for a list of X, or any Standard Schema. */
export type Field =
  | FieldType
  | Contract
  | StringConstructor
  | NumberConstructor
  | BooleanConstructor
  | ArrayConstructor
  | readonly [Field]
  | readonly Field[]

/** Fields by name. */
export type Fields = { readonly [name: string]: Field }

/** The type of a field's value. */
export type FieldOutput<F> = F extends Contract
  ? ContractOutput<F>
  : F extends FieldType<infer Output>
    ? Output
    : F extends StringConstructor
      ? string
      : F extends NumberConstructor
        ? number
        : F extends BooleanConstructor
          ? boolean
          : F extends ArrayConstructor
            ? unknown[]
            : F extends readonly (infer Item)[]
              ? FieldOutput<Item>[]
              : never

type OptionalKeys<F> = { [K in keyof F]: F[K] extends OptionalField ? K : never }[keyof F]

/** The type of an object of fields. */
export type FieldsOutput<F> = { -readonly [K in Exclude<keyof F, OptionalKeys<F>>]: FieldOutput<F[K]> } & {
  -readonly [K in OptionalKeys<F>]?: FieldOutput<F[K]>
}

/** Types of fields. Nothing coerces. */
export interface FieldTypes {
  readonly str: FieldType<string>
  /** Refuses booleans and fractions. */
  readonly int: FieldType<number>
  /** Finite numbers, whole ones too. */
  readonly float: FieldType<number>
  readonly bool: FieldType<boolean>
  /** A list of anything. @throws {ParleyError} `schema_unsupported` for an item that is no type of a field */
  list(): FieldType<unknown[]>
  list<const F extends Field>(item: F): FieldType<FieldOutput<F>[]>
  /** Absent or null, else what is given. @throws {ParleyError} `schema_unsupported` */
  optional<const F extends Field>(field: F): OptionalField<FieldOutput<F>>
}

/** Makes the types of fields: `t.str t.int t.float t.bool t.list(X) t.optional(X)`. */
export const t: FieldTypes = {
  str: { '~node': strNode },
  int: { '~node': intNode },
  float: { '~node': floatNode },
  bool: { '~node': boolNode },
  list,
  optional: (field) => ({ '~node': optionalNode(toFieldNode(field, 'optional')), '~optional': true }),
}

function list(): FieldType<unknown[]>
function list<const F extends Field>(item: F): FieldType<FieldOutput<F>[]>
function list(...items: Field[]): FieldType<unknown[]> {
  if (items.length === 0) return { '~node': listNode() }
  return { '~node': listNode(toFieldNode(items[0], 'list')) }
}

/**
 * The node of what was written for a field.
 * @throws {ParleyError} `schema_unsupported` for tuples, unions and whatever is no type of a field
 */
export function toFieldNode(field: unknown, name: string, level = 0): FieldNode {
  if (level > MAX_SCHEMA_DEPTH) throw tooDeep()
  if (field === String) return strNode
  if (field === Number) return floatNode
  if (field === Boolean) return boolNode
  if (field === Array) return listNode()
  if (Array.isArray(field)) {
    if (field.length === 1) return listNode(toFieldNode(field[0], name, level + 1))
    throw unsupported(
      name,
      `is a list of ${field.length} types. Tuples and unions are not supported; write [X] for a list of X`,
    )
  }
  if (hasNode(field)) return field['~node']
  if (isContract(field)) return contractNode(field)
  throw unsupported(name, 'is no type of a field. Use t.str, String, [String], a Schema, or any Standard Schema')
}

function hasNode(value: unknown): value is FieldType {
  return typeof value === 'object' && value !== null && '~node' in value && value['~node'] instanceof FieldNode
}

function unsupported(name: string, why: string): ParleyError {
  return new ParleyError({
    code: 'schema_unsupported',
    message: `Field "${name}" ${why}.`,
    details: { field: name },
  })
}
