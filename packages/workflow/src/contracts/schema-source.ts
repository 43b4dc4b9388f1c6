import type { Contract } from '@parley/spec'
import type { FieldNode } from './field-node.ts'
import type { ObjectField } from './object-node.ts'

/** What a `Schema` is made of when it is not written as fields: another schema, a JSON Schema, an extension. */
export class SchemaSource<Output = unknown> {
  readonly node: FieldNode
  /** Of objects, which can be extended. */
  readonly fields: ReadonlyMap<string, ObjectField> | undefined
  /** Of `Schema.from`: the contract, and the fields that were added to it. */
  readonly foreign: { contract: Contract; added: ReadonlyMap<string, ObjectField> } | undefined
  /** For the compiler only. */
  declare readonly '~output'?: Output

  constructor(node: FieldNode, fields?: SchemaSource['fields'], foreign?: SchemaSource['foreign']) {
    this.node = node
    this.fields = fields
    this.foreign = foreign
  }
}
