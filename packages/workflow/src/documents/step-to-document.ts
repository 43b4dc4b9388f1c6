import {
  toWireName,
  type ContractRef,
  type ForeachSpec,
  type Json,
  type StepDefinition,
  type StrategySpec,
} from '@parley/spec'
import { defaultStep } from '../definition/step-defaults.ts'
import { snakeFields } from './wire-fields.ts'

/** The keys of a step without those of its own region. What holds by default is left out. */
export function stepToDocument(step: StepDefinition): { [key: string]: unknown } {
  const { id, kind, retry, failurePolicy, budget, modelOptions, history, cache, rag, wait } = step
  const standard = defaultStep(id, kind)
  const unlike = <Field extends keyof StepDefinition>(field: Field): StepDefinition[Field] | undefined =>
    JSON.stringify(step[field]) === JSON.stringify(standard[field]) ? undefined : step[field]
  const keys: { [key: string]: unknown } = {
    id,
    kind,
    depends_on: unlike('dependsOn'),
    requires: unlike('requires'),
    condition: step.condition === undefined ? undefined : conditionToDocument(step.condition),
    action: step.action,
    prompt: step.prompt,
    system: step.system,
    model: step.model,
    model_options: modelOptions && snakeFields(modelOptions),
    tier: unlike('tier'),
    strategy: step.strategy.type === 'single' ? undefined : strategyToDocument(step.strategy),
    capabilities: unlike('capabilities'),
    ...contractKeys('input', step.inputContract),
    ...contractKeys('output', step.outputContract),
    output_schema_from: step.outputSchemaFrom,
    read_keys: step.readKeys,
    write_keys: step.writeKeys,
    retry: retry && snakeFields(retry),
    timeout: step.timeoutMs === undefined ? undefined : step.timeoutMs / 1_000,
    validation_timeout: step.validationTimeoutMs === undefined ? undefined : step.validationTimeoutMs / 1_000,
    failure_policy: failurePolicy && snakeFields(failurePolicy),
    foreach: step.foreach && foreachToDocument(step.foreach),
    // Steps of documents run beside each other unless they say otherwise.
    parallel: step.parallel ? undefined : false,
    max_concurrency: step.maxConcurrency,
    budget: budget && snakeFields(budget),
    effect: unlike('effect'),
    cache: cache && snakeFields(cache),
    inputs: step.inputs,
    method: step.method,
    rag: rag && snakeFields(rag),
    wait: wait && snakeFields(wait),
    next: step.next,
    then: step.then,
    else: step.else,
    switch: step.switch,
    output: step.output,
    history: history && snakeFields(history),
    stream: step.stream,
    max_steps: step.maxSteps,
    allowed_tools: step.allowedTools,
    reducers: step.reducers,
  }
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined))
}

function contractKeys(key: 'input' | 'output', contract: ContractRef | undefined): { [key: string]: unknown } {
  if (contract === undefined) return {}
  return 'schema' in contract ? { [`${key}_schema`]: contract.schema } : { [`${key}_contract`]: contract }
}

/** JSONLogic as it is, but for a bare text, which a document would read as an expression. */
function conditionToDocument(condition: Json): Json {
  return typeof condition === 'string' ? JSON.stringify(condition) : condition
}

function strategyToDocument(strategy: StrategySpec): object {
  return snakeFields(strategy)
}

function foreachToDocument({ policy, ...foreach }: ForeachSpec): object {
  return { ...snakeFields(foreach), policy: toWireName(policy) }
}
