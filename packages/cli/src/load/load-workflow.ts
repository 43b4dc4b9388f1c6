import { extname } from 'node:path'
import { ParleyError } from '@parley/spec'
import type { CompiledWorkflow } from '@parley/workflow'
import { importModule } from './import-module.ts'
import { checkPathText, findNamed, moduleExtensions, resolveInside, workflowExtensions } from './resolve-inside.ts'

/** Where workflows may come from. */
export interface LoadWorkflowOptions {
  cwd: string
  allowed: readonly string[]
}

/** A workflow and where it came from. */
export interface LoadedWorkflow {
  compiled: CompiledWorkflow
  /** Real path of its file. Absent: a built-in template. */
  file?: string
}

const namePattern = /^[a-zA-Z_][a-zA-Z0-9_.-]*(@\d+)?$/

/**
 * Finds what an argument names: a file, a name inside the allowed directories, or a built-in template. Nothing is loaded.
 * @throws {ParleyError} `path_refused`, `document_unknown`
 */
export async function findWorkflow(
  argument: string,
  { cwd, allowed }: LoadWorkflowOptions,
): Promise<{ file: string } | { template: string }> {
  checkPathText(argument)
  const options = { cwd, allowed, extensions: workflowExtensions }
  const isName = namePattern.test(argument) && !workflowExtensions.includes(extname(argument))
  const file = isName ? await findNamed(argument, options) : await findFile(argument, options)
  if (file !== undefined) return { file }
  if (isName) return { template: argument }
  throw unknown(argument)
}

async function findFile(
  argument: string,
  options: LoadWorkflowOptions & { extensions: readonly string[] },
): Promise<string | undefined> {
  const direct = await resolveInside(argument, options)
  if (direct !== undefined) return direct
  for (const cwd of options.allowed) {
    const found = await resolveInside(argument, { ...options, cwd })
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Loads a document, a module that exports `workflow`, or a built-in template.
 * @throws {ParleyError} `path_refused`, `document_unknown`, `import_refused`
 */
export async function loadWorkflow(argument: string, options: LoadWorkflowOptions): Promise<LoadedWorkflow> {
  const found = await findWorkflow(argument, options)
  if ('template' in found) return { compiled: await loadTemplate(found.template) }
  const { file } = found
  if (!moduleExtensions.includes(extname(file))) {
    const { loadDocumentFile } = await import('./load-document-file.ts')
    return { compiled: await loadDocumentFile(file, options), file }
  }
  const { workflow } = await importModule(file)
  if (!isWorkflow(workflow)) {
    throw new ParleyError({
      code: 'import_refused',
      message: `${JSON.stringify(argument)} exports no workflow. Write: export const workflow = new Workflow({ ... }).`,
    })
  }
  return { compiled: workflow.compiled, file }
}

async function loadTemplate(argument: string): Promise<CompiledWorkflow> {
  const { builtInTemplates, loadDocument } = await import('@parley/workflow')
  const [name, version] = argument.split('@')
  const template = builtInTemplates.find(
    (one) => one.name === name && (version === undefined || one.version === version),
  )
  if (template === undefined) throw unknown(argument)
  return loadDocument(template)
}

/** Looked at by its parts, since the module may have another copy of the package. */
function isWorkflow(value: unknown): value is { compiled: CompiledWorkflow } {
  if (typeof value !== 'object' || value === null || !('compiled' in value)) return false
  const { compiled } = value
  return (
    typeof compiled === 'object' &&
    compiled !== null &&
    'definition' in compiled &&
    'functions' in compiled &&
    'problems' in compiled
  )
}

function unknown(argument: string): ParleyError {
  return new ParleyError({
    code: 'document_unknown',
    message: `There is no workflow ${JSON.stringify(argument)}. Name a file (.yaml, .json, .ts), one in --workflows-dir, or a built-in template such as research.`,
  })
}
