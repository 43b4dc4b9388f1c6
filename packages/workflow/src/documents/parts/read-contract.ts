import type { ContractRef, JsonSchema } from '@parley/spec'
import { z } from 'zod'
import type { DocumentPath, DocumentProblems } from '../document-problems.ts'
import { readShape } from '../read-shape.ts'

const namedShape = z.strictObject({ name: z.string().min(1), version: z.string().min(1).default('1') })

/** A place that may hold a JSON Schema under one key, or the name of a registered contract under another. */
export interface ContractFields {
  schema: unknown
  schemaAt: DocumentPath
  contract: unknown
  contractAt: DocumentPath
}

/** Reads a contract: plain JSON Schema, or `{ name, version }` of one that the host has registered. */
export function readContract(fields: ContractFields, problems: DocumentProblems): ContractRef | undefined {
  const { schema, schemaAt, contract, contractAt } = fields
  if (schema !== undefined && contract !== undefined) {
    problems.add({
      code: 'document_invalid',
      at: contractAt,
      message: 'There is a schema and the name of a contract for the same value.',
      fix: 'Keep one of the two.',
    })
  }
  if (schema !== undefined) {
    const read = readShape(z.record(z.string(), z.unknown()), schema, schemaAt, problems)
    // The document is JSON as a whole, so this object of it is.
    return read === undefined ? undefined : { schema: read as JsonSchema }
  }
  return contract === undefined ? undefined : readShape(namedShape, contract, contractAt, problems)
}
