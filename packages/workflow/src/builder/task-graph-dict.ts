import { fromWireName, ParleyError, toWireName, type Json, type StepDefinition } from '@parley/spec'
import { z } from 'zod'
import type { RegisteredFunction } from '../step/step-context.ts'
import { Step } from './step.ts'

/** Fields whose value is the author's: its keys are never renamed. */
const opaque: ReadonlySet<string> = new Set([
  'condition',
  'modelOptions',
  'schema',
  'inputs',
  'match',
  'default',
  'cases',
  'reducers',
])

const graphShape = z.strictObject({
  name: z.string(),
  steps: z.array(z.looseObject({ id: z.string(), kind: z.string(), depends_on: z.array(z.string()) })),
  metadata: z.record(z.string(), z.json()).default({}),
})

/** A step as JSON with the names of the wire. */
export function stepToDict(step: StepDefinition): Json {
  return rename(step, toWireName, (name) => name)
}

/** The steps of a stored graph, with the functions that they name. @throws {ParleyError} `document_invalid` */
export function stepsFromDict(
  dict: unknown,
  functions: ReadonlyMap<string, RegisteredFunction>,
): { name: string; steps: Step[]; metadata: { [key: string]: Json } } {
  const read = graphShape.safeParse(dict)
  if (!read.success) {
    const [issue] = read.error.issues
    throw new ParleyError({
      code: 'document_invalid',
      message: `The stored graph cannot be read at ${issue?.path.join('.') || 'its top'}: ${issue?.message ?? 'it has another shape'}. Give what toDict() gave.`,
      details: { path: issue?.path.join('.') ?? '' },
    })
  }
  const { name, steps, metadata } = read.data
  return { name, metadata, steps: steps.map((step) => toStep(step, functions)) }
}

function toStep(stored: unknown, functions: ReadonlyMap<string, RegisteredFunction>): Step {
  // Its head was checked by the shape, the rest is checked as that of any definition.
  const definition = rename(stored, fromWireName, fromWireName) as unknown as StepDefinition
  return stepOf(definition, functions)
}

function stepOf({ region, ...definition }: StepDefinition, functions: ReadonlyMap<string, RegisteredFunction>): Step {
  const { kind, action, parallel } = definition
  const run = kind === 'fn' && action !== undefined ? functions.get(action)?.run : undefined
  return Step.fromDraft({
    definition,
    parallel,
    ...(run && { run }),
    ...(region && { steps: region.steps.map((inner) => stepOf(inner, functions)) }),
  })
}

function rename(value: unknown, to: (name: string) => string, inCode: (name: string) => string): Json {
  if (Array.isArray(value)) return value.map((entry: unknown) => rename(entry, to, inCode))
  if (typeof value !== 'object' || value === null) return value as Json // a leaf of JSON
  const entries = Object.entries(value).flatMap(([name, entry]: [string, unknown]) =>
    entry === undefined
      ? []
      : [[to(name), opaque.has(inCode(name)) ? (entry as Json) : rename(entry, to, inCode)] as const],
  )
  return Object.fromEntries(entries)
}
