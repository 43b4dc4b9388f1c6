import { restToolOf } from '../tool-servers.ts'
import type { DefinitionIndex } from './definition-index.ts'
import type { FoundProblem } from './found-problem.ts'

/** REST tools that steps call by different methods, of servers that do not say which operations they have. */
export function checkToolMethods({ places, definition }: DefinitionIndex): FoundProblem[] {
  const open = new Set(definition.servers.rest.flatMap(({ name, operations }) => (operations ? [] : [name])))
  const first = new Map<string, { id: string; method: string }>()
  return places.flatMap(({ step, path }) => {
    const tool = step.kind === 'tool' && step.action !== undefined ? restToolOf(step.action) : undefined
    if (tool === undefined || !open.has(tool.server)) return []
    const { id, method = 'get' } = step
    const known = first.get(step.action ?? '')
    if (known === undefined) first.set(step.action ?? '', { id, method })
    if (known === undefined || known.method === method) return []
    return [
      {
        code: 'document_invalid',
        path: `${path}.method`,
        message: `The step "${id}" calls ${step.action} by ${method}, and the step "${known.id}" by ${known.method}.`,
        fix: 'Give the server "operations" with a name for each, such as { tool: add_note, path: note, method: POST }.',
      },
    ]
  })
}
