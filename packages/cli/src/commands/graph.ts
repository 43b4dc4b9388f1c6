import { exitCodes } from '../exit-code.ts'
import { allowedDirectories } from '../load/allowed-directories.ts'
import { loadWorkflow } from '../load/load-workflow.ts'
import type { CommandContext, CommandEnd } from '../command-context.ts'

/** Options of `parley graph`. */
export interface GraphOptions {
  format?: 'text' | 'mermaid' | 'svg'
  workflowsDir?: readonly string[]
}

/** Draws a workflow. */
export async function graph(
  { world, output, cwd }: CommandContext,
  argument: string,
  { format = 'text', workflowsDir = [] }: GraphOptions,
): Promise<CommandEnd> {
  const allowed = allowedDirectories(cwd, workflowsDir, world.env)
  const { compiled } = await loadWorkflow(argument, { cwd, allowed })
  const { drawMermaid, drawSvg, drawText } = await import('@parley/workflow')
  const draw = { text: drawText, mermaid: drawMermaid, svg: drawSvg }[format]
  const drawing = draw(compiled.definition)
  output.print(drawing)
  for (const { message } of compiled.problems) output.note(`${output.paint('yellow', 'warn', 'stderr')}  ${message}`)
  return { exit: exitCodes.done, result: { workflow: compiled.definition.name, format, drawing } }
}
