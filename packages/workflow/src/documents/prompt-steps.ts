import { z } from 'zod'
import { defaultDraft } from '../definition/definition-defaults.ts'
import type { DocumentDraft, DocumentKeys } from './document-draft.ts'
import type { DocumentReading } from './document-reading.ts'
import { createContext } from './native-document.ts'
import { readContract } from './parts/read-contract.ts'
import { headFields, readDefaults, readLimits, readName, readOutputs } from './read-head.ts'
import { readRegion } from './read-region.ts'
import { readShape } from './read-shape.ts'
import { definedFields } from './wire-fields.ts'

/** Read by a shape of its own. */
const part = z.unknown().optional()

const promptShape = z.strictObject({
  ...headFields,
  input: part,
  input_schema: part,
  steps: part,
  outputs: part,
  budget: part,
  max_concurrency: z.number().int().min(1).optional(),
})

/** Reads a document of prompt steps: a dag whose steps are mostly prompts. Templates are written so. */
export function readPromptSteps(keys: DocumentKeys, reading: DocumentReading): DocumentDraft {
  const { problems } = reading
  const read: z.output<typeof promptShape> = readShape(promptShape, keys, [], problems) ?? {}
  const { max_concurrency } = read
  if (read.input !== undefined && read.input_schema !== undefined) {
    const message = '"input" and "input_schema" say the same thing.'
    problems.add({ code: 'document_invalid', at: ['input_schema'], message, fix: 'Keep one of the two.' })
  }
  const root = readRegion(definedFields({ steps: read.steps ?? [], max_concurrency }), [], createContext({}, reading))
  const key = read.input === undefined ? 'input_schema' : 'input'
  const input = readContract({ schema: read[key], schemaAt: [key], contract: undefined, contractAt: [] }, problems)
  return {
    draft: {
      ...defaultDraft(
        readName(read.name, keys, problems),
        root?.region ?? { kind: 'dag', steps: [], maxConcurrency: 1 },
      ),
      ...definedFields({
        version: read.version ?? '1',
        description: read.description,
        input,
        outputs: readOutputs(read.outputs, problems),
      }),
      defaults: readDefaults({ budget: read.budget }, problems),
      limits: readLimits(undefined, max_concurrency, reading),
    },
    origins: root?.origins ?? new Map(),
  }
}
