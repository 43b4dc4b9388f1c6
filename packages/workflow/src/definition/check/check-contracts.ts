import { ParleyError, type ContractRef } from '@parley/spec'
import { resolveContract } from '../../contracts/resolve-contract.ts'
import type { DefinitionIndex } from './definition-index.ts'
import type { FoundProblem } from './found-problem.ts'

/** Schemas of contracts that cannot be expressed without losing meaning. */
export function checkContracts({ definition, places }: DefinitionIndex): FoundProblem[] {
  const found: FoundProblem[] = []
  const check = (contract: ContractRef | undefined, path: string): void => {
    // One that is named is known or not, which has been looked at.
    if (contract === undefined || 'name' in contract) return
    try {
      resolveContract(contract, new Map())
    } catch (error) {
      if (!ParleyError.isInstance(error)) throw error
      found.push({
        code: error.code,
        path,
        message: `The contract at ${path} cannot be used: ${error.message}`,
        fix: 'Write the schema with keywords that are supported, or register a contract and name it.',
      })
    }
  }
  check(definition.input, 'input')
  check(definition.output, 'output')
  for (const { step, path } of places) {
    check(step.inputContract, `${path}.inputContract`)
    check(step.outputContract, `${path}.outputContract`)
  }
  return found
}
