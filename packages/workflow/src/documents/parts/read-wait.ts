import type { JsonSchema, WaitSpec } from '@parley/spec'
import { z } from 'zod'
import type { DocumentPath, DocumentProblems } from '../document-problems.ts'
import { readShape } from '../read-shape.ts'
import { camelFields } from '../wire-fields.ts'

const ends = {
  timeout: z.number().gt(0).optional(),
  on_timeout: z.enum(['reject', 'default', 'fail']).optional(),
  default: z.json().optional(),
}
const schema = z.record(z.string(), z.json()).optional()

const shapes = {
  approval: z.strictObject({
    ...ends,
    type: z.literal('approval'),
    schema,
    approvers: z.array(z.string().min(1)).optional(),
    show: z.string().optional(),
  }),
  event: z.strictObject({
    ...ends,
    type: z.literal('event'),
    name: z.string().min(1),
    match: z.json().optional(),
    schema,
  }),
  timer: z.strictObject({
    ...ends,
    type: z.literal('timer'),
    ms: z.number().int().min(0).optional(),
    at: z.iso.datetime({ offset: true }).optional(),
  }),
}

/** Fields of a wait that may stand on the step itself where `wait` is only its type. */
export const waitFields: readonly string[] = [
  ...new Set(Object.values(shapes).flatMap((shape) => Object.keys(shape.shape))),
].filter((field) => field !== 'type' && field !== 'name')

/** Where a wait and its type stand in the document. */
export interface WaitPlace {
  at: DocumentPath
  typeAt: DocumentPath
}

/** Reads a pause of the run. */
export function readWait(value: unknown, { at, typeAt }: WaitPlace, problems: DocumentProblems): WaitSpec | undefined {
  const { type } = readShape(z.looseObject({ type: z.unknown() }), value, at, problems) ?? {}
  const known = readShape(z.enum(['approval', 'event', 'timer']), type, typeAt, problems)
  if (known === undefined) return undefined
  const read = readShape(shapes[known], value, at, problems)
  if (read === undefined) return undefined
  // One instant has one form, whatever time zone it is written in.
  const instant = 'at' in read && read.at !== undefined ? { at: new Date(read.at).toISOString() } : {}
  // What the shape of this type has read; JSON Schema is an object of JSON.
  return { onTimeout: 'reject', ...(camelFields(read) as { type: 'approval'; schema?: JsonSchema }), ...instant }
}
