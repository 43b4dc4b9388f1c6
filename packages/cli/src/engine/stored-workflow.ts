import { ParleyError, type DurableBackend, type RunRecord } from '@parley/spec'
import type { CompiledWorkflow } from '@parley/workflow'
import { loadWorkflow, type LoadWorkflowOptions } from '../load/load-workflow.ts'

/** Where the workflow of a stored run comes from. */
export interface StoredWorkflowOptions extends LoadWorkflowOptions {
  /** Argument of `--use`. */
  use: string | undefined
}

/**
 * What a stored run is taken up with: the workflow that `--use` names, else its stored definition, if that names no code.
 * @throws {ParleyError} `definition_mismatch`
 */
export async function storedWorkflow(
  backend: DurableBackend,
  run: RunRecord,
  { use, ...places }: StoredWorkflowOptions,
): Promise<CompiledWorkflow> {
  if (use !== undefined) {
    const { compiled } = await loadWorkflow(use, places)
    if (compiled.definition.hash === run.definitionHash) return compiled
    throw new ParleyError({
      code: 'definition_mismatch',
      message: `${JSON.stringify(use)} is another version than the one run ${run.id} was started with. Name that version, or start a new run.`,
      details: { runId: run.id },
    })
  }
  const definition = await backend.definition(run.definitionHash)
  if (definition !== undefined && Object.keys(definition.functions).length === 0) {
    return { definition, functions: new Map(), contracts: new Map(), problems: [] }
  }
  throw new ParleyError({
    code: 'definition_mismatch',
    message: `Workflow ${run.workflow} of run ${run.id} uses functions in code. Name its module: --use <workflow>.`,
    details: { runId: run.id, workflow: run.workflow },
  })
}
