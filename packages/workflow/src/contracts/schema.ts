import { checkOptions, nearestName, ParleyError, type Contract, type JsonSchema } from '@parley/spec'
import { checkNode } from './check-node.ts'
import { CheckRun, Pending, type PlacedFault } from './check-run.ts'
import { contractNode, extendedNode } from './contract-node.ts'
import { annotate, isSameNode, nodeToJson, type FieldNode } from './field-node.ts'
import { toFieldNode, type Fields, type FieldsOutput } from './field-type.ts'
import { jsonSchemaNode } from './json-schema-node.ts'
import type { JsonSchemaOptions } from './json-schema-place.ts'
import { checkFieldName, objectNode, type ObjectField } from './object-node.ts'
import { SchemaSource } from './schema-source.ts'
import { requireContract, type StandardProps, type StandardResult } from './standard-schema.ts'
import { createValidationContext, type ValidationContext } from './validation-context.ts'
import type { Validator } from './validator.ts'

/** Options of a `Schema`. */
export interface SchemaOptions<F> {
  /** Checks beyond the type, by field. All of them run; `v.all` stops at its first failure. */
  validators?: { readonly [K in keyof F]?: readonly Validator[] }
  /** Whether keys that are not declared are refused; else they are kept. @default false */
  strict?: boolean
}

/** The type of a schema's value. */
export type SchemaOutput<F> = F extends SchemaSource<infer Output> ? Output : F extends Fields ? FieldsOutput<F> : never

/**
 * A contract of named fields; a Standard Schema itself. Nothing coerces.
 * @example new Schema({ name: t.str, score: t.optional(t.float) }, { validators: { score: [v.range({ min: 0, max: 1 })] } })
 */
export class Schema<F extends Fields | SchemaSource = Fields> {
  readonly '~standard': StandardProps<SchemaOutput<F>>
  readonly '~node': FieldNode
  readonly #source: SchemaSource
  #context: ValidationContext | undefined

  /**
   * @throws {ParleyError} `schema_unsupported` for what is no type of a field or is nested deeper than 32 levels;
   * `invalid_options` for validators of a field that is not there
   */
  constructor(fields: F, options: SchemaOptions<F> = {}) {
    checkOptions('Schema', options, ['validators', 'strict'])
    const given: Fields | SchemaSource = fields
    this.#source = given instanceof SchemaSource ? given : sourceOf(given, options)
    this['~node'] = this.#source.node
    this['~standard'] = {
      version: 1,
      vendor: 'parley',
      validate: (value) => this.#validate(value),
    }
  }

  /**
   * A schema of any Standard Schema: of a zod schema, say. It validates as before.
   * @throws {ParleyError} `invalid_options` when it is none
   */
  static from<Output>(contract: Contract<Output>): Schema<SchemaSource<Output>> {
    const checked = requireContract(contract, 'What is given to Schema.from')
    if (checked instanceof Schema) {
      const { node, fields, foreign } = checked.#source
      return new Schema(new SchemaSource<Output>(node, fields, foreign))
    }
    const foreign = { contract: checked, added: new Map<string, ObjectField>() }
    return new Schema(new SchemaSource<Output>(contractNode(checked), undefined, foreign))
  }

  /**
   * A schema that a JSON Schema describes.
   * @throws {ParleyError} `schema_unsupported` naming the keyword that is not supported
   */
  static fromJsonSchema(schema: JsonSchema, options: JsonSchemaOptions = {}): Schema<SchemaSource<unknown>> {
    checkOptions('Schema.fromJsonSchema', options, ['regexEngine'])
    const node = jsonSchemaNode(schema, options)
    return new Schema(new SchemaSource(node, fieldsOf(node)))
  }

