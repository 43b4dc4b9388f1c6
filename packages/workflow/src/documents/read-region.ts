import type { StepDefinition } from '@parley/spec'
import { z } from 'zod'
import { defaultLimits } from '../definition/definition-defaults.ts'
import type { DocumentContext, RegionReading } from './document-context.ts'
import type { StepOrigin } from './document-origins.ts'
import type { DocumentPath } from './document-problems.ts'
import { readNodes } from './nodes/read-nodes.ts'
import { readShape } from './read-shape.ts'
import { readStep } from './read-step.ts'
import { addDuplicate, withinStepLimit } from './step-entries.ts'

const regionShape = z.strictObject({
  steps: z.array(z.unknown()).optional(),
  nodes: z.array(z.unknown()).optional(),
  start: z.string().min(1).optional(),
  max_concurrency: z.number().int().min(1).optional(),
})

/** Reads a region: `steps` is a dag, `steps` with a `start` a flow, `nodes` a flow of nodes. */
export function readRegion(value: unknown, at: DocumentPath, context: DocumentContext): RegionReading | undefined {
  const { problems, limits } = context
  if (context.depth > limits.maxRegionDepth) {
    const message = `Regions stand inside each other more than ${limits.maxRegionDepth} deep.`
    problems.add({ code: 'limit_exceeded', at, message, fix: 'Make a workflow of its own of the inner ones.' })
    return undefined
  }
  const body = readShape(regionShape, value, at, problems)
  if (body === undefined) return undefined
  const { steps, nodes, start, max_concurrency: maxConcurrency = defaultLimits.maxConcurrency } = body
  if (steps !== undefined && nodes !== undefined) {
    const message = 'A region has both "steps" and "nodes".'
    problems.add({
      code: 'document_invalid',
      at: [...at, 'nodes'],
      message,
      fix: 'Put one of them into a region of its own.',
    })
  }
  if (steps === undefined && nodes !== undefined) return readNodes(nodes, [...at, 'nodes'], context)
  const entries = withinStepLimit(steps ?? [], [...at, 'steps'], context)
  const read = entries.flatMap((entry, index) => readStep(entry, [...at, 'steps', index], context) ?? [])
  const origins = new Map<string, StepOrigin>()
  const kept: StepDefinition[] = []
  for (const { step, origin } of read) {
    if (origins.has(step.id)) addDuplicate(step.id, origin.at, context)
    else {
      origins.set(step.id, origin)
      kept.push(step)
    }
  }
  const region = start === undefined ? { kind: 'dag' as const, maxConcurrency } : { kind: 'flow' as const, start }
  return { region: { ...region, steps: kept }, origins }
}
