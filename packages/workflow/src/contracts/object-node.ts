import { ParleyError, type Json, type JsonSchema } from '@parley/spec'
import { Pending, type CheckRun } from './check-run.ts'
import { UNDECLARED_KEY } from './fault-path.ts'
import { FieldNode, nodeToJson } from './field-node.ts'
import type { Validator } from './validator.ts'

/** One field of an object. */
export interface ObjectField {
  readonly node: FieldNode
  readonly validators: readonly Validator[]
}

interface Entry {
  readonly key: string
  readonly check: FieldNode['check']
  readonly validators: readonly Validator[] | undefined
  /** Whether every object has something of this name without having the field. */
  readonly isInherited: boolean
}

const refusedKeys = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * An object of named fields. Keys that are not declared are kept, or refused where `strict`.
 * @throws {ParleyError} `schema_unsupported` for a field named `__proto__`, `constructor` or `prototype`
 */
export function objectNode(fields: ReadonlyMap<string, ObjectField>, strict: boolean): FieldNode {
  for (const key of fields.keys()) checkFieldName(key)
  const entries: Entry[] = [...fields].map(([key, { node, validators }]) => ({
    key,
    check: node.check,
    validators: validators.length === 0 ? undefined : validators,
    isInherited: key in Object.prototype,
  }))
  const children = new Map([...fields].map(([key, { node }]) => [key, node]))
  return new FieldNode({
    kind: 'object',
    token: 'object',
    children,
    identity: strict,
    hasValidators: [...fields.values()].some(({ validators }) => validators.length > 0),
    check: (value, run) => {
      if (!isRecord(value)) {
        run.fault('object', value)
        return value
      }
      const output = checkEntries(value, entries, run)
      if (strict) refuseOthers(value, fields, run)
      return output
    },
    toJson: () => objectToJson(children, strict),
  })
}

/** @throws {ParleyError} `schema_unsupported` for a name that leads to a prototype */
export function checkFieldName(key: string): void {
  if (!refusedKeys.has(key)) return
  throw new ParleyError({
    code: 'schema_unsupported',
    message: `A field may not be named "${key}": the name leads to the prototype of objects. Choose another.`,
    details: { field: key },
  })
}

/** Whether a value is an object with keys, not a list. */
export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function checkEntries(value: { readonly [key: string]: unknown }, entries: readonly Entry[], run: CheckRun): unknown {
  let output: { [key: string]: unknown } | undefined
  let waits: Pending[] | undefined
  const faultsBefore = run.faultCount
  for (const { key, check, validators, isInherited } of entries) {
    const raw = isInherited && !Object.hasOwn(value, key) ? undefined : value[key]
    const since = run.size
    const faults = run.faultCount
    const result = check(raw, run)
    if (result instanceof Pending) {
      output ??= { ...value }
      const target = output
      waits ??= []
      waits.push(
        result.map((later, inner) => {
          if (later !== undefined || raw !== undefined) target[key] = later
          if (validators !== undefined) inner.validate(validators, later)
          return later
        }),
      )
    } else {
      if (result !== raw) {
        output ??= { ...value }
        output[key] = result
      }
      if (validators !== undefined && run.faultCount === faults) run.validate(validators, result)
    }
    if (run.size !== since) run.under(key, since)
  }
  if (waits === undefined) return output ?? value
  return run.waitForAll(waits, output, run.faultCount > faultsBefore)
}

function refuseOthers(
  value: { readonly [key: string]: unknown },
  fields: ReadonlyMap<string, unknown>,
  run: CheckRun,
): void {
  for (const key in value) {
    if (fields.has(key) || !Object.hasOwn(value, key)) continue
    // Which keys there are besides is somebody's data, so one fault stands for all.
    run.fault('absent', value[key], 'There are keys that the contract does not declare.', [UNDECLARED_KEY])
    return
  }
}

function objectToJson(children: ReadonlyMap<string, FieldNode>, strict: boolean): JsonSchema {
  const properties: { [key: string]: Json } = {}
  const required: string[] = []
  for (const [key, child] of children) {
    properties[key] = nodeToJson(child)
    if (!child.takesAbsent()) required.push(key)
  }
  return {
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
    ...(strict ? { additionalProperties: false } : {}),
  }
}
