import { capabilityKinds, type StepDefinition } from '@parley/spec'
import type { DefinitionCheckOptions, DefinitionPorts } from './check-options.ts'
import type { DefinitionIndex } from './definition-index.ts'
import { hintFor, type FoundProblem } from './found-problem.ts'

/** The port that steps of a kind need. */
const portOf: { readonly [kind in StepDefinition['kind']]?: keyof DefinitionPorts } = {
  llm: 'models',
  race: 'models',
  agent: 'agents',
  tool: 'kernel',
  rag: 'retrievers',
}

/** Capabilities that do not exist, and steps of a kind that the engine has no port for. */
export function checkCapabilities(index: DefinitionIndex, { ports = {} }: DefinitionCheckOptions): FoundProblem[] {
  const found: FoundProblem[] = []
  const kinds: readonly string[] = capabilityKinds
  for (const { step, path } of index.places) {
    for (const { kind } of step.capabilities) {
      if (kinds.includes(kind) || /^x_[a-z0-9_]+$/.test(kind)) continue
      found.push({
        code: 'document_invalid',
        path: `${path}.capabilities`,
        message: `The step "${step.id}" asks for the capability "${kind}", which does not exist.`,
        fix: hintFor(kind, kinds, `Use one of ${kinds.join(', ')}, or one of your own that begins with x_.`),
      })
    }
    const port = portOf[step.kind]
    if (port !== undefined && ports[port] === false)
      found.push({
        code: 'invalid_options',
        path: `${path}.kind`,
        message: `The step "${step.id}" is of kind ${step.kind}, and the engine has no ${port}.`,
        fix: `Give ${port} to createEngine.`,
      })
    if (ports.planner === false) found.push(...checkPlanner(step.failurePolicy, `${path}.failurePolicy`))
  }
  if (ports.planner === false)
    found.push(...checkPlanner(index.definition.defaults.failurePolicy, 'defaults.failurePolicy'))
  return found
}

function checkPlanner(policy: StepDefinition['failurePolicy'], path: string): FoundProblem[] {
  const { onValidationFail, onExecutionFail, fallbackAction } = policy ?? {}
  if (![onValidationFail, onExecutionFail, fallbackAction].includes('replan')) return []
  return [
    {
      code: 'planner_missing',
      path,
      message: 'A failure may lead to a new plan, and the engine has no planner and no model to plan with.',
      fix: 'Give planner or models to createEngine, or use another action.',
    },
  ]
}
