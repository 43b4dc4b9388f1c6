import type { StepDefinition, StepKind, WorkflowDefinition } from '@parley/spec'
import { checkBudget } from './check-budget.ts'
import { checkFailurePolicy, checkRetry } from './check-failure-policy.ts'
import { checkStepValues } from './check-step-values.ts'
import { regionsOf, type DefinitionIndex } from './definition-index.ts'
import type { FoundProblem } from './found-problem.ts'
import { isCount } from './number-kinds.ts'
import { findStepIdFault } from './step-id.ts'

/** What a step of each kind cannot do without. */
const needs: { readonly [kind in StepKind]: readonly (keyof StepDefinition)[] } = {
  fn: ['action'],
  llm: ['prompt'],
  race: ['prompt'],
  agent: ['action'],
  tool: ['action'],
  workflow: ['action'],
  rag: ['rag'],
  if: ['condition', 'then', 'else'],
  switch: ['switch'],
  region: ['region'],
  wait: ['wait'],
  start: ['next'],
  end: [],
}

const kinds: readonly string[] = Object.keys(needs)

/** Names, fields and numbers that cannot be as they are, before anything is looked up. */
export function checkShape(index: DefinitionIndex): FoundProblem[] {
  const { definition, places } = index
  const found = checkHead(definition)
  for (const { region, path } of regionsOf(index)) {
    const at = path === '' ? 'steps' : `${path}.steps`
    if (region.steps.length === 0) {
      const what = path === '' ? `The workflow "${definition.name}"` : `The region of "${path}"`
      found.push({ code: 'workflow_empty', path: at, message: `${what} has no steps.`, fix: 'Add at least one step.' })
    }
    if (region.kind === 'dag' && !isCount(region.maxConcurrency))
      found.push({
        code: 'document_invalid',
        path: path === '' ? 'maxConcurrency' : `${path}.maxConcurrency`,
        message: `maxConcurrency is ${region.maxConcurrency}.`,
        fix: 'Give a whole number of 1 or more.',
      })
  }
  for (const { step, path } of places) found.push(...checkStep(step, path))
  return found
}

function checkHead({ name, limits, defaults, servers }: WorkflowDefinition): FoundProblem[] {
  const found: FoundProblem[] = []
  const report = (path: string, message: string, fix: string): void => {
    found.push({ code: 'document_invalid', path, message, fix })
  }
  if (name.trim() === '') report('name', 'The workflow has no name.', 'Give it a name.')
  for (const [limit, value] of Object.entries(limits))
    if (!isCount(value)) report(`limits.${limit}`, `${limit} is ${value}.`, 'Give a whole number of 1 or more.')
  for (const server of servers.rest) {
    const path = `servers.${server.name}`
    if ((server.url === undefined) === (server.urlEnv === undefined))
      report(
        path,
        `The REST server "${server.name}" has both or neither of url and urlEnv.`,
        'Give exactly one of them.',
      )
    if ((server.usernameEnv === undefined) !== (server.passwordEnv === undefined))
      report(path, `The REST server "${server.name}" has half of its credentials.`, 'Give both or neither of them.')
  }
  for (const server of servers.mcp) {
    const ways = [server.command, server.commandEnv, server.url, server.urlEnv].filter((way) => way !== undefined)
    if (ways.length !== 1)
      report(
        `servers.${server.id}`,
        `The MCP server "${server.id}" says in ${ways.length} ways where it is.`,
        'Give exactly one of command, commandEnv, url and urlEnv.',
      )
  }
  found.push(...checkRetry(defaults.retry, 'defaults.retry'))
  found.push(...checkFailurePolicy(defaults.failurePolicy, 'defaults.failurePolicy'))
  found.push(...checkBudget(defaults.budget, 'budget'))
  return found
}

function checkStep(step: StepDefinition, path: string): FoundProblem[] {
  const found: FoundProblem[] = []
  const fault = findStepIdFault(step.id)
  if (fault !== undefined)
    found.push({
      code: 'document_invalid',
      path,
      message: `"${step.id}" is no id of a step: ${fault}.`,
      fix: 'Use 1 to 64 of a-z, A-Z, 0-9, "_" and "-".',
    })
  if (!kinds.includes(step.kind))
    found.push({
      code: 'document_invalid',
      path: `${path}.kind`,
      message: `The step "${step.id}" has the unknown kind "${step.kind}".`,
      fix: `Use one of ${kinds.join(', ')}.`,
    })
  for (const field of needs[step.kind] ?? []) {
    if (step[field] !== undefined) continue
    found.push({
      code: 'document_invalid',
      path: `${path}.${field}`,
      message: `The step "${step.id}" of kind ${step.kind} has no ${field}.`,
      fix: `Give it ${field}.`,
    })
  }
  found.push(...checkStepValues(step, path))
  found.push(...checkRetry(step.retry, `${path}.retry`))
  found.push(...checkFailurePolicy(step.failurePolicy, `${path}.failurePolicy`))
  found.push(...checkBudget(step.budget, `${path}.budget`))
  return found
}
