import type { Region, StepDefinition } from '@parley/spec'

/** A step and where it stands. */
export interface StepPlace {
  readonly step: StepDefinition
  /** `steps.plan`; in a region inside the step `outer`: `steps.outer.steps.plan`. */
  readonly path: string
  readonly region: Region
  /** Position in its region, from 0. */
  readonly index: number
  /** Regions around the step, 1 in the root. */
  readonly depth: number
  /** The step whose region this is in. */
  readonly parent?: StepPlace
}

/** All steps, in the order of the definition; a step comes before those of its own region. */
export function* walkSteps(root: Region, parent?: StepPlace): Generator<StepPlace> {
  const prefix = parent === undefined ? 'steps' : `${parent.path}.steps`
  const depth = (parent?.depth ?? 0) + 1
  for (const [index, step] of root.steps.entries()) {
    const place: StepPlace = {
      step,
      path: `${prefix}.${step.id}`,
      region: root,
      index,
      depth,
      ...(parent && { parent }),
    }
    yield place
    if (step.region !== undefined) yield* walkSteps(step.region, place)
  }
}

/** Finds what a name means where a step stands: a step of its own region, else of the regions around it. */
export function createLookup(): (
  from: StepPlace,
  id: string,
) => { target: StepDefinition; dependent: StepPlace } | undefined {
  const idsOf = new Map<Region, Map<string, StepDefinition>>()
  const read = (region: Region): Map<string, StepDefinition> => {
    const known = idsOf.get(region)
    if (known !== undefined) return known
    const ids = new Map(region.steps.map((step) => [step.id, step]))
    idsOf.set(region, ids)
    return ids
  }
  return (from, id) => {
    for (let place: StepPlace | undefined = from; place !== undefined; place = place.parent) {
      const target = read(place.region).get(id)
      if (target !== undefined) return { target, dependent: place }
    }
    return undefined
  }
}
