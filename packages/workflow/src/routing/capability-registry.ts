import {
  ParleyError,
  type CapabilityKind,
  type CapabilityOverride,
  type CapabilityRequirement,
  type ModelCard,
} from '@parley/spec'
import { builtInRequirement, defaultRequirement } from './capability-requirements.ts'
import { flagsOf } from './model-facts.ts'

/** Version of the built-in table. */
const tableVersion = '1'

/** What capabilities mean, per tenant. */
export interface CapabilityRegistry {
  /**
   * Stores a tenant's meaning of a capability. It may ask for more or judge quality otherwise.
   * @throws {ParleyError} `capability_not_offered` when it would take models without the flag, or asks for one that none
   * has; `invalid_options` when it asks for less, or its figures are none
   */
  set(override: CapabilityOverride): void
  /** A tenant's own meaning, if it has one. */
  override(tenantId: string, kind: CapabilityKind): CapabilityOverride | undefined
  /** What a capability asks of a model: the tenant's meaning on top of the built-in one. */
  get(tenantId: string, kind: CapabilityKind): CapabilityRequirement
  /** Names the table and the tenant's overrides, such as `1+vision@3`. */
  version(tenantId: string): string
}

/** What a registry is made with. */
export interface CapabilityRegistryOptions {
  /** Cards of the models there are: what is on offer. */
  cards: readonly ModelCard[]
  overrides?: readonly CapabilityOverride[]
}

/**
 * Makes a registry of what capabilities mean.
 * @throws {ParleyError} as `set`, for the overrides given
 */
export function createCapabilityRegistry({ cards, overrides = [] }: CapabilityRegistryOptions): CapabilityRegistry {
  const offered = new Set(cards.flatMap((card) => [...flagsOf(card)]))
  const tenants = new Map<string, { own: Map<CapabilityKind, CapabilityOverride>; version: string }>()
  const registry: CapabilityRegistry = {
    set(override) {
      checkOverride(override, offered)
      const own = new Map(tenants.get(override.tenantId)?.own)
      own.set(override.kind, structuredClone(override))
      const parts = [...own.values()].map(({ kind, version }) => `${kind}@${version}`).sort()
      tenants.set(override.tenantId, { own, version: [tableVersion, ...parts].join('+') })
    },
    override: (tenantId, kind) => structuredClone(tenants.get(tenantId)?.own.get(kind)),
    get(tenantId, kind) {
      const own = tenants.get(tenantId)?.own.get(kind)
      return own === undefined ? defaultRequirement(kind) : { ...builtInRequirement(kind), ...own.requirement }
    },
    version: (tenantId) => tenants.get(tenantId)?.version ?? tableVersion,
  }
  for (const override of overrides) registry.set(override)
  return registry
}

function checkOverride({ kind, requirement }: CapabilityOverride, offered: ReadonlySet<string>): void {
  const base = builtInRequirement(kind) ?? {}
  const { flag, quality, minContextTokens, maxFirstTokenMs, cheapestThird } = requirement
  if (flag !== undefined && base.flag !== undefined && flag !== base.flag) {
    throw notOffered(kind, flag, `The capability "${kind}" stands on the flag "${base.flag}". Leave the flag out.`)
  }
  if (flag !== undefined && !offered.has(flag)) {
    throw notOffered(kind, flag, `No registered model has the flag "${flag}". Register one that has it.`)
  }
  if (quality !== undefined && !(quality.min >= 0 && quality.min <= 1)) {
    throw refused(kind, 'quality.min', 'a number from 0 to 1')
  }
  if (minContextTokens !== undefined && !(minContextTokens >= (base.minContextTokens ?? 0))) {
    throw refused(kind, 'minContextTokens', `at least ${base.minContextTokens ?? 0}`)
  }
  if (maxFirstTokenMs !== undefined && !(maxFirstTokenMs <= (base.maxFirstTokenMs ?? Infinity))) {
    throw refused(kind, 'maxFirstTokenMs', `at most ${base.maxFirstTokenMs ?? 'any number'}`)
  }
  if (cheapestThird === false && base.cheapestThird === true) throw refused(kind, 'cheapestThird', 'true')
}

function notOffered(kind: string, flag: string, message: string): ParleyError {
  return new ParleyError({ code: 'capability_not_offered', message, details: { kind, flag } })
}

function refused(kind: string, path: string, expected: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `An override of "${kind}" may ask for more, never for less: ${path} must be ${expected}.`,
    details: { path: `requirement.${path}`, expected },
  })
}
