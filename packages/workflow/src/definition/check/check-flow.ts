import { nearestName, type ContractRef, type Region, type StepDefinition } from '@parley/spec'
import { canonicalJson } from '../canonical.ts'
import type { StepPlace } from '../walk-steps.ts'
import { targetsOf } from './check-graph.ts'
import type { DefinitionCheckOptions } from './check-options.ts'
import { regionsOf, type DefinitionIndex } from './definition-index.ts'
import type { FoundProblem } from './found-problem.ts'

/** Names that a misspelt one is compared with, and misspelt names that are. */
const MAX_NAMES = 1_000
const MAX_MISSPELT = 200

const flowFields = ['next', 'then', 'else', 'switch'] as const
const flowKinds: readonly string[] = ['start', 'end', 'if', 'switch']

/** Rules of a token's way: where it starts and ends, nodes that it never reaches, what does not belong to a graph. */
export function checkFlows(index: DefinitionIndex, { unread }: DefinitionCheckOptions = {}): FoundProblem[] {
  const found: FoundProblem[] = []
  const branches = branchRegions(index)
  for (const { region, path } of regionsOf(index)) {
    const prefix = path === '' ? '' : `${path}.`
    const report = (field: string, message: string, fix: string): void => {
      found.push({ code: 'document_invalid', path: `${prefix}${field}`, message, fix })
    }
    if (region.kind === 'dag') {
      for (const step of region.steps) checkDagStep(step, report)
      continue
    }
    checkEnds(region, branches.has(region), report)
    const reached = reachedFrom(region)
    // Without a start nothing is reached, and behind a node that cannot be read nobody knows: that has been said.
    const hasStart = region.steps.some(({ id }) => id === region.start) && (unread === undefined || unread.size === 0)
    for (const step of region.steps) {
      if (step.dependsOn.length > 0)
        report(
          `steps.${step.id}.dependsOn`,
          `The node "${step.id}" has dependencies, and a flow has none.`,
          'Say where it goes on with next.',
        )
      if (hasStart && !reached.has(step.id))
        report(`steps.${step.id}`, `The node "${step.id}" is never reached.`, 'Lead to it, or take it out.')
    }
  }
  found.push(...checkSharedNodes(index))
  return found
}

type Report = (field: string, message: string, fix: string) => void

function checkDagStep(step: StepDefinition, report: Report): void {
  if (flowKinds.includes(step.kind))
    report(
      `steps.${step.id}.kind`,
      `The step "${step.id}" is of kind ${step.kind}, which only a flow has.`,
      'Use a condition on the steps that depend on it, or a flow region.',
    )
  for (const field of flowFields)
    if (step[field] !== undefined && !flowKinds.includes(step.kind))
      report(
        `steps.${step.id}.${field}`,
        `The step "${step.id}" has ${field}, which only nodes of a flow have.`,
        'Use dependsOn.',
      )
}

function checkEnds(region: Region & { kind: 'flow' }, isBranch: boolean, report: Report): void {
  const starts = region.steps.filter(({ kind }) => kind === 'start')
  const ends = region.steps.filter(({ kind }) => kind === 'end')
  if (isBranch) {
    // An end without an output is where a choice leaves the branch; one with an output would be an end of the run.
    for (const { id, kind } of [...starts, ...ends.filter(({ output }) => output !== undefined)])
      report(`steps.${id}`, `A branch reaches the ${kind} node "${id}".`, 'Let the branch lead to the join only.')
    return
  }
  // A flow without such nodes begins where it says and ends where nothing comes next.
  if (starts.length + ends.length === 0) return
  if (starts.length !== 1)
    report('start', `The flow has ${starts.length} start nodes.`, 'Have exactly one node of type start.')
  else if (starts[0]?.id !== region.start)
    report('start', `The flow starts at "${region.start}", which is no start node.`, `Start at "${starts[0]?.id}".`)
  if (ends.length === 0) report('steps', 'The flow has no end node.', 'Have at least one node of type end.')
  for (const { id, next } of ends)
    if (next !== undefined) report(`steps.${id}.next`, `The end node "${id}" goes on.`, 'Take its next out.')
  for (const step of region.steps)
    if (step.kind !== 'end' && targetsOf(step).length === 0)
      report(`steps.${step.id}`, `The node "${step.id}" leads nowhere.`, 'Give it next, or make it an end.')
  const types = new Map(ends.flatMap(({ id, output = 'output' }) => typeOf(region, output, id)))
  if (new Set(types.values()).size > 1)
    report('steps', `The end nodes ${[...types.keys()].join(', ')} give different types.`, 'Give one type at all ends.')
}

/** The declared type of what an end gives, where it is declared. */
function typeOf(region: Region, key: string, end: string): [string, string][] {
  const writer = region.steps.find((step) => step.output === key && step.outputContract !== undefined)
  const contract: ContractRef | undefined = writer?.outputContract
  return contract === undefined ? [] : [[end, canonicalJson(contract)]]
}

/** Flows that are the branches of a node `parallel`: inside a dag that is a node of a flow. */
function branchRegions({ places }: DefinitionIndex): ReadonlySet<Region> {
  return new Set(
    places.flatMap((place) =>
      place.step.region?.kind === 'flow' && isParallelPlace(place) ? [place.step.region] : [],
    ),
  )
}

function isParallelPlace({ region, parent }: StepPlace): boolean {
  return region.kind === 'dag' && parent?.region.kind === 'flow'
}

/** Nodes that two branches of one `parallel` share. */
function checkSharedNodes({ places }: DefinitionIndex): FoundProblem[] {
  const found: FoundProblem[] = []
  const owners = new Map<Region, Map<string, string>>()
  for (const place of places) {
    const branch = place.parent
    if (branch === undefined || !isParallelPlace(branch)) continue
    const known = owners.get(branch.region) ?? new Map<string, string>()
    owners.set(branch.region, known)
    const owner = known.get(place.step.id)
    if (owner !== undefined && owner !== branch.step.id)
      found.push({
        code: 'document_invalid',
        path: place.path,
        message: `The branches "${owner}" and "${branch.step.id}" share the node "${place.step.id}".`,
        fix: 'Give each branch nodes of its own.',
      })
    known.set(place.step.id, branch.step.id)
  }
  return found
}

function reachedFrom(region: Region & { kind: 'flow' }): ReadonlySet<string> {
  const steps = new Map(region.steps.map((step) => [step.id, step]))
  const ids = [...steps.keys()].slice(0, MAX_NAMES)
  const reached = new Set([region.start])
  let misspelt = 0
  for (const id of reached) {
    const step = steps.get(id)
    if (step === undefined) continue
    for (const [, target] of targetsOf(step)) {
      reached.add(target)
      // A name that is nearly that of a node is told of where it stands; the node is meant.
      if (steps.has(target) || (misspelt += 1) > MAX_MISSPELT) continue
      const meant = nearestName(target, ids)
      if (meant !== undefined) reached.add(meant)
    }
  }
  return reached
}
