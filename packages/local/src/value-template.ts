import type { Json } from '@parley/spec'
import type { DataPath, Roots } from './data-path.ts'
import { compileTemplate, pathsOf, renderValue, type Rendered, type Template } from './template.ts'

/** An argument: a template, or a literal, list or map that may hold templates. */
export type ValueTemplate =
  | { kind: 'template'; template: Template }
  | { kind: 'literal'; value: Json }
  | { kind: 'list'; entries: ValueTemplate[] }
  | { kind: 'map'; entries: [key: string, value: ValueTemplate][] }

/** Compiles the texts inside a value. Throws `TemplateFault`. */
export function compileValue(value: Json): ValueTemplate {
  if (typeof value === 'string') return { kind: 'template', template: compileTemplate(value) }
  if (Array.isArray(value)) return { kind: 'list', entries: value.map(compileValue) }
  if (typeof value !== 'object' || value === null) return { kind: 'literal', value }
  return { kind: 'map', entries: Object.entries(value).map(([key, entry]) => [key, compileValue(entry)]) }
}

/** Renders a value; keys of a map whose template ends in `?? null` and finds nothing are left out. */
export function renderValueTree(tree: ValueTemplate, roots: Roots, timeZone: string): Rendered<Json> {
  if (tree.kind === 'literal') return { ok: true, value: tree.value }
  if (tree.kind === 'template') return renderValue(tree.template, roots, timeZone)
  if (tree.kind === 'list') {
    const list: Json[] = []
    for (const entry of tree.entries) {
      const rendered = renderValueTree(entry, roots, timeZone)
      if (!rendered.ok) return rendered
      list.push(rendered.value)
    }
    return { ok: true, value: list }
  }
  const map: Record<string, Json> = {}
  for (const [key, entry] of tree.entries) {
    const rendered = renderValueTree(entry, roots, timeZone)
    if (!rendered.ok) return rendered
    if (rendered.value !== null || entry.kind === 'literal') map[key] = rendered.value
  }
  return { ok: true, value: map }
}

/** The paths a value reads. */
export function pathsOfValue(tree: ValueTemplate): DataPath[] {
  if (tree.kind === 'template') return pathsOf(tree.template)
  if (tree.kind === 'list') return tree.entries.flatMap(pathsOfValue)
  return tree.kind === 'map' ? tree.entries.flatMap(([, entry]) => pathsOfValue(entry)) : []
}
