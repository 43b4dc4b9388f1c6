import type { Json } from '@parley/spec'
import { fieldsOf } from '../shared/read-event.ts'

/** One field of a contract, as a form asks for it. */
export interface ContractField {
  name: string
  kind: 'text' | 'long' | 'number' | 'choice' | 'fixed' | 'list'
  isRequired: boolean
  description: string
  choices: readonly string[]
  /** Of a fixed field. */
  value?: Json
}

/** The fields of a contract's JSON Schema, required ones first. Pure. */
export function contractFields(schema: Json | undefined): ContractField[] {
  const { properties, required } = fieldsOf(schema)
  const needed = Array.isArray(required) ? required : []
  return Object.entries(fieldsOf(properties))
    .map(([name, property]) => toField(name, fieldsOf(property), needed.includes(name)))
    .toSorted((one, other) => Number(other.isRequired) - Number(one.isRequired))
}

/** What a form begins with: fixed values, then what is known already. */
export function prefill(
  fields: readonly ContractField[],
  ...known: readonly (Json | undefined)[]
): Record<string, string> {
  const values: Record<string, string> = {}
  for (const { name, kind, value } of fields) {
    const found =
      kind === 'fixed'
        ? value
        : known.map((source) => fieldsOf(source)[name]).find((entry) => entry !== undefined && entry !== null)
    if (found !== undefined && found !== null)
      values[name] = Array.isArray(found)
        ? found.map(String).join('\n')
        : typeof found === 'object'
          ? JSON.stringify(found)
          : String(found)
  }
  return values
}

/** The payload that a filled form stands for. Empty fields are left out. */
export function toPayload(
  fields: readonly ContractField[],
  values: Readonly<Record<string, string>>,
): { [name: string]: Json } {
  const payload: { [name: string]: Json } = {}
  for (const { name, kind, value } of fields) {
    const text = values[name]?.trim() ?? ''
    if (kind === 'fixed' && value !== undefined) payload[name] = value
    else if (kind === 'list') payload[name] = text === '' ? [] : text.split('\n').map((line) => line.trim())
    else if (text !== '') payload[name] = kind === 'number' ? Number(text) : text
  }
  return payload
}

function toField(name: string, property: Record<string, Json>, isRequired: boolean): ContractField {
  const { type, enum: choices, const: fixed, description, maxLength } = property
  const shared = { name, isRequired, description: typeof description === 'string' ? description : '', choices: [] }
  if (fixed !== undefined) return { ...shared, kind: 'fixed', value: fixed }
  if (Array.isArray(choices)) return { ...shared, kind: 'choice', choices: choices.map(String) }
  if (type === 'integer' || type === 'number') return { ...shared, kind: 'number' }
  if (type === 'array') return { ...shared, kind: 'list' }
  return { ...shared, kind: typeof maxLength === 'number' && maxLength > 200 ? 'long' : 'text' }
}
