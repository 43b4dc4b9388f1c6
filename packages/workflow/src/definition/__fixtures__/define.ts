import type { Region, StepDefinition, StepKind, WorkflowDefinition } from '@parley/spec'
import { finishDefinition } from '../canonical.ts'
import { defaultDraft, type WorkflowDraft } from '../definition-defaults.ts'
import { defaultStep } from '../step-defaults.ts'

/** A step of a test: a function unless it says otherwise. */
export function step(id: string, fields: Partial<StepDefinition> = {}, kind: StepKind = 'fn'): StepDefinition {
  return { ...defaultStep(id, kind), ...(kind === 'fn' && { action: id }), ...fields }
}

/** A step that asks a model. */
export function ask(id: string, prompt: string, fields: Partial<StepDefinition> = {}): StepDefinition {
  return step(id, { prompt, ...fields }, 'llm')
}

export function dag(steps: StepDefinition[]): Region {
  return { kind: 'dag', steps, maxConcurrency: 32 }
}

/** A finished definition of these steps. */
export function define(steps: StepDefinition[] | Region, fields: Partial<WorkflowDraft> = {}): WorkflowDefinition {
  return finishDefinition({ ...defaultDraft('test', Array.isArray(steps) ? dag(steps) : steps), ...fields })
}
