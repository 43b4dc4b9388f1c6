import {
  parseTemplate,
  type Contract,
  type ContractRef,
  type FailurePolicySpec,
  type Region,
  type StepDefinition,
} from '@parley/spec'
import { parseExpression } from '../conditions/parse-expression.ts'
import { contractRefOf } from '../contracts/contract-ref-of.ts'
import type { FoundProblem } from '../definition/check/found-problem.ts'
import { defaultRetry } from '../definition/step-defaults.ts'
import type { RegisteredFunction, StepAction } from '../step/step-context.ts'
import type { StepDraft } from './step-draft.ts'
import type { Step } from './step.ts'

/** What steps are compiled with, and what is collected on the way. */
export interface StepCompilation {
  readonly functions: Map<string, RegisteredFunction>
  readonly contracts: Map<string, Contract>
  readonly found: FoundProblem[]
  /** Of steps that say nothing. */
  readonly parallel: boolean
  /** Of the workflow, else of the engine. */
  readonly policy: FailurePolicySpec
  readonly maxConcurrency: number
}

/** Makes a region of steps: registers their functions and contracts by the path of each, and adds the edges of adapters. */
export function compileSteps(steps: readonly Step[], compilation: StepCompilation): Region {
  return compileRegion(steps, '', compilation).region
}

function compileRegion(
  steps: readonly Step[],
  prefix: string,
  compilation: StepCompilation,
): { region: Region; outerNames: string[] } {
  const known = new Set(steps.map(({ name }) => name))
  const outerNames: string[] = []
  const definitions = steps.map(({ draft }) => {
    const { definition, names } = compileStep(draft, prefix, compilation)
    const own = names.filter((name) => known.has(name) && name !== definition.id)
    outerNames.push(...names.filter((name) => !known.has(name)))
    return own.length === 0 ? definition : { ...definition, dependsOn: [...definition.dependsOn, ...own] }
  })
  return { region: { kind: 'dag', steps: definitions, maxConcurrency: compilation.maxConcurrency }, outerNames }
}

function compileStep(
  draft: StepDraft,
  prefix: string,
  compilation: StepCompilation,
): { definition: StepDefinition; names: string[] } {
  const { definition, run, steps, parallel, retry } = draft
  const path = `${prefix}${definition.id}`
  const inner = steps && compileRegion(steps, `${path}.`, compilation)
  const condition = compileConditionText(draft, path, compilation)
  const inputContract = refOf(draft.inputContract, `${path}.input`, compilation)
  const outputContract = refOf(draft.outputContract, `${path}.output`, compilation)
  const attempts = (definition.failurePolicy ?? compilation.policy).maxAttempts
  return {
    definition: {
      ...definition,
      parallel: parallel ?? compilation.parallel,
      ...(run && { action: register(run, definition.action ?? path, compilation) }),
      ...(inputContract && { inputContract }),
      ...(outputContract && { outputContract }),
      ...(retry && { retry: { ...defaultRetry(attempts), ...retry } }),
      ...(condition !== undefined && { condition }),
      ...(inner && { region: inner.region }),
    },
    names: [...(run ? templateNames(run, draft, path, compilation) : []), ...(inner?.outerNames ?? [])],
  }
}

function register(run: StepAction, name: string, { functions }: StepCompilation): string {
  // Of two steps with one name, which the check reports, the first counts.
  if (!functions.has(name)) functions.set(name, { name, version: versionOf(run), run })
  return name
}

/** An action says its version by a property of the function. */
function versionOf(run: StepAction): string {
  return 'version' in run && typeof run.version === 'string' ? run.version : '1'
}

/** Names that the template of an adapter's action takes from inputs; those of steps become edges. */
function templateNames(run: StepAction, { definition }: StepDraft, path: string, { found }: StepCompilation): string[] {
  if (!('promptTemplate' in run) || typeof run.promptTemplate !== 'string') return []
  const parsed = parseTemplate(run.promptTemplate, { style: 'brace' })
  if (parsed.ok) {
    const roots = parsed.template.references.map(({ path: [root = ''] }) => root)
    // Of a foreach, the item is no step.
    return definition.foreach === undefined ? roots : roots.filter((root) => root !== 'item')
  }
  for (const { message, line, column } of parsed.problems)
    found.push({
      code: 'template_invalid',
      path: `${pathOf(path)}.action`,
      inside: { line, column },
      message: `The step "${definition.id}" has a template that cannot be read: ${message}`,
      fix: 'Correct the template of the adapter.',
    })
  return []
}

function compileConditionText(
  { definition, conditionText }: StepDraft,
  path: string,
  { found }: StepCompilation,
): StepDefinition['condition'] {
  if (conditionText === undefined) return undefined
  const parsed = parseExpression(conditionText)
  if (parsed.ok) return parsed.logic
  const { message, column } = parsed.problem
  found.push({
    code: 'condition_error',
    path: `${pathOf(path)}.condition`,
    inside: { line: 1, column },
    message: `The condition of the step "${definition.id}" cannot be read (column ${column}): ${message}`,
    fix: 'Correct the expression, such as input.score >= 3 and input.kind == "a".',
  })
  return undefined
}

function refOf(
  contract: Contract | undefined,
  name: string,
  { contracts }: Pick<StepCompilation, 'contracts'>,
): ContractRef | undefined {
  if (contract === undefined) return undefined
  const ref = contractRefOf(contract, name)
  if ('name' in ref) contracts.set(ref.name, contract)
  return ref
}

/** `outer.plan` as a definition's problems name it: `steps.outer.steps.plan`. */
function pathOf(path: string): string {
  return `steps.${path.replaceAll('.', '.steps.')}`
}

/** The contract of a whole workflow as a definition holds it. */
export function contractOfWorkflow(
  contract: Contract | undefined,
  which: 'input' | 'output',
  contracts: Map<string, Contract>,
): ContractRef | undefined {
  // No path of a step begins with a dot.
  return refOf(contract, `.${which}`, { contracts })
}
