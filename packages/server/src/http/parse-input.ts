import { fromWire, nearestName, ParleyError, toWireName, type Json } from '@parley/spec'
import type { z } from 'zod'

const maxDepth = 64

/**
 * Reads the JSON body of a request with the names that code uses.
 * @throws {ParleyError} `body_invalid` for a wrong type, broken JSON or JSON nested over 64 levels, `body_too_large`
 */
export async function readJsonBody(request: Request, maxBytes: number): Promise<unknown> {
  const type = request.headers.get('content-type') ?? ''
  const text = new TextDecoder().decode(await readBytes(request, maxBytes))
  if (text === '') return {}
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
    throw new ParleyError({
      code: 'body_invalid',
      message: 'The body must be JSON: set the header content-type to application/json.',
      details: { path: 'content-type', expected: 'application/json' },
    })
  }
  return parseWireJson(text)
}

/**
 * Parses JSON from the wire, with the names that code uses.
 * @throws {ParleyError} `body_invalid`
 */
export function parseWireJson(text: string): Json {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new ParleyError({
      code: 'body_invalid',
      message: 'The JSON cannot be read: it is cut off or has a syntax error.',
      details: { path: '', expected: 'JSON' },
      cause,
    })
  }
  if (isDeeper(parsed, maxDepth)) {
    throw new ParleyError({
      code: 'body_invalid',
      message: `The JSON is nested over ${maxDepth} levels deep.`,
      details: { path: '', expected: `at most ${maxDepth} levels` },
    })
  }
  return fromWire(parsed)
}

/**
 * Checks input from the wire against a schema.
 * @throws {ParleyError} `invalid_options` with one entry per wrong field, as the wire names it
 */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  known: readonly string[] = [],
): z.infer<Schema> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const violations = result.error.issues.flatMap((issue) => toViolations(issue, known))
  const first = violations[0] ?? { path: '', message: 'is not valid' }
  throw new ParleyError({
    code: 'invalid_options',
    message: first.path === '' ? `The input ${first.message}.` : `${first.path} ${first.message}.`,
    details: { path: first.path, expected: first.message, violations },
  })
}

function toViolations(issue: z.core.$ZodIssue, known: readonly string[]): { path: string; message: string }[] {
  const path = issue.path.map((part) => (typeof part === 'string' ? toWireName(part) : String(part))).join('.')
  if (issue.code !== 'unrecognized_keys') return [{ path, message: sentenceOf(issue) }]
  return issue.keys.map((key) => {
    const nearest = nearestName(key, known)
    const name = toWireName(key)
    return {
      path: path === '' ? name : `${path}.${name}`,
      message:
        nearest === undefined ? 'is not a known field' : `is not a known field; did you mean ${toWireName(nearest)}`,
    }
  })
}

function sentenceOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `must be ${issue.expected}`
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'too_big') return `must ${amountOf(issue.origin, 'at most', issue.maximum)}`
  if (issue.code === 'too_small') return `must ${amountOf(issue.origin, 'at least', issue.minimum)}`
  return `is not valid: ${issue.message}`
}

function amountOf(origin: string, bound: 'at most' | 'at least', amount: number | bigint): string {
  if (origin === 'string') return `have ${bound} ${amount} character${amount === 1 ? '' : 's'}`
  return origin === 'array' || origin === 'set'
    ? `have ${bound} ${amount} entr${amount === 1 ? 'y' : 'ies'}`
    : `be ${bound} ${amount}`
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const refuse = (): never => {
    throw new ParleyError({
      code: 'body_too_large',
      message: `The body is larger than ${maxBytes} bytes.`,
      details: { maxBytes },
    })
  }
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) refuse()
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  // Counted while reading, because a length may be missing or a lie.
  for await (const chunk of request.body) {
    size += chunk.byteLength
    if (size > maxBytes) refuse()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  return Object.values(value).some((entry) => isDeeper(entry, levels - 1))
}
