import {
  ParleyError,
  parseTemplate,
  type Contract,
  type ContractRef,
  type FailurePolicySpec,
  type Region,
  type StepDefinition,
  type Template,
} from '@parley/spec'
import { compileCondition, type CompiledCondition } from '../conditions/compile-condition.ts'
import { parseExpression } from '../conditions/parse-expression.ts'
import { resolveContract } from '../contracts/resolve-contract.ts'
import { defaultFailurePolicy, recoveryOf, type Recovery } from '../failure/failure-policy.ts'
import { planDag, type DagPlan } from '../schedule/dag-plan.ts'
import { planFlow, type FlowPlan } from '../schedule/flow-machine.ts'
import { scopeOf, type Scope } from '../state/scope.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import type { StepAction } from '../step/step-context.ts'

/** A step with all that can be read of it once, before any run. */
export interface PreparedStep {
  readonly step: StepDefinition
  /** Place in the whole definition, for the order in which ready steps begin. */
  readonly order: number
  readonly scope: Scope
  /** False: the step is skipped. */
  readonly condition: CompiledCondition | undefined
  /** Of `if` and `switch`: what leads on. */
  readonly branch: CompiledCondition | undefined
  readonly prompt: Template | undefined
  readonly system: Template | undefined
  readonly query: Template | undefined
  readonly collection: Template | undefined
  readonly inputContract: Contract | undefined
  readonly outputContract: Contract | undefined
  readonly recovery: Recovery
  readonly run: StepAction | undefined
  readonly region: PreparedRegion | undefined
}

/** A region with its plan and its prepared steps. */
export type PreparedRegion =
  | {
      readonly kind: 'dag'
      readonly plan: DagPlan
      readonly steps: readonly PreparedStep[]
      readonly maxConcurrency: number
    }
  | { readonly kind: 'flow'; readonly plan: FlowPlan; readonly steps: ReadonlyMap<string, PreparedStep> }

/** A workflow that is ready to run, as often as one likes. */
export interface PreparedWorkflow {
  readonly compiled: CompiledWorkflow
  readonly root: PreparedRegion
  readonly input: Contract | undefined
  readonly output: Contract | undefined
  /** Templates of the result, by key. */
  readonly outputs: ReadonlyMap<string, Template> | undefined
  /** The first step whose failure may lead to a new plan. */
  readonly replanning: string | undefined
  /** The first step without a condition that calls a tool. */
  readonly calling: StepDefinition | undefined
  /** Steps without a condition that agents do, by agent: the first of each. */
  readonly delegating: ReadonlyMap<string, StepDefinition>
}

const known = new WeakMap<CompiledWorkflow, WeakMap<FailurePolicySpec, PreparedWorkflow>>()

/**
 * Prepares a workflow; the same one is prepared once for each policy.
 * @param policy - of the engine: what holds where neither a step nor the workflow says
 * @throws {ParleyError} `document_invalid` with all problems
 */
