import type { ContractRef, FailurePolicySpec, StepDefinition } from '@parley/spec'
import type { DefinitionCheckOptions } from './check-options.ts'
import type { DefinitionIndex } from './definition-index.ts'
import { hintFor, type FoundProblem } from './found-problem.ts'

type Names = { has(name: string): boolean; keys(): Iterable<string> }

/** Names of functions, contracts, handlers, tools, agents, workflows and templates that nobody has registered. */
export function checkRegisteredNames(index: DefinitionIndex, options: DefinitionCheckOptions): FoundProblem[] {
  const { definition, places } = index
  const found: FoundProblem[] = []
  const look = (what: string, name: string | undefined, known: Names | undefined, path: string, who: string): void => {
    if (name === undefined || known === undefined || known.has(name)) return
    found.push({
      code: 'unknown_reference',
      path,
      message: `${who} names the ${what} "${name}", which is not registered.`,
      fix: hintFor(
        name,
        [...known.keys()],
        what === 'function' ? howToDeclare(name) : `Register the ${what}, or name another one.`,
      ),
    })
  }
  const lookContract = (contract: ContractRef | undefined, path: string, who: string): void => {
    if (contract !== undefined && 'name' in contract) look('contract', contract.name, options.contracts, path, who)
  }
  const lookHandler = (policy: FailurePolicySpec | undefined, path: string, who: string): void =>
    look('handler', policy?.customHandler, namesOf(options.handlers), `${path}.customHandler`, who)

  const whole = `The workflow "${definition.name}"`
  lookContract(definition.input, 'input', whole)
  lookContract(definition.output, 'output', whole)
  lookHandler(definition.defaults.failurePolicy, 'defaults.failurePolicy', whole)
  const tools = namesOf(options.tools)
  const actions: { readonly [kind in StepDefinition['kind']]?: readonly [what: string, known: Names | undefined] } = {
    fn: ['function', options.functions],
    agent: ['agent', namesOf(options.agents)],
    workflow: ['workflow', namesOf(options.workflows)],
  }
  for (const { step, path } of places) {
    const who = `The step "${step.id}"`
    const named = actions[step.kind]
    if (named !== undefined) look(named[0], step.action, named[1], `${path}.action`, who)
    if (step.kind === 'tool' && step.action !== undefined) {
      const inner = functionOf(step.action)
      if (inner !== undefined && options.functions?.has(inner) === true) continue
      if (!isOfOwnServer(step.action, index)) look('tool', step.action, tools, `${path}.action`, who)
    }
    const { strategy } = step
    if (strategy.type === 'speculative' && typeof strategy.compare === 'object' && 'function' in strategy.compare)
      look('function', strategy.compare.function, options.functions, `${path}.strategy.compare`, who)
    lookContract(step.inputContract, `${path}.inputContract`, who)
    lookContract(step.outputContract, `${path}.outputContract`, who)
    lookHandler(step.failurePolicy, `${path}.failurePolicy`, who)
  }
  return found
}

/** A function reaches a document from code, or, on the command line, from a module that the document names. */
function howToDeclare(name: string): string {
  return `Give it to loadDocument under functions; on the command line declare it: functions: [{ name: ${name}, path: "my-functions.ts#${name}" }].`
}

function namesOf(names: readonly string[] | undefined): Names | undefined {
  return names && new Set(names)
}

/** The name of a function that is called as a tool: `function://name`. */
function functionOf(uri: string): string | undefined {
  return /^(?:function|python):\/\/(.+)$/.exec(uri)?.[1]
}

/** Tools of a server that the definition declares itself are known when it is connected, not before. */
function isOfOwnServer(uri: string, { definition: { servers } }: DefinitionIndex): boolean {
  const name = /^(?:rest|mcp):\/\/([^./]+)/.exec(uri)?.[1]
  return (
    name !== undefined && (servers.rest.some((one) => one.name === name) || servers.mcp.some((one) => one.id === name))
  )
}
