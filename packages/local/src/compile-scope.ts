import { nearestName, type Json } from '@parley/spec'
import type { DocumentPath, Fault } from './check-schema.ts'
import { compileCondition, ConditionFault, pathsOfCondition, type Condition } from './condition.ts'
import { formatPath, rootNames, type DataPath } from './data-path.ts'
import type { Action, RulesDocument } from './rules-document.ts'
import { compileTemplate, pathsOf, TemplateFault, type Template } from './template.ts'
import { compileValue, pathsOfValue, type ValueTemplate } from './value-template.ts'

/** Keys of `results` that every document has: the last outcome of a request, and the answer to a refused handoff. */
export const builtInResults: readonly string[] = ['outcome', 'handoff_conversation']

/** Whether people hear or read what is rendered; sensitive slots stay out of that. */
export type Use = 'spoken' | 'argument'

/** The names of a document, and where its faults go. */
export interface CompileScope {
  faults: Fault[]
  savesOf: ReadonlyMap<string, readonly string[]>
  fault(path: DocumentPath, expected: string): void
  /** Checks a slot that can be asked for. */
  declaredSlot(slot: string, path: DocumentPath): void
  /** Checks a slot that is declared or given by an intent. */
  slot(slot: string, path: DocumentPath): void
  intent(intent: string, path: DocumentPath): void
  result(key: string, path: DocumentPath): void
  template(source: string, path: DocumentPath, use: Use): Template
  value(source: Json, path: DocumentPath, use: Use): ValueTemplate
  condition(source: string, path: DocumentPath): Condition
}

/** Makes the scope of a document whose form was checked. */
export function createCompileScope(document: RulesDocument): CompileScope {
  const faults: Fault[] = []
  const declared = Object.keys(document.slots ?? {})
  const intents = Object.keys(document.intents ?? {})
  const given = Object.values(document.intents ?? {}).flatMap(({ set }) => Object.keys(set ?? {}))
  const slots = [...new Set([...declared, ...given])]
  const savesOf = collectSaves(document)
  const results = [...new Set([...savesOf.keys(), ...[...savesOf.values()].flat(), ...builtInResults])]
  const sensitive = Object.entries(document.slots ?? {}).flatMap(([id, slot]) => (slot.sensitive ? [id] : []))

  const fault = (path: DocumentPath, expected: string): void => void faults.push({ path, expected })
  const known = (kind: string, name: string, names: readonly string[], path: DocumentPath): void => {
    if (names.includes(name)) return
    const nearest = nearestName(name, names)
    fault(path, `${kind}, not "${name}"${nearest === undefined ? '' : ` (did you mean "${nearest}"?)`}`)
  }
  const checkPaths = (paths: readonly DataPath[], path: DocumentPath, use: Use): void => {
    for (const each of paths) {
      const [root, first] = each
      if (!rootNames.some((name) => name === root)) {
        fault(path, `a path that begins with ${rootNames.join(', ')}, not "${formatPath(each)}"`)
      } else if (root === 'slots' && typeof first === 'string') {
        known('a slot of this document', first, slots, path)
        if (use === 'spoken' && sensitive.includes(first)) fault(path, `a text without the sensitive slot "${first}"`)
      } else if (root === 'results' && typeof first === 'string') {
        known('a tool of this document or the key of a saved result', first, results, path)
      }
    }
  }
  const read = <T>(path: DocumentPath, compile: () => T, otherwise: T): T => {
    try {
      return compile()
    } catch (error) {
      if (!(error instanceof TemplateFault) && !(error instanceof ConditionFault)) throw error
      fault(path, error.message)
      return otherwise
    }
  }
  return {
    faults,
    savesOf,
    fault,
    declaredSlot: (slot, path) => known('a slot of this document', slot, declared, path),
    slot: (slot, path) => known('a slot of this document', slot, slots, path),
    intent: (intent, path) => known('an intent of this document', intent, intents, path),
    result: (key, path) => known('a tool of this document or the key of a saved result', key, results, path),
    template(source, path, use) {
      const template = read(path, () => compileTemplate(source), { source, segments: [] })
      checkPaths(pathsOf(template), path, use)
      return template
    },
    value(source, path, use) {
      const value = read(path, () => compileValue(source), { kind: 'literal', value: null })
      checkPaths(pathsOfValue(value), path, use)
      return value
    },
    condition(source, path) {
      const condition = read(path, () => compileCondition(source), { kind: 'literal', value: false })
      checkPaths(pathsOfCondition(condition), path, 'argument')
      return condition
    },
  }
}

function collectSaves(document: RulesDocument): Map<string, string[]> {
  const saves = new Map<string, string[]>()
  const visit = (actions: readonly Action[]): void => {
    for (const action of actions) {
      if ('tool' in action) {
        const keys = saves.get(action.tool) ?? []
        if (action.save !== undefined && !keys.includes(action.save)) keys.push(action.save)
        saves.set(action.tool, keys)
      }
      for (const branch of branchesOf(action)) visit(branch)
    }
  }
  for (const rule of document.rules) {
    visit(rule.do)
    // A tool that only answers later, or was called under another rules file, is named by `after` alone.
    const after = rule.when?.after
    if (after !== undefined && rule.when?.intent === undefined && !isSaved(saves, after))
      saves.set(after, saves.get(after) ?? [])
  }
  visit(document.fallback ?? [])
  return saves
}

function isSaved(saves: ReadonlyMap<string, readonly string[]>, key: string): boolean {
  return saves.has(key) || [...saves.values()].some((keys) => keys.includes(key))
}

function branchesOf(action: Action): (readonly Action[])[] {
  if ('confirm' in action) return [action.yes ?? [], action.no ?? []]
  if ('if' in action) return [action.then, action.else ?? []]
  if ('tool' in action || 'handoff' in action) return [action.on_error ?? []]
  return []
}
