import type { Journal, Region, StepRunRecord } from '@parley/spec'

/**
 * Tells which step runs of a journal came before a step (`outer/inner` inside a region), and have ended: in a graph all
 * that do not rest on it, in a flow those that were begun before its first visit.
 */
export function stepsBefore({ definition, stepRuns }: Journal, fromStep: string): (record: StepRunRecord) => boolean {
  const path = fromStep.split('/')
  return (record) =>
    (record.status === 'completed' || record.status === 'skipped') &&
    isBefore(definition.root, '', path, partsOf(record.stepKey), record, stepRuns)
}

function isBefore(
  region: Region,
  prefix: string,
  [from = '', ...deeper]: readonly string[],
  [part = '', ...rest]: readonly string[],
  record: StepRunRecord,
  stepRuns: readonly StepRunRecord[],
): boolean {
  const id = part.split('@')[0] ?? ''
  const inner = region.steps.find((step) => step.id === from)?.region
  const isInside = id === from && deeper.length > 0
  if (isInside)
    return (
      rest.length > 0 && inner !== undefined && isBefore(inner, `${prefix}${part}/`, deeper, rest, record, stepRuns)
    )
  if (region.kind === 'dag') return !restingOn(region, from).has(id)
  const first = stepRuns
    .filter(({ stepKey }) => stepKey.startsWith(`${prefix}${from}@`))
    .reduce((lowest, { seq }) => Math.min(lowest, seq), Number.POSITIVE_INFINITY)
  return id !== from && record.seq < first
}

/** A step and all that depend on it, through however many others. */
function restingOn(region: Region, from: string): Set<string> {
  const resting = new Set([from])
  const queue = [from]
  for (let id = queue.pop(); id !== undefined; id = queue.pop())
    for (const step of region.steps) {
      if (resting.has(step.id) || !step.dependsOn.includes(id)) continue
      resting.add(step.id)
      queue.push(step.id)
    }
  return resting
}

function partsOf(stepKey: string): string[] {
  const [path = ''] = stepKey.split('#')
  return path.split('/')
}
