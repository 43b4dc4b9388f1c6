import type { Json } from '@parley/spec'
import { formatPath, parsePath, readPath, type DataPath, type Roots } from './data-path.ts'
import { formatNames, formatValue, toText, type FormatName } from './format-value.ts'

type Segment = string | Placeholder

interface Placeholder {
  /** Tried in order; a literal ends the chain. */
  choices: readonly ({ path: DataPath } | { literal: Json })[]
  format?: FormatName
}

/** A text with `{{path}}`, `{{path | format}}`, `{{path ?? "text"}}`. */
export interface Template {
  source: string
  segments: readonly Segment[]
}

/** A template that cannot be read: what was expected instead. */
export class TemplateFault extends Error {}

/** What came of a template: a value, or the path that was missing. */
export type Rendered<T> = { ok: true; value: T } | { ok: false; missing: string }

/** Compiles a template. Throws `TemplateFault`. */
export function compileTemplate(source: string): Template {
  const segments: Segment[] = []
  let at = 0
  while (at < source.length) {
    const open = source.indexOf('{{', at)
    if (open < 0) break
    if (open > at) segments.push(source.slice(at, open))
    const close = source.indexOf('}}', open)
    if (close < 0) throw new TemplateFault('"}}" to close "{{"')
    segments.push(compilePlaceholder(source.slice(open + 2, close)))
    at = close + 2
  }
  if (at < source.length) segments.push(source.slice(at))
  return { source, segments }
}

/** The paths a template reads. */
export function pathsOf({ segments }: Template): DataPath[] {
  return segments.flatMap((segment) =>
    typeof segment === 'string' ? [] : segment.choices.flatMap((choice) => ('path' in choice ? [choice.path] : [])),
  )
}

function compilePlaceholder(inner: string): Placeholder {
  const pieces = splitOutsideQuotes(inner)
  const choices: ({ path: DataPath } | { literal: Json })[] = []
  let format: FormatName | undefined
  let sign: string | undefined
  for (const piece of pieces) {
    if (piece === '|' || piece === '??') {
      sign = piece
      continue
    }
    if (sign === '|') format = toFormat(piece)
    else choices.push(toChoice(piece))
  }
  if (choices.length === 0) throw new TemplateFault('a path such as slots.account between {{ and }}')
  return format === undefined ? { choices } : { choices, format }
}

function splitOutsideQuotes(inner: string): string[] {
  return [...inner.matchAll(/"(?:[^"\\]|\\.)*"|'[^']*'|\?\?|\||[^"'|?]+|[?"']/gu)]
    .map(([piece]) => piece.trim())
    .filter((piece) => piece !== '')
}

function toFormat(text: string): FormatName {
  const known = formatNames.find((name) => name === text)
  if (!known) throw new TemplateFault(`one of the formats ${formatNames.join(', ')}, not "${text}"`)
  return known
}

function toChoice(text: string): { path: DataPath } | { literal: Json } {
  if (/^'.*'$/su.test(text)) return { literal: text.slice(1, -1) }
  if (/^".*"$|^-?\d+(?:\.\d+)?$|^(?:true|false|null)$/su.test(text)) {
    try {
      return { literal: JSON.parse(text) as Json } // JSON.parse gives JSON
    } catch {
      throw new TemplateFault(`a text in quotes, not ${text}`)
    }
  }
  const path = parsePath(text)
  if (!path) throw new TemplateFault(`a path such as slots.account, not "${text}"`)
  return { path }
}

/** Renders a text. Inserted text is never rendered again. */
export function renderText(template: Template, roots: Roots, timeZone: string): Rendered<string> {
  let text = ''
  for (const segment of template.segments) {
    if (typeof segment === 'string') {
      text += segment
      continue
    }
    const rendered = renderPlaceholder(segment, roots, timeZone)
    if (!rendered.ok) return rendered
    text += rendered.value === null ? '' : toText(rendered.value)
  }
  return { ok: true, value: text }
}

/** Renders an argument: a template that is one placeholder keeps the type of its value. */
export function renderValue(template: Template, roots: Roots, timeZone: string): Rendered<Json> {
  const [only, ...others] = template.segments
  if (only !== undefined && typeof only !== 'string' && others.length === 0) {
    return renderPlaceholder(only, roots, timeZone)
  }
  return renderText(template, roots, timeZone)
}

function renderPlaceholder({ choices, format }: Placeholder, roots: Roots, timeZone: string): Rendered<Json> {
  for (const choice of choices) {
    if ('literal' in choice) return { ok: true, value: choice.literal }
    const value = readPath(roots, choice.path)
    if (value === undefined) continue
    const shown = format === undefined ? value : formatValue(format, value, timeZone)
    if (shown !== undefined) return { ok: true, value: shown }
  }
  const [first] = choices
  return { ok: false, missing: first && 'path' in first ? formatPath(first.path) : '' }
}
