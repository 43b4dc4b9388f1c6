import { nearestName, type WorkflowDefinition } from '@parley/spec'
import { walkSteps } from '../definition/walk-steps.ts'
import type { FoundProblem } from '../definition/check/found-problem.ts'

/** Names that leave the choice of a model to the router. */
const routed: ReadonlySet<string> = new Set(['auto', 'kr-auto'])

/** Models that are no `provider/model`, or whose provider is not registered. */
export function checkModels(definition: WorkflowDefinition, providers: readonly string[] | undefined): FoundProblem[] {
  const found: FoundProblem[] = []
  const look = (model: string | undefined, path: string, who: string): void => {
    if (model === undefined || routed.has(model)) return
    const [provider = '', ...rest] = model.split('/')
    if (provider === '' || rest.join('/') === '') {
      const message = `${who} names the model "${model}", which is no provider/model.`
      found.push({ code: 'document_invalid', path, message, fix: 'Write it like "openai/fast", or "auto".' })
    } else if (providers !== undefined && !providers.includes(provider)) {
      const nearest = nearestName(provider, providers)
      const message = `${who} names the provider "${provider}", which is not registered.`
      const fix = nearest === undefined ? 'Register the provider, or name another one.' : `Did you mean "${nearest}"?`
      found.push({ code: 'unknown_reference', path, message, fix })
    }
  }
  look(definition.defaults.model, 'defaults.model', 'The workflow')
  for (const { step, path } of walkSteps(definition.root)) look(step.model, `${path}.model`, `The step "${step.id}"`)
  return found
}
