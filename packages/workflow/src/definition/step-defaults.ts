import type { ForeachSpec, RetrySpec, StepDefinition, StepKind, StrategySpec, ToolEffect } from '@parley/spec'

/**
 * A step that says nothing but what it is: every default is filled in. `parallel` is that of code; steps of documents
 * set it to true.
 */
export function defaultStep(id: string, kind: StepKind): StepDefinition {
  return {
    id,
    kind,
    dependsOn: [],
    requires: 'settled',
    tier: 'balanced',
    strategy: { type: 'single' },
    capabilities: [],
    parallel: false,
    effect: defaultEffect(kind),
  }
}

/** What a step does to the world unless it says so; a tool says it itself, and this is for one that does not. */
export function defaultEffect(kind: StepKind): ToolEffect {
  if (kind === 'tool') return 'effectful'
  return kind === 'fn' || kind === 'agent' || kind === 'workflow' ? 'idempotent' : 'pure'
}

/** A list worked through in order, failing with its first item that fails. */
export function defaultForeach(source: string): ForeachSpec {
  return { source, policy: 'requireAll', concurrency: 1 }
}

/** Attempts without a wait between them. Delays in seconds. */
export function defaultRetry(maxAttempts: number): RetrySpec {
  return { maxAttempts, delay: 0, backoff: 1, maxDelay: 60, jitter: true }
}

/** A strategy with what holds where nothing is said. */
export function defaultStrategy(type: StrategySpec['type']): StrategySpec {
  if (type === 'race') return { type, candidates: 2, staggerMs: 0 }
  if (type === 'speculative') return { type, compare: 'normalized', allowUnverified: false }
  return { type }
}
