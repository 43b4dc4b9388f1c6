import type { RagSpec } from '@parley/spec'
import { z } from 'zod'
import type { DocumentPath, DocumentProblems } from '../document-problems.ts'
import { readShape } from '../read-shape.ts'
import { camelFields } from '../wire-fields.ts'

/** Fields of a question for passages, on a step's `rag` and on a `rag_query` node. */
export const ragFields = {
  query: z.string().min(1),
  service: z.string().min(1).optional(),
  collection: z.string().min(1).optional(),
  top_k: z.number().int().min(1).default(5),
  source_ids: z.array(z.string()).optional(),
  match: z.json().optional(),
  keep_best: z.boolean().optional(),
  min_similarity: z.number().min(-1).max(1).optional(),
  store: z.enum(['results', 'content']).default('results'),
} as const

const ragShape = z.strictObject(ragFields)

/** Addresses, user info, `name=value` pairs and host:port: what a name of a service never looks like. */
const connectionString = /:\/\/|[@=;\s/\\]|^[\w.-]+:\d+$/

/** Reads a question for passages. */
export function readRag(value: unknown, at: DocumentPath, problems: DocumentProblems): RagSpec | undefined {
  const read = readShape(ragShape, value, at, problems)
  if (read === undefined) return undefined
  checkService(read.service, [...at, 'service'], problems)
  return { ...camelFields(read), query: read.query, topK: read.top_k, store: read.store }
}

/** Refuses a service that is an address instead of a name. */
export function checkService(service: string | undefined, at: DocumentPath, problems: DocumentProblems): void {
  if (service === undefined || !connectionString.test(service)) return
  problems.add({
    code: 'document_invalid',
    at,
    // The value is not repeated: it may hold a password.
    message: 'The service looks like a connection string.',
    fix: 'Give the name under which the host has registered the service.',
  })
}
