import { nearestName, type ErrorCode } from '@parley/spec'
import { z } from 'zod'
import type { DocumentPath, DocumentProblems } from './document-problems.ts'

/**
 * Reads a value by a shape. What is at fault is told, left out, and the rest is read again, so that one wrong field does
 * not hide the others.
 * @returns absent when nothing can be made of it
 */
export function readShape<Shape extends z.ZodType>(
  shape: Shape,
  value: unknown,
  at: DocumentPath,
  problems: DocumentProblems,
): z.output<Shape> | undefined {
  const first = shape.safeParse(value)
  if (first.success) return first.data
  for (const issue of first.error.issues) addIssue(issue, shape, at, problems)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const faulty = new Set(
    first.error.issues.flatMap((issue) =>
      issue.path.length === 0 && issue.code === 'unrecognized_keys' ? issue.keys : issue.path.slice(0, 1).map(String),
    ),
  )
  const rest = Object.fromEntries(Object.entries(value).filter(([key]) => !faulty.has(key)))
  const second = shape.safeParse(rest)
  return second.success ? second.data : undefined
}

function addIssue(issue: z.core.$ZodIssue, shape: z.ZodType, at: DocumentPath, problems: DocumentProblems): void {
  // What nobody will see need not be worded.
  if (problems.isFull) return
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(shapeAt(shape, path))
    for (const key of issue.keys) {
      if (problems.isFull) return
      problems.add({ code: 'document_invalid', at: [...at, ...path, key], ...unknownKey(key, known) })
    }
    return
  }
  problems.add({
    code: codeOf(issue),
    at: [...at, ...path],
    message: `${nameOf([...at, ...path])} cannot be read: ${issue.message}.`,
    fix: fixOf(issue),
  })
}

/** What is told of a key that nobody knows. */
export function unknownKey(key: string, known: readonly string[]): { message: string; fix: string } {
  const nearest = nearestName(key, known)
  return {
    message: `The key "${key}" is not known here.`,
    fix:
      nearest === undefined
        ? `Remove it. Known keys: ${known.toSorted((one, other) => one.localeCompare(other)).join(', ')}.`
        : `Did you mean "${nearest}"?`,
  }
}

function nameOf(path: DocumentPath): string {
  const last = path.at(-1)
  if (last === undefined) return 'The document'
  return typeof last === 'number' ? `Item ${last}` : `"${last}"`
}

function codeOf(issue: z.core.$ZodIssue): ErrorCode {
  const params: unknown = issue.code === 'custom' ? issue.params?.['code'] : undefined
  return params === 'budget_invalid' || params === 'limit_exceeded' ? params : 'document_invalid'
}

/** Types as people call them. */
const typeWords: ReadonlyMap<string, string> = new Map([
  ['string', 'text'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'an object'],
  ['record', 'an object'],
])

function fixOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `Give one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}.`
    case 'invalid_type':
      return `Give ${typeWords.get(issue.expected) ?? issue.expected}.`
    case 'too_small':
      return `Give at least ${String(issue.minimum)}.`
    case 'too_big':
      return `Give at most ${String(issue.maximum)}.`
    default:
      return 'Mend the value.'
  }
}

/** The shape of what stands at a path, as far as it is made of objects, lists and records. */
function shapeAt(shape: z.ZodType, path: DocumentPath): z.ZodType {
  let current: unknown = shape
  for (const part of path) {
    current = unwrap(current)
    if (current instanceof z.ZodObject) current = current.shape[String(part)]
    else if (current instanceof z.ZodArray) current = current.element
    else if (current instanceof z.ZodRecord) current = current.valueType
    else return z.unknown()
  }
  const found = unwrap(current)
  return found instanceof z.ZodType ? found : z.unknown()
}

function unwrap(shape: unknown): unknown {
  return shape instanceof z.ZodOptional || shape instanceof z.ZodDefault ? unwrap(shape.unwrap()) : shape
}

function knownKeys(shape: z.ZodType): string[] {
  return shape instanceof z.ZodObject ? Object.keys(shape.shape) : []
}
