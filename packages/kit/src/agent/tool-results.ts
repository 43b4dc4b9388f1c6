import { ToolOutcome, type ContentPart, type Json, type ParleyError, type ToolResult } from '@parley/spec'
import { toJson } from './canonical-json.ts'
import { utf8Bytes } from './token-estimate.ts'

/** What a call gave, before it is put into words for the model. */
export interface CallValue {
  value?: Json
  media?: ContentPart[]
  error?: { code: string; message: string; details?: Json }
}

/** A call's error as the model reads it. */
export function callError(code: string, message: string, details?: Json): CallValue {
  return { error: { code, message, ...(details === undefined ? {} : { details }) } }
}

/** What a tool threw, without foreign text. */
export function thrownError(error: ParleyError): CallValue {
  return callError(error.code, error.message)
}

/** What a tool returned, as JSON; undefined when it is none. */
export function toCallValue(returned: unknown): CallValue | undefined {
  if (returned instanceof ToolOutcome) return fromToolResult(returned.result)
  const value = toJson(returned)
  return value === undefined ? undefined : { value }
}

/** The result as text for the model. */
export function resultText({ value, error }: CallValue): string {
  if (error !== undefined) return JSON.stringify({ error })
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}

/** A large text as its head, with the mark that tells how to read on. */
export function cutResult(text: string, limitBytes: number, resultId: string | undefined): string {
  const how =
    resultId === undefined
      ? 'The rest was not kept.'
      : `Read on with read_stored_result { "id": "${resultId}", "offset": OFFSET }.`
  const budget = Math.max(0, limitBytes - 256)
  const head = headOf(text, budget)
  return `${head}\n[Cut after ${head.length} of ${text.length} characters. ${how.replace('OFFSET', String(head.length))}]`
}

/** The longest beginning of a text within a number of bytes; no character is broken. */
export function headOf(text: string, limitBytes: number): string {
  if (utf8Bytes(text) <= limitBytes) return text
  let end = Math.min(text.length, limitBytes)
  while (end > 0 && utf8Bytes(text.slice(0, end)) > limitBytes) end = Math.floor(end * 0.9)
  const last = text.charCodeAt(end - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? end - 1 : end)
}

/** Replaces texts that only the tool may know. */
export function withoutSecrets<T extends Json>(value: T, secrets: readonly string[], mask: string): T {
  if (secrets.length === 0) return value
  const hide = (inner: Json): Json => {
    if (typeof inner === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, mask), inner)
    if (typeof inner === 'number') return secrets.includes(String(inner)) ? mask : inner
    if (Array.isArray(inner)) return inner.map(hide)
    if (typeof inner !== 'object' || inner === null) return inner
    return Object.fromEntries(Object.entries(inner).map(([key, entry]) => [key, hide(entry)]))
  }
  // Only strings and numbers inside are changed; the shape stays.
  return hide(value) as T
}

function fromToolResult(result: ToolResult): CallValue {
  if (!result.ok) return callError(result.error.code, result.error.message)
  if ('pending' in result) return { value: { status: 'pending', requestId: result.requestId } }
  return { value: result.value, ...(result.media === undefined ? {} : { media: result.media }) }
}
