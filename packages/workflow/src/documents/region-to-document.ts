import type { Region, StepDefinition } from '@parley/spec'
import { defaultLimits } from '../definition/definition-defaults.ts'
import { stepToDocument } from './step-to-document.ts'

/** The keys of a region: on the head of a document, or in the `region` of a step. */
export function regionToDocument(region: Region): { [key: string]: unknown } {
  const steps = region.steps.map(regionStep)
  if (region.kind === 'flow') return { start: region.start, steps }
  const { maxConcurrency } = region
  return { ...(maxConcurrency !== defaultLimits.maxConcurrency && { max_concurrency: maxConcurrency }), steps }
}

function regionStep(step: StepDefinition): { [key: string]: unknown } {
  return { ...stepToDocument(step), ...(step.region && { region: regionToDocument(step.region) }) }
}
