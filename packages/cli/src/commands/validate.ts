import { relative } from 'node:path'
import { ParleyError, type Json, type WorkflowProblem } from '@parley/spec'
import { exitCodes } from '../exit-code.ts'
import { allowedDirectories } from '../load/allowed-directories.ts'
import { loadDocumentFile } from '../load/load-document-file.ts'
import { moduleExtensions, resolveInside, workflowExtensions } from '../load/resolve-inside.ts'
import { plainText } from '../plain-text.ts'
import { githubLine } from '../problems/github-line.ts'
import { isWarning, problemText } from '../problems/problem-text.ts'
import type { CommandContext, CommandEnd } from '../command-context.ts'

/** Options of `parley validate`. */
export interface ValidateOptions {
  format?: 'text' | 'json' | 'github'
  strict?: boolean
  workflowsDir?: readonly string[]
}

interface FileProblem {
  file: string
  problem: WorkflowProblem
}

/** Shows all problems of documents. Runs nothing and loads no code. */
export async function validate(
  { world, output, cwd }: CommandContext,
  files: readonly string[],
  { format = output.isJson ? 'json' : 'text', strict = false, workflowsDir = [] }: ValidateOptions,
): Promise<CommandEnd> {
  const allowed = allowedDirectories(cwd, workflowsDir, world.env)
  const found: FileProblem[] = []
  for (const name of files) {
    const file = await documentOf(name, cwd, allowed)
    const shown = relative(cwd, file)
    const { problems } = await loadDocumentFile(file, { cwd, allowed, loadsCode: false })
    for (const problem of problems) found.push({ file: shown, problem })
  }
  const warnings = found.filter(({ problem }) => isWarning(problem)).length
  const errors = found.length - warnings
  const exit = errors > 0 || (strict && warnings > 0) ? exitCodes.no : exitCodes.done
  const summary = `${count(errors, 'error')}, ${count(warnings, 'warning')} in ${count(files.length, 'file')}`
  const result = { problems: found.map(toWireProblem), errors, warnings, files: files.length }
  if (format === 'json' && !output.isJson) {
    // One document, whichever of the two flags asked for it.
    output.printRaw(`${JSON.stringify({ v: 1, type: 'result', ok: exit === exitCodes.done, exit, ...result })}\n`)
  }
  if (format === 'github') for (const { file, problem } of found) output.print(githubLine(file, problem))
  if (format === 'text') {
    for (const { file, problem } of found) output.print(problemText(output, plainText(file), problem))
    output.print(summary)
  }
  if (format !== 'text') output.note(summary)
  return { exit, result }
}

async function documentOf(name: string, cwd: string, allowed: readonly string[]): Promise<string> {
  const file = await resolveInside(name, { cwd, allowed, extensions: workflowExtensions })
  if (file === undefined) {
    throw new ParleyError({ code: 'document_unknown', message: `There is no file ${JSON.stringify(name)}.` })
  }
  if (moduleExtensions.some((ending) => file.endsWith(ending))) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `${JSON.stringify(name)} is code, and validate runs none. Give documents (.yaml, .json); of a workflow in code call workflow.validate() in a test.`,
    })
  }
  return file
}

function toWireProblem({ file, problem }: FileProblem): Json {
  const { code, path, line, column, message, fix } = problem
  return {
    file,
    code,
    path,
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    severity: isWarning(problem) ? 'warning' : 'error',
    message,
    fix,
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
