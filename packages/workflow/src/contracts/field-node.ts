import { ParleyError, type JsonSchema } from '@parley/spec'
import type { CheckRun } from './check-run.ts'

export type NodeKind =
  | 'str'
  | 'int'
  | 'float'
  | 'bool'
  | 'list'
  | 'optional'
  | 'object'
  | 'json'
  | 'contract'
  | 'extended'

/** Most levels of nesting of one schema. */
export const MAX_SCHEMA_DEPTH = 32

/** What is particular to a node. */
interface NodeParts {
  kind: NodeKind
  token: string
  check: (value: unknown, run: CheckRun) => unknown
  toJson: () => JsonSchema
  /** @default none */
  children?: ReadonlyMap<string, FieldNode>
  identity?: unknown
  /** @default whether a child has any */
  hasValidators?: boolean
  /** @default whether all children are */
  isPlain?: boolean
  /** @default one more than the deepest child */
  depth?: number
  /** @default never */
  takesAbsent?: () => boolean
}

/** A compiled piece of a schema. */
export class FieldNode {
  readonly kind: NodeKind
  /** Its type, as faults show it, such as `list[str]`. */
  readonly token: string
  /** Levels of nesting, from 1. */
  readonly depth: number
  /** Whether any field has validators. */
  readonly hasValidators: boolean
  /** Whether `toJson` says all there is, but for validators. */
  readonly isPlain: boolean
  /** Fields of an object, item of a list, inside of an optional. */
  readonly children: ReadonlyMap<string, FieldNode>
  /** What else two nodes must share to be equal. */
  readonly identity: unknown
  /** Title, description, default and the like; they check nothing. */
  readonly annotations: JsonSchema
  /** Whether the field may be absent. */
  readonly takesAbsent: () => boolean
  /** Checks a value and gives the output: the same value unless a foreign schema made another; `Pending` when later. */
  readonly check: (value: unknown, run: CheckRun) => unknown
  /** Without the annotations. */
  readonly toJson: () => JsonSchema

  /** @throws {ParleyError} `schema_unsupported` when it is nested deeper than 32 levels */
  constructor(parts: NodeParts, annotations: JsonSchema = {}) {
    const { children = new Map<string, FieldNode>(), hasValidators = false, isPlain = true } = parts
    const inner = [...children.values()]
    this.kind = parts.kind
    this.token = parts.token
    this.depth = parts.depth ?? 1 + Math.max(0, ...inner.map((child) => child.depth))
    this.hasValidators = hasValidators || inner.some((child) => child.hasValidators)
    this.isPlain = isPlain && inner.every((child) => child.isPlain)
    this.children = children
    this.identity = parts.identity
    this.annotations = annotations
    this.takesAbsent = parts.takesAbsent ?? (() => false)
    this.check = parts.check
    this.toJson = parts.toJson
    if (this.depth > MAX_SCHEMA_DEPTH) throw tooDeep()
  }
}

/** The refusal of what is nested too deep, or in itself. */
export function tooDeep(): ParleyError {
  return new ParleyError({
    code: 'schema_unsupported',
    message: `A schema is nested deeper than ${MAX_SCHEMA_DEPTH} levels, or contains itself. Make it flatter.`,
    details: { limit: 'depth', max: MAX_SCHEMA_DEPTH },
  })
}

/** The same node with a title, a description and the like. */
export function annotate(node: FieldNode, annotations: JsonSchema): FieldNode {
  if (Object.keys(annotations).length === 0) return node
  return new FieldNode(node, { ...node.annotations, ...annotations })
}

/** The JSON Schema of a node, annotations included. */
export function nodeToJson(node: FieldNode): JsonSchema {
  return { ...node.toJson(), ...node.annotations }
}

/** Whether two nodes ask for the same, validators and annotations aside. */
export function isSameNode(one: FieldNode, other: FieldNode): boolean {
  if (one === other) return true
  if (one.kind !== other.kind || one.identity !== other.identity) return false
  if (one.children.size !== other.children.size) return false
  for (const [key, child] of one.children) {
    const match = other.children.get(key)
    if (match === undefined || !isSameNode(child, match)) return false
  }
  return true
}
