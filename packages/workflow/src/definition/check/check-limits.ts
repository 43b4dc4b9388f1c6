import type { DefinitionCheckOptions, DefinitionLimits } from './check-options.ts'
import type { DefinitionIndex } from './definition-index.ts'
import type { FoundProblem } from './found-problem.ts'

/** What a definition may hold where nothing else is configured. */
export const defaultDefinitionLimits: DefinitionLimits = {
  maxSteps: 1000,
  maxNesting: 16,
  maxCandidates: 5,
  maxAttempts: 20,
}

/** No configuration goes beyond. */
const HARD_MAX_STEPS = 100_000

/** Too many steps, regions, candidates or attempts. */
export function checkLimits(index: DefinitionIndex, options: DefinitionCheckOptions): FoundProblem[] {
  const limits = limitsOf(options)
  const found: FoundProblem[] = []
  const check = (limit: keyof DefinitionLimits, actual: number, path: string, what: string): void => {
    const max = limits[limit]
    if (actual <= max) return
    found.push({
      code: 'limit_exceeded',
      path,
      message: `${what}: ${actual} are more than the ${max} that ${limit} allows.`,
      fix: `Have at most ${max}, or raise ${limit} if you trust the definition.`,
    })
  }
  check('maxSteps', index.places.length, 'steps', 'Steps of the workflow')
  let deepest: (typeof index.places)[number] | undefined
  for (const place of index.places) {
    const { step, path } = place
    if (deepest === undefined || place.depth > deepest.depth) deepest = place
    if (step.strategy.type === 'race')
      check('maxCandidates', step.strategy.candidates, `${path}.strategy`, `Candidates of the step "${step.id}"`)
    check('maxAttempts', step.retry?.maxAttempts ?? 0, `${path}.retry`, `Attempts of the step "${step.id}"`)
    const ofPolicy = step.failurePolicy?.maxAttempts ?? 0
    check('maxAttempts', ofPolicy, `${path}.failurePolicy`, `Attempts of the step "${step.id}"`)
  }
  if (deepest !== undefined) check('maxNesting', deepest.depth, deepest.path, 'Regions inside each other')
  const { retry, failurePolicy } = index.definition.defaults
  check('maxAttempts', retry?.maxAttempts ?? 0, 'defaults.retry', 'Attempts of each step')
  check('maxAttempts', failurePolicy?.maxAttempts ?? 0, 'defaults.failurePolicy', 'Attempts of each step')
  return found
}

function limitsOf({ limits, untrusted = false }: DefinitionCheckOptions): DefinitionLimits {
  const whole = { ...defaultDefinitionLimits, ...limits }
  const share = untrusted ? 0.5 : 1
  return {
    maxSteps: Math.floor(Math.min(whole.maxSteps, HARD_MAX_STEPS) * share),
    maxNesting: Math.floor(whole.maxNesting * share),
    maxCandidates: Math.floor(whole.maxCandidates * share),
    maxAttempts: Math.floor(whole.maxAttempts * share),
  }
}
