import { ParleyError, type DurableBackend, type RunRecord, type WorkflowDefinition } from '@parley/spec'
import { loadDocument } from '../documents/load-document.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import { builtInTemplates } from '../templates/built-in-templates.ts'
import { plannable, withPlan } from './read-plan.ts'
import type { InlineDocument, Runnable, WorkflowSource } from './engine.ts'

/** The workflows that an engine knows, by name and by hash. */
export class WorkflowRegistry {
  readonly #byName = new Map<string, CompiledWorkflow>()
  readonly #byHash = new Map<string, CompiledWorkflow>()
  readonly #templates = new Map<string, CompiledWorkflow>()

  get byName(): ReadonlyMap<string, CompiledWorkflow> {
    return this.#byName
  }

  register(workflow: WorkflowSource): CompiledWorkflow {
    const compiled = 'compiled' in workflow ? workflow.compiled : workflow
    this.#byName.set(compiled.definition.name, compiled)
    this.#byHash.set(compiled.definition.hash, compiled)
    return compiled
  }

  /**
   * A workflow that is to be run: a name is looked up, a document is loaded.
   * @throws {ParleyError} `document_unknown`; `invalid_options` for what is none of these
   */
  resolve(workflow: Runnable): CompiledWorkflow {
    if (typeof workflow !== 'string') return this.register(isSource(workflow) ? workflow : loadInline(workflow))
    const compiled = this.#byName.get(workflow) ?? this.#template(workflow)
    if (compiled !== undefined) return compiled
    throw new ParleyError({
      code: 'document_unknown',
      message: `There is no workflow "${workflow}". Register it, or use one of ${builtInTemplates.map(({ name }) => name).join(', ')}.`,
      details: { workflow, known: [...this.#byName.keys(), ...builtInTemplates.map(({ name }) => name)] },
    })
  }

  /**
   * What a run is taken up again with.
   * @throws {ParleyError} `definition_mismatch`
   */
  async ofRun(run: RunRecord, backend: DurableBackend): Promise<CompiledWorkflow> {
    const known = this.#byHash.get(run.definitionHash)
    if (known !== undefined) return known
    const named = this.#byName.get(run.workflow) ?? this.#template(run.workflow)
    if (named?.definition.hash === run.definitionHash) return named
    const replanned = named === undefined ? undefined : await ofNewPlan(run, named, backend)
    if (replanned !== undefined) return replanned
    throw new ParleyError({
      code: 'definition_mismatch',
      message:
        named === undefined
          ? `The workflow "${run.workflow}" of run ${run.id} is not registered. Register it with the engine, then resume.`
          : `Run ${run.id} belongs to another version of "${run.workflow}". Register that version, or fork the run to the new one.`,
      details: { runId: run.id, workflow: run.workflow },
    })
  }

  #template(asked: string): CompiledWorkflow | undefined {
    const template = builtInTemplates.find(({ name, version }) => asked === name || asked === `${name}@${version}`)
    if (template === undefined) return undefined
    const compiled = this.#templates.get(template.name) ?? loadDocument(template)
    this.#templates.set(template.name, compiled)
    return compiled
  }
}

function isSource(workflow: Exclude<Runnable, string>): workflow is WorkflowSource {
  if (typeof workflow !== 'object' || workflow === null) throw noWorkflow()
  return 'compiled' in workflow || ('definition' in workflow && 'problems' in workflow)
}

function loadInline(document: InlineDocument): CompiledWorkflow {
  if (!Array.isArray(document.steps) && !Array.isArray(document.nodes)) throw noWorkflow()
  return loadDocument(document)
}

function noWorkflow(): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message:
      'This is no workflow. Give a Workflow, the result of loadDocument, a name, or a document with "steps" or "nodes".',
    details: { path: 'workflow', expected: 'Workflow, document or name' },
  })
}

/** A run that was planned anew has a definition of its own; its functions are those of the workflow it began with. */
async function ofNewPlan(
  run: RunRecord,
  named: CompiledWorkflow,
  backend: DurableBackend,
): Promise<CompiledWorkflow | undefined> {
  if (run.planVersion === 1) return undefined
  const definition: WorkflowDefinition | undefined = await backend.definition(run.definitionHash)
  if (definition === undefined) return undefined
  const functions = plannable(named)
  const isSame = Object.entries(definition.functions).every(
    ([name, version]) => functions.get(name)?.version === version,
  )
  return isSame ? withPlan(named, definition) : undefined
}
