import type { StrategySpec } from '@parley/spec'
import { z } from 'zod'
import { defaultStrategy } from '../../definition/step-defaults.ts'
import type { DocumentPath, DocumentProblems } from '../document-problems.ts'
import { readShape } from '../read-shape.ts'
import { camelFields } from '../wire-fields.ts'

const strategyNames = ['single', 'race', 'parallel', 'speculative'] as const

const comparison = z.union([
  z.enum(['normalized', 'judge']),
  z.strictObject({ embedding: z.number().min(0).max(1) }),
  z.strictObject({ function: z.string().min(1) }),
])

const shapes = {
  single: z.strictObject({ type: z.literal('single') }),
  race: z.strictObject({
    type: z.enum(['race', 'parallel']),
    candidates: z.number().int().min(2).max(5).optional(),
    stagger_ms: z.number().int().min(0).optional(),
  }),
  speculative: z.strictObject({
    type: z.literal('speculative'),
    compare: comparison.optional(),
    allow_unverified: z.boolean().optional(),
  }),
}

/** Reads how models are asked: a name, or an object with its `type`. `parallel` is another word for `race`. */
export function readStrategy(value: unknown, at: DocumentPath, problems: DocumentProblems): StrategySpec | undefined {
  const given = typeof value === 'string' ? { type: value } : value
  const typeAt = typeof value === 'string' ? at : [...at, 'type']
  const { type } = readShape(z.looseObject({ type: z.unknown() }), given, at, problems) ?? {}
  const name = readShape(z.enum(strategyNames), type, typeAt, problems)
  if (name === undefined) return undefined
  const known = name === 'parallel' ? 'race' : name
  const read = readShape(shapes[known], given, at, problems)
  // What the shape of this type has read, over the defaults of this type.
  return read === undefined
    ? undefined
    : ({ ...defaultStrategy(known), ...camelFields(read), type: known } as StrategySpec)
}