  /**
   * A schema with more fields. A field of the same name takes the place of the earlier one and of its validators.
   * @throws {ParleyError} `schema_unsupported` when this is no schema of fields and no zod object
   */
  extend<const G extends Fields>(
    fields: G,
    options: Pick<SchemaOptions<G>, 'validators'> = {},
  ): Schema<SchemaSource<Omit<SchemaOutput<F>, keyof G> & FieldsOutput<G>>> {
    checkOptions('Schema.extend', options, ['validators'])
    const added = toFields(fields, options.validators ?? {})
    return new Schema(this.#extended(added))
  }

  #extended<Extended>(added: ReadonlyMap<string, ObjectField>): SchemaSource<Extended> {
    const { node, fields, foreign } = this.#source
    if (fields !== undefined) {
      const all = new Map([...fields, ...added])
      return new SchemaSource(annotate(objectNode(all, node.identity === true), node.annotations), all)
    }
    if (foreign !== undefined) {
      const all = new Map([...foreign.added, ...added])
      const extended = extendedNode(foreign.contract, objectNode(all, false))
      return new SchemaSource(extended, undefined, { contract: foreign.contract, added: all })
    }
    throw new ParleyError({
      code: 'schema_unsupported',
      message: 'Only a schema of fields can be extended. Write the fields that are needed as one new Schema.',
    })
  }

  /**
   * The JSON Schema of the types. Validators are not part of it; they run in this process only.
   * @throws {ParleyError} `schema_unsupported` for a field whose schema has no JSON Schema
   */
  toJsonSchema(): JsonSchema {
    return nodeToJson(this['~node'])
  }

  /** Whether another schema asks for the same types; validators, titles and descriptions are ignored. */
  equals(other: Pick<Schema, '~node'>): boolean {
    return isSameNode(this['~node'], other['~node'])
  }

  #validate(value: unknown): StandardResult<SchemaOutput<F>> | Promise<StandardResult<SchemaOutput<F>>> {
    this.#context ??= createValidationContext()
    const run = new CheckRun(this.#context)
    const output = checkNode(this['~node'], value, run)
    // The node has checked that the value is what the fields say.
    if (run.size === 0) return { value: output as SchemaOutput<F> }
    const faults = run.faults()
    return faults instanceof Promise ? faults.then((found) => toResult(output, found)) : toResult(output, faults)
  }
}

function toResult<Output>(
  output: unknown,
  faults: readonly PlacedFault[],
): StandardResult<Output> | Promise<StandardResult<Output>> {
  if (faults.length > 0) return { issues: faults.map(({ keys, fault }) => ({ message: fault.message, path: keys })) }
  // As in `#validate`: there were no faults.
  if (output instanceof Pending) return output.settled.then((value) => ({ value: value as Output }))
  return { value: output as Output }
}

function sourceOf(definitions: Fields, { validators = {}, strict = false }: SchemaOptions<Fields>): SchemaSource {
  const fields = toFields(definitions, validators)
  return new SchemaSource(objectNode(fields, strict), fields)
}

function toFields(
  fields: Fields,
  validators: NonNullable<SchemaOptions<Fields>['validators']>,
): Map<string, ObjectField> {
  const names = Object.keys(fields)
  for (const name of Object.keys(validators)) {
    if (names.includes(name)) continue
    const nearest = nearestName(name, names)
    throw new ParleyError({
      code: 'invalid_options',
      message: `There are validators for "${name}", which is no field.${nearest === undefined ? '' : ` Did you mean "${nearest}"?`}`,
      details: { path: `validators.${name}`, expected: names },
    })
  }
  return new Map(
    names.map((name) => {
      checkFieldName(name)
      const own = Object.hasOwn(validators, name) ? validators[name] : undefined
      return [name, { node: toFieldNode(fields[name], name), validators: [...(own ?? [])] }]
    }),
  )
}

function fieldsOf(node: FieldNode): ReadonlyMap<string, ObjectField> | undefined {
  if (node.kind !== 'object') return undefined
  return new Map([...node.children].map(([key, child]) => [key, { node: child, validators: [] }]))
}
