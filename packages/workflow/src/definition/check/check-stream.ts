import type { DefinitionIndex } from './definition-index.ts'
import type { FoundProblem } from './found-problem.ts'

/** What steps say that they show while they work, and could not. */
export function checkStreams({ places }: DefinitionIndex): FoundProblem[] {
  return places.flatMap(({ step: { id, kind, stream }, path }) => {
    if (stream === undefined) return []
    const found: FoundProblem[] = []
    const report = (field: string, message: string, fix: string, severity?: 'warning'): void => {
      const at = `${path}.${field}`
      found.push({ code: 'document_invalid', path: at, message, fix, ...(severity === undefined ? {} : { severity }) })
    }
    if (kind !== 'llm' && kind !== 'race' && kind !== 'agent') {
      report('stream', `The step "${id}" is of kind ${kind}, which writes no text to show.`, 'Remove "stream".')
      return found
    }
    for (const part of ['instructions', 'partials'] as const) {
      if (stream[part] !== true || kind === 'agent') continue
      const message = `The step "${id}" is of kind ${kind}: it has no steps of its own whose ${part} could be shown.`
      report(`stream.${part}`, message, 'Remove it, or let an agent do the step.')
    }
    const { output, instructions, partials, delta } = stream
    if (delta === true && ![output, instructions, partials].includes(true)) {
      const message = `The step "${id}" says how it shows its text, and shows none.`
      report('stream.delta', message, 'Let its output be shown ("stream_output" of a node), or remove it.', 'warning')
    }
    return found
  })
}
