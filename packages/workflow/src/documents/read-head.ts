import type { StepDefaults, WorkflowLimits } from '@parley/spec'
import { z } from 'zod'
import { defaultLimits } from '../definition/definition-defaults.ts'
import type { DocumentKeys } from './document-draft.ts'
import type { DocumentPath, DocumentProblems } from './document-problems.ts'
import type { DocumentReading } from './document-reading.ts'
import { readBudget } from './parts/read-budget.ts'
import { readFailurePolicy, readRetry } from './parts/read-failure-policy.ts'
import { qualifyTemplate } from './qualify-template.ts'
import { readShape } from './read-shape.ts'
import { camelFields, definedFields } from './wire-fields.ts'

const count = z.number().int().min(1).optional()

const limitsShape = z.strictObject({
  max_concurrency: count,
  max_model_calls: count,
  max_llm_calls: count,
  max_visits: count,
})

const defaultsShape = z.strictObject({
  model: z.string().min(1).optional(),
  tier: z.enum(['fast', 'balanced', 'high']).optional(),
  retry: z.unknown().optional(),
  timeout: z.number().gt(0).optional(),
  budget: z.unknown().optional(),
  failure_policy: z.unknown().optional(),
})

/** Keys of the name and the version, which all shapes of documents have. */
export const headFields = {
  name: z.string().min(1).optional(),
  version: z.string().min(1).optional(),
  description: z.string().optional(),
} as const

/** The name of a document; one without a name is told of, and read on under a name that says so. */
export function readName(name: string | undefined, keys: DocumentKeys, problems: DocumentProblems): string {
  if (name !== undefined) return name
  // One that cannot be read has been told of by its shape.
  if (keys['name'] === undefined) {
    problems.add({ code: 'document_invalid', at: [], message: 'The document has no name.', fix: 'Add "name".' })
  }
  return 'unnamed'
}

/** Reads the caps of a run; a `max_concurrency` of the whole document counts where the block has none. */
export function readLimits(
  value: unknown,
  maxConcurrency: number | undefined,
  reading: DocumentReading,
): WorkflowLimits {
  const read = readPart(limitsShape, value, ['limits'], reading.problems)
  const given: WorkflowLimits = {
    maxConcurrency: read.max_concurrency ?? maxConcurrency ?? defaultLimits.maxConcurrency,
    maxModelCalls: read.max_model_calls ?? read.max_llm_calls ?? defaultLimits.maxModelCalls,
    maxVisits: read.max_visits ?? defaultLimits.maxVisits,
  }
  if (!reading.untrusted) return given
  // What comes from the network may ask for less than half, never for more.
  return {
    maxConcurrency: Math.min(given.maxConcurrency, defaultLimits.maxConcurrency / 2),
    maxModelCalls: Math.min(given.maxModelCalls, defaultLimits.maxModelCalls / 2),
    maxVisits: Math.min(given.maxVisits, defaultLimits.maxVisits / 2),
  }
}

/** What a document says for all of its steps. */
export interface DefaultsFields {
  defaults?: unknown
  budget?: unknown
  failure_policy?: unknown
}

/** Reads what holds where a step says nothing; budget and policy may stand on the head itself. */
export function readDefaults(fields: DefaultsFields, problems: DocumentProblems): StepDefaults {
  const at: DocumentPath = ['defaults']
  const read = readPart(defaultsShape, fields.defaults, at, problems)
  const { model, tier = 'balanced', timeout, retry } = read
  for (const key of ['budget', 'failure_policy'] as const) {
    if (fields[key] === undefined || read[key] === undefined) continue
    const message = `"${key}" stands on the document and in its "defaults".`
    problems.add({ code: 'document_invalid', at: [...at, key], message, fix: 'Keep one of the two.' })
  }
  const budgetAt = fields.budget === undefined ? [...at, 'budget'] : ['budget']
  const budget = fields.budget ?? read.budget
  const policyAt = fields.failure_policy === undefined ? [...at, 'failure_policy'] : ['failure_policy']
  const policy = fields.failure_policy ?? read.failure_policy
  return {
    ...definedFields({
      model,
      retry: retry === undefined ? undefined : readRetry(retry, [...at, 'retry'], problems),
      timeoutMs: timeout === undefined ? undefined : Math.round(timeout * 1_000),
      budget: budget === undefined ? undefined : readBudget(budget, budgetAt, problems),
      failurePolicy: policy === undefined ? undefined : readFailurePolicy(policy, policyAt, problems),
    }),
    tier,
  }
}

/** Reads the templates of the result. */
export function readOutputs(value: unknown, problems: DocumentProblems): { [key: string]: string } | undefined {
  if (value === undefined) return undefined
  const read = readShape(z.record(z.string(), z.string()), value, ['outputs'], problems) ?? {}
  return Object.fromEntries(Object.entries(read).map(([key, template]) => [key, qualifyTemplate(template)]))
}

const compatShape = z.strictObject({
  abort_is_fail: z.boolean().optional(),
  foreach_skip_fails: z.boolean().optional(),
  backoff_from_first: z.boolean().optional(),
})

/** Reads which older meanings are asked for. */
export function readCompat(value: unknown, problems: DocumentProblems): { [key: string]: boolean } {
  const read = readPart(compatShape, value, ['compat'], problems)
  // The shape has only booleans.
  return camelFields(read) as { [key: string]: boolean }
}

/** A block all of whose keys may be absent, as the block itself. */
function readPart<Shape extends z.ZodObject>(
  shape: Shape,
  value: unknown,
  at: DocumentPath,
  problems: DocumentProblems,
): Partial<z.output<Shape>> {
  return value === undefined ? {} : (readShape(shape, value, at, problems) ?? {})
}
