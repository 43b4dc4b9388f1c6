import { plainText } from '../plain-text.ts'
import type { CliOutput } from '../cli-output.ts'
import type { WorkflowProblem } from '@parley/spec'

/** Whether a definition with this problem still runs. */
export function isWarning({ severity = 'error' }: WorkflowProblem): boolean {
  return severity === 'warning'
}

/** A problem for people: where and what on one line, how to mend it on the next. */
export function problemText(output: CliOutput, file: string, problem: WorkflowProblem): string {
  const { code, path, line, column, message, fix } = problem
  const place = [file, line, column].filter((part) => part !== undefined).join(':')
  const kind = isWarning(problem) ? output.paint('yellow', 'warning') : output.paint('red', 'error')
  const at = path === '' ? '' : `${plainText(path)}: `
  return `${place}  ${kind}  ${code}\n${wrap(`${at}${plainText(message)}`)}\n${wrap(`fix: ${plainText(fix)}`)}`
}

function wrap(text: string): string {
  const indent = '    '
  const lines: string[] = []
  let line = indent
  for (const word of text.split(' ')) {
    if (line !== indent && line.length + 1 + word.length > 80) {
      lines.push(line)
      line = indent
    }
    line += line === indent ? word : ` ${word}`
  }
  return [...lines, line].join('\n')
}
