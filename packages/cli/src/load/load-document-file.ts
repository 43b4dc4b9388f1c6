import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  loadDocument,
  parseDocument,
  type CompiledWorkflow,
  type RegisteredFunction,
  type StepAction,
} from '@parley/workflow'
import { ParleyError, type Json } from '@parley/spec'
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
  for (const path of functionPaths(parseDocument(text).value)) {
    functions.set(path, { name: path, version: '1', run: await loadFunction(path, dirname(file), options) })
  }
  return loadDocument(text, { functions })
}

/** What `functions` of a document names as `module#export`. */
function functionPaths(value: Json | undefined): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const paths: string[] = []
  for (const list of [value['functions'], value['python_functions']]) {
    for (const entry of Array.isArray(list) ? list : []) {
      const path = typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? entry['path'] : undefined
      if (typeof path === 'string' && path.includes('#')) paths.push(path)
    }
  }
  return paths
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
