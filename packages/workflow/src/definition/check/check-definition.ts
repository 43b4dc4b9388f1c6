import type { WorkflowDefinition, WorkflowProblem } from '@parley/spec'
import { checkCache } from './check-cache.ts'
import { checkCapabilities } from './check-capabilities.ts'
import { checkContracts } from './check-contracts.ts'
import { checkCycles } from './check-cycles.ts'
import { checkFlows } from './check-flow.ts'
import { checkDuplicates, checkSelfDependencies, checkStepNames } from './check-graph.ts'
import { checkLimits } from './check-limits.ts'
import type { DefinitionCheckOptions } from './check-options.ts'
import { checkReferences } from './check-references.ts'
import { checkRegisteredNames } from './check-registered-names.ts'
import { checkScopes } from './check-scopes.ts'
import { checkShape } from './check-shape.ts'
import { checkStreams } from './check-stream.ts'
import { checkTemplates } from './check-templates.ts'
import { checkToolMethods } from './check-tool-methods.ts'
import { checkWriteConflicts } from './check-write-conflicts.ts'
import { indexDefinition } from './definition-index.ts'
import type { FoundProblem } from './found-problem.ts'

/**
 * All that is wrong with a definition, at once, in this order: shape, duplicates, self-dependency, unknown references,
 * cycles, scopes, write conflicts, templates and conditions, contracts, capabilities, limits. Empty: it may run.
 */
export function checkDefinition(
  definition: WorkflowDefinition,
  options: DefinitionCheckOptions = {},
): WorkflowProblem[] {
  const index = indexDefinition(definition)
  const found: FoundProblem[][] = [
    checkShape(index),
    checkFlows(index, options),
    checkDuplicates(index),
    checkSelfDependencies(index),
    checkStepNames(index, options),
    checkRegisteredNames(index, options),
    checkToolMethods(index),
    checkCache(index),
    checkStreams(index),
    checkReferences(index, options),
    checkCycles(index),
    checkScopes(index),
    checkWriteConflicts(index),
    [...(options.found ?? [])],
    checkTemplates(index),
    checkContracts(index),
    checkCapabilities(index, options),
    checkLimits(index, options),
  ]
  return found.flat().map(({ inside, ...problem }) => {
    const position = options.positions?.(problem.path, inside)
    return { ...problem, ...(position && { line: position.line, column: position.column }) }
  })
}
