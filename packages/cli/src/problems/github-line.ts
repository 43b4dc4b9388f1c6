import { isWarning } from './problem-text.ts'
import type { WorkflowProblem } from '@parley/spec'

/**
 * A problem as GitHub Actions reads it, shown beside the line of the file.
 * @see https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function githubLine(file: string, problem: WorkflowProblem): string {
  const { code, line, column, message, fix } = problem
  const properties = [
    `file=${escapeProperty(file)}`,
    ...(line === undefined ? [] : [`line=${line}`]),
    ...(column === undefined ? [] : [`col=${column}`]),
    `title=${escapeProperty(code)}`,
  ]
  return `::${isWarning(problem) ? 'warning' : 'error'} ${properties.join(',')}::${escapeData(`${message} ${fix}`)}`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
