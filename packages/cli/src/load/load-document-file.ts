import { readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import {
  loadDocument,
  parseDocument,
  type CompiledWorkflow,
  type DocumentPath,
  type DocumentPosition,
  type RegisteredFunction,
  type StepAction,
} from '@parley/workflow'
import { ParleyError, type Json, type WorkflowProblem } from '@parley/spec'
import { importModule } from './import-module.ts'
import { checkPathText, locateInside, moduleExtensions } from './resolve-inside.ts'

/** How a document is loaded. */
export interface LoadDocumentFileOptions {
  cwd: string
  allowed: readonly string[]
  /** Whether functions that the document names as `module#export` are loaded, or only looked for. @default true */
  loadsCode?: boolean
}

/** Loads a document with the functions that it names. The file must have passed `resolveInside`. */
export async function loadDocumentFile(file: string, options: LoadDocumentFileOptions): Promise<CompiledWorkflow> {
  const text = await readFile(file, 'utf8')
  const functions = new Map<string, RegisteredFunction>()
  const problems: WorkflowProblem[] = []
  const { value, positions } = parseDocument(text)
  for (const { path, at } of functionPaths(value)) {
    const place = positions(at)
    try {
      functions.set(path, { name: path, version: '1', run: await loadFunction(path, dirname(file), options) })
    } catch (error) {
      if (!ParleyError.isInstance(error)) throw error
      if (options.loadsCode !== false) throw placed(error, relative(options.cwd, file), place)
      const shown = `${at[0]}[${at[1]}].path`
      problems.push({ code: error.code, path: shown, ...place, message: error.message, fix: 'Mend the path.' })
      // Told once: that nobody has registered it follows.
      functions.set(path, { name: path, version: '1', run: notLoaded })
    }
  }
  const compiled = loadDocument(text, { functions })
  return problems.length === 0 ? compiled : { ...compiled, problems: [...problems, ...compiled.problems] }
}

/** What `functions` of a document names as `module#export`, and where. */
function functionPaths(value: Json | undefined): { path: string; at: DocumentPath }[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return ['functions', 'python_functions'].flatMap((key) => {
    const list = value[key]
    return (Array.isArray(list) ? list : []).flatMap((entry, index) => {
      const path = typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? entry['path'] : undefined
      return typeof path === 'string' && path.includes('#') ? [{ path, at: [key, index, 'path'] }] : []
    })
  })
}

/** The same error with the place in the document that led to it. */
function placed(error: ParleyError, file: string, place: DocumentPosition | undefined): ParleyError {
  const where = place === undefined ? file : `${file}:${place.line}:${place.column}`
  const { code, details, retryable, message } = error
  return new ParleyError({ code, details, retryable, message: `${where}: ${message}`, cause: error })
}

async function loadFunction(
  path: string,
  folder: string,
  { cwd, allowed, loadsCode = true }: LoadDocumentFileOptions,
): Promise<StepAction> {
  const [module = '', name = ''] = path.split('#', 2)
  const options = { cwd, allowed, extensions: moduleExtensions }
  // Beside the document first: that is where people look.
  checkPathText(module)
  const file = (await locateInside(join(folder, module), options)) ?? (await locateInside(module, options))
  if (file === undefined) {
    throw new ParleyError({
      code: 'document_unknown',
      message: `There is no module ${JSON.stringify(module)} for the function ${JSON.stringify(path)}. It is looked for beside the document and in the working directory.`,
    })
  }
  if (!loadsCode) return notLoaded
  const found = (await importModule(file))[name]
  // A function of a module: what it takes and gives, the contracts of its step say.
  if (typeof found === 'function') return found as StepAction
  throw new ParleyError({
    code: 'import_refused',
    message: `The module of ${JSON.stringify(path)} exports no function of that name. Export it, or mend the path.`,
  })
}

function notLoaded(): never {
  throw new ParleyError({
    code: 'import_refused',
    message: 'The document was loaded without its functions, so it cannot run.',
  })
}
