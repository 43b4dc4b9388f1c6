import type { StepDefinition, WaitSpec } from '@parley/spec'

/** What a step is, in a few short marks, such as `llm high`, `foreach facts`, `up to 3 attempts`. */
export function describeStep(step: StepDefinition): string[] {
  const { kind, tier, strategy, foreach, retry, wait, rag, region } = step
  const isModelStep = kind === 'llm' || kind === 'agent' || kind === 'race'
  return [
    isModelStep ? `${kind} ${step.model ?? tier}` : region === undefined ? kind : `${region.kind} region`,
    ...(kind === 'tool' || kind === 'workflow' || kind === 'agent' ? orNothing(step.action) : []),
    ...(strategy.type === 'race' ? [`race of ${strategy.candidates}`] : []),
    ...(strategy.type === 'speculative' ? ['draft and verifier'] : []),
    ...(foreach === undefined ? [] : [`foreach ${foreach.source}`]),
    ...(wait === undefined ? [] : [describeWait(wait)]),
    ...(rag === undefined ? [] : orNothing(rag.collection)),
    ...(step.condition === undefined || kind === 'if' ? [] : ['conditional']),
    ...(retry === undefined || retry.maxAttempts === 1 ? [] : [`up to ${retry.maxAttempts} attempts`]),
    ...(step.budget?.maxCostUsd === undefined ? [] : [`at most $${step.budget.maxCostUsd}`]),
  ].map(plainLine)
}

function describeWait(wait: WaitSpec): string {
  const what = wait.type === 'event' ? `event ${wait.name}` : wait.type
  return wait.timeout === undefined ? what : `${what}, ${wait.timeout} s`
}

function orNothing(text: string | undefined): string[] {
  return text === undefined ? [] : [text]
}

/** Text of people as one line that neither steers a terminal nor breaks a drawing. */
export function plainLine(text: string): string {
  // oxlint-disable-next-line eslint/no-control-regex -- these are what must go
  return text.replace(/[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]+/g, ' ').trim()
}
