import {
  capabilityKinds,
  createTemplateAction,
  nearestName,
  ParleyError,
  tiers,
  type CapabilityHint,
  type CapabilityKind,
  type TemplateAction,
  type TemplateActionContext,
  type TemplateActionOptions,
  type Tier,
} from '@parley/spec'
import type { StepContext } from '../step/step-context.ts'

/** What a `model` action may be given. */
export interface ModelActionOptions extends TemplateActionOptions {
  /** Id of one model of the engine, which is then the only one asked. @default the router chooses */
  model?: string
  /** @default the tier of the step */
  tier?: Tier
  /** Wishes; those without `required` are required. @default none */
  capabilities?: readonly (CapabilityKind | { kind: CapabilityKind; required?: boolean })[]
}

/** What a `model` action reads of a step's context. */
export interface ModelActionContext extends TemplateActionContext, Pick<StepContext, 'model'> {}

/**
 * A step's action that asks the engine's models: routed, budgeted and with a receipt. `{name}` in the template is an
 * input or a field of the item; names of steps become dependencies.
 * @throws {ParleyError} `invalid_options`, `schema_unsupported`
 * @example new Step('report', model('Report on {facts.text}', { tier: 'high', capabilities: ['reasoning'] }))
 */
export function model(template: string, options: ModelActionOptions = {}): TemplateAction<ModelActionContext> {
  const action = createTemplateAction<ModelActionContext>({
    what: 'model',
    template,
    options,
    ownOptions: ['tier', 'capabilities'],
    isCounted: false,
    open: (context, { model: name }) =>
      context.model({
        capabilities,
        ...(tier === undefined ? {} : { tier }),
        ...(name === undefined ? {} : { model: name }),
      }),
  })
  const { tier } = options
  checkTier(tier)
  const capabilities = toHints(options.capabilities ?? [])
  return action
}

function checkTier(tier: Tier | undefined): void {
  if (tier === undefined || tiers.includes(tier)) return
  const nearest = nearestName(String(tier), tiers)
  throw new ParleyError({
    code: 'invalid_options',
    message: `model: tier has to be one of ${tiers.join(', ')}.${nearest === undefined ? '' : ` Did you mean "${nearest}"?`}`,
    details: { path: 'tier', expected: [...tiers] },
  })
}

function toHints(wishes: NonNullable<ModelActionOptions['capabilities']>): CapabilityHint[] {
  if (!Array.isArray(wishes)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'model: capabilities has to be a list, such as ["reasoning"].',
      details: { path: 'capabilities', expected: 'a list' },
    })
  }
  return wishes.map((wish: CapabilityKind | { kind: CapabilityKind; required?: boolean }) => {
    const { kind, required = true } = typeof wish === 'string' ? { kind: wish } : wish
    checkKind(kind)
    return { kind, required }
  })
}

function checkKind(kind: string): void {
  const kinds: readonly string[] = capabilityKinds
  if (kinds.includes(kind) || /^x_[a-z0-9_]+$/.test(kind)) return
  const nearest = nearestName(kind, kinds)
  throw new ParleyError({
    code: 'invalid_options',
    message: `model: there is no capability "${kind}".${nearest === undefined ? ' One of your own begins with "x_".' : ` Did you mean "${nearest}"?`}`,
    details: { path: 'capabilities', expected: [...kinds] },
  })
}