export function prepareWorkflow(
  compiled: CompiledWorkflow,
  policy: FailurePolicySpec = defaultFailurePolicy,
): PreparedWorkflow {
  const byPolicy = known.get(compiled) ?? new WeakMap<FailurePolicySpec, PreparedWorkflow>()
  known.set(compiled, byPolicy)
  const before = byPolicy.get(policy)
  if (before !== undefined) return before
  refuseProblems(compiled)
  const { definition } = compiled
  let order = 0
  let replanning: string | undefined
  let calling: StepDefinition | undefined
  const delegating = new Map<string, StepDefinition>()
  const prepareRegion = (region: Region, max = Infinity): PreparedRegion => {
    const steps = region.steps.map(prepareStep)
    if (region.kind === 'dag') {
      const maxConcurrency = Math.min(region.maxConcurrency, max)
      return { kind: 'dag', plan: planDag(region.steps), steps, maxConcurrency }
    }
    return {
      kind: 'flow',
      plan: planFlow(region.start, region.steps),
      steps: new Map(steps.map((prepared) => [prepared.step.id, prepared])),
    }
  }
  const prepareStep = (step: StepDefinition): PreparedStep => {
    order += 1
    const recovery = recoveryOf(step, definition.defaults.failurePolicy, policy, definition.defaults.retry)
    if (mayReplan(recovery)) replanning ??= step.id
    const run =
      step.action === undefined ? undefined : compiled.functions.get(functionName(step.action, step.kind))?.run
    // A step that may be skipped can do without what it needs.
    if (step.condition === undefined) {
      if (step.kind === 'tool' && run === undefined) calling ??= step
      if (step.kind === 'agent' && step.action !== undefined && !delegating.has(step.action))
        delegating.set(step.action, step)
    }
    return {
      step,
      order,
      scope: scopeOf(step),
      condition: step.condition === undefined || step.kind === 'if' ? undefined : compileCondition(step.condition),
      branch: branchOf(step),
      prompt: templateOf(step.prompt, `steps.${step.id}.prompt`),
      system: templateOf(step.system, `steps.${step.id}.system`),
      query: templateOf(step.rag?.query, `steps.${step.id}.query`),
      collection: templateOf(step.rag?.collection, `steps.${step.id}.collection`),
      inputContract: contractOf(step.inputContract, compiled),
      outputContract: contractOf(step.outputContract, compiled),
      recovery,
      run,
      region: step.region === undefined ? undefined : prepareRegion(step.region, step.maxConcurrency),
    }
  }
  const root = prepareRegion(definition.root)
  const prepared: PreparedWorkflow = {
    compiled,
    root,
    replanning,
    calling,
    delegating,
    input: contractOf(definition.input, compiled),
    output: contractOf(definition.output, compiled),
    outputs:
      definition.outputs === undefined
        ? undefined
        : new Map(
            Object.entries(definition.outputs).flatMap(([key, source]) => {
              const template = templateOf(source, `outputs.${key}`)
              return template === undefined ? [] : [[key, template] as const]
            }),
          ),
  }
  byPolicy.set(policy, prepared)
  return prepared
}

function mayReplan({ policy: { onValidationFail, onExecutionFail, fallbackAction } }: Recovery): boolean {
  return onValidationFail === 'replan' || onExecutionFail === 'replan' || fallbackAction === 'replan'
}

/** A step of kind `tool` names a function of its workflow by the address `function://name`. */
export function functionName(action: string, kind: StepDefinition['kind']): string {
  return kind === 'tool' ? action.replace(/^function:\/\//, '') : action
}

/** @throws {ParleyError} `document_invalid`, with all problems in the details */
function refuseProblems({ problems: all, definition }: CompiledWorkflow): void {
  const problems = all.filter(({ severity }) => severity !== 'warning')
  if (problems.length === 0) return
  const lines = problems
    .slice(0, 10)
    .map(({ path, line, message, fix }) =>
      `${path}${line === undefined ? '' : ` (line ${line})`}: ${message} ${fix}`.trim(),
    )
  throw new ParleyError({
    code: 'document_invalid',
    message: `The workflow "${definition.name}" cannot run. ${lines.join('\n')}`,
    details: { problems: problems.map(({ code, path, message, fix }) => ({ code, path, message, fix })) },
  })
}

function branchOf(step: StepDefinition): CompiledCondition | undefined {
  if (step.kind === 'if') return step.condition === undefined ? undefined : compileCondition(step.condition)
  if (step.kind !== 'switch' || step.switch === undefined) return undefined
  const parsed = parseExpression(step.switch.expr)
  if (parsed.ok) return compileCondition(parsed.logic)
  throw new ParleyError({
    code: 'condition_error',
    message: `The expression of "${step.id}" cannot be read: ${parsed.problem.message}`,
    details: { step: step.id },
  })
}

function templateOf(source: string | undefined, path: string): Template | undefined {
  if (source === undefined) return undefined
  const parsed = parseTemplate(source, { style: 'mustache' })
  if (parsed.ok) return parsed.template
  throw new ParleyError({
    code: 'template_invalid',
    message: `${path}: ${parsed.problems[0]?.message ?? 'The template cannot be read.'}`,
    details: { path },
  })
}

function contractOf(ref: ContractRef | undefined, { contracts }: CompiledWorkflow): Contract | undefined {
  return ref === undefined ? undefined : resolveContract(ref, contracts)
}
