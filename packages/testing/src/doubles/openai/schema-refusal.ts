import type { z } from 'zod'
import { badRequest, type VendorRefusal } from './refusal.ts'

/** Says what is wrong with the shape of a body in the vendor's words. */
export function toShapeRefusal(error: z.ZodError, value: unknown): VendorRefusal {
  const issue = deepest(error.issues[0])
  if (!issue) return badRequest('Invalid request body.', null)
  const path = toPath(issue.path)
  if (issue.code === 'unrecognized_keys') {
    const param = [path, issue.keys[0]].filter(Boolean).join('.')
    return badRequest(`Unknown parameter: '${param}'.`, param, 'unknown_parameter')
  }
  if (isAbsent(value, issue.path)) {
    return badRequest(`Missing required parameter: '${path}'.`, path, 'missing_required_parameter')
  }
  if (issue.code === 'invalid_type') {
    return badRequest(`Invalid type for '${path}': expected ${issue.expected}.`, path, 'invalid_type')
  }
  return badRequest(`Invalid value for '${path}'.`, path, 'invalid_value')
}

type Issue = z.core.$ZodIssue

/** Of a union, the fault of the member that came furthest. */
function deepest(issue: Issue | undefined): Issue | undefined {
  if (issue?.code !== 'invalid_union') return issue
  const candidates = issue.errors.flatMap((issues) => {
    const inner = deepest(issues[0])
    return inner ? [{ ...inner, path: [...issue.path, ...inner.path] }] : []
  })
  return candidates.toSorted((one, other) => other.path.length - one.path.length)[0] ?? issue
}

function toPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${String(key)}`))
    .join('')
}

function isAbsent(value: unknown, path: readonly PropertyKey[]): boolean {
  let current = value
  for (const key of path) {
    if (typeof current !== 'object' || current === null) return true
    current = (current as Record<PropertyKey, unknown>)[key]
  }
  return current === undefined
}

/** Checks names and schemas of tools. */
export function checkTools(
  tools: readonly { name: string; parameters?: Record<string, unknown> | null | undefined }[],
  pathOf: (index: number) => string,
): VendorRefusal | undefined {
  for (const [index, tool] of tools.entries()) {
    if (!/^[\w-]{1,64}$/.test(tool.name)) {
      return badRequest(
        `Invalid '${pathOf(index)}.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
        `${pathOf(index)}.name`,
        'invalid_value',
      )
    }
    if (tool.parameters && tool.parameters['type'] !== 'object') {
      return badRequest(
        `Invalid schema for function '${tool.name}': schema must be a JSON Schema of 'type: "object"'.`,
        `${pathOf(index)}.parameters`,
        'invalid_function_parameters',
      )
    }
  }
  return undefined
}

/** Checks a strict output schema: every object closed, every property required. */
export function checkFormatSchema(name: string, schema: unknown, param: string): VendorRefusal | undefined {
  const fault = strictFault(schema, [])
  return fault === undefined
    ? undefined
    : badRequest(`Invalid schema for response_format '${name}': ${fault}`, param, 'invalid_json_schema')
}

function strictFault(schema: unknown, context: string[]): string | undefined {
  if (Array.isArray(schema))
    return firstFault(
      schema.map((entry, index) => [`${index}`, entry] as const),
      context,
    )
  if (typeof schema !== 'object' || schema === null) return undefined
  const node = schema as Record<string, unknown>
  const { properties } = node
  const at = `In context=(${context.map((key) => `'${key}'`).join(', ')}),`
  if (node['type'] === 'object' || properties !== undefined) {
    if (node['additionalProperties'] !== false)
      return `${at} 'additionalProperties' is required to be supplied and to be false.`
    const required = Array.isArray(node['required']) ? node['required'] : []
    const missing = Object.keys(properties ?? {}).find((key) => !required.includes(key))
    if (missing !== undefined) {
      return `${at} 'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`
    }
    const inner = firstFault(Object.entries(properties ?? {}), [...context, 'properties'])
    if (inner !== undefined) return inner
  }
  const branches = ['items', 'anyOf', '$defs', 'definitions'].filter((key) => node[key] !== undefined)
  for (const key of branches) {
    const child = node[key]
    const isTable = key === '$defs' || key === 'definitions'
    const fault = isTable
      ? firstFault(Object.entries(child as Record<string, unknown>), [...context, key])
      : strictFault(child, [...context, key])
    if (fault !== undefined) return fault
  }
  return undefined
}

function firstFault(entries: readonly (readonly [string, unknown])[], context: string[]): string | undefined {
  for (const [key, child] of entries) {
    const fault = strictFault(child, [...context, key])
    if (fault !== undefined) return fault
  }
  return undefined
}
