import { isUnsafeKey } from './unsafe-key.ts'

/** `mustache`: `{{path}}`, as in documents. `brace`: `{path}`, as in the templates of adapters. */
export type TemplateStyle = 'mustache' | 'brace'

/** A place in a template that a value is put into. */
export interface TemplateReference {
  /** Such as `['steps', 'plan', 'output']`. What the first name means is up to who renders. */
  path: string[]
  /** Taken where the value is null or missing. */
  fallback?: string
  /** From 1. */
  line: number
  /** From 1, in UTF-16 units. */
  column: number
  /** As it is written, braces included. */
  text: string
}

/** A text that was parsed once: what stands as it is, and the places between. */
export interface Template {
  source: string
  parts: (string | TemplateReference)[]
  /** The references among the parts, in order. */
  references: TemplateReference[]
}

/** What is wrong with a template, and where; lines and columns from 1. */
export interface TemplateProblem {
  message: string
  line: number
  column: number
}

/** A template, or all that is wrong with it. */
export type TemplateResult = { ok: true; template: Template } | { ok: false; problems: TemplateProblem[] }

/** What was found at a brace: a text, a reference, or a problem; and how many characters it takes. */
type Found = { length: number } & ({ text: string } | { path: string[]; fallback?: string } | { problem: string })

const segment = String.raw`[\p{L}\p{N}_-]+`
const path = String.raw`${segment}(?:\.${segment})*`
const quoted = String.raw`"[^"\\]*(?:\\.[^"\\]*)*"|'[^']*'`
const mustachePattern = new RegExp(String.raw`\{\{\s*(${path})(?:\s*\?\?\s*(${quoted}))?\s*\}\}`, 'uy')
const bracePattern = new RegExp(String.raw`\{(${path})\}`, 'uy')

/**
 * Parses a template. Mustache: `{{a.b.0.c}}` and `{{ path ?? "text" }}`, everything else stands as it is. Brace:
 * `{name}`, `{item.field}`, and `{{` `}}` for the braces themselves. Paths are names with dots between them.
 */
export function parseTemplate(source: string, { style }: { style: TemplateStyle }): TemplateResult {
  const find = style === 'mustache' ? findMustache : findBrace
  const parts: Template['parts'] = []
  const references: TemplateReference[] = []
  const problems: TemplateProblem[] = []
  const positionOf = createPositions(source)
  let literal = ''
  let at = 0
  for (;;) {
    const next = nextBrace(source, at, style)
    literal += source.slice(at, next)
    if (next === source.length) break
    const found = find(source, next)
    at = next + found.length
    if ('text' in found) {
      literal += found.text
      continue
    }
    if ('problem' in found) {
      problems.push({ message: found.problem, ...positionOf(next) })
      continue
    }
    const { length, ...what } = found
    const reference = { ...what, ...positionOf(next), text: source.slice(next, next + length) }
    if (literal !== '') parts.push(literal)
    parts.push(reference)
    references.push(reference)
    literal = ''
  }
  if (literal !== '') parts.push(literal)
  return problems.length > 0 ? { ok: false, problems } : { ok: true, template: { source, parts, references } }
}

/** Where the next thing stands that is not plain text; the end of the source if there is none. */
function nextBrace(source: string, at: number, style: TemplateStyle): number {
  if (style === 'mustache') {
    const open = source.indexOf('{{', at)
    return open < 0 ? source.length : open
  }
  for (let index = at; index < source.length; index += 1) {
    if (source[index] === '{' || source[index] === '}') return index
  }
  return source.length
}

function findMustache(source: string, at: number): Found {
  mustachePattern.lastIndex = at
  const match = mustachePattern.exec(source)
  if (match === null) {
    const close = source.indexOf('}}', at)
    if (close < 0) return { length: source.length - at, problem: 'There is no "}}" to close this "{{".' }
    const length = close + 2 - at
    return {
      length,
      problem: `${shorten(source.slice(at, at + length))} is no reference: write {{name}}, {{a.b.0.c}} or {{ path ?? "text" }}.`,
    }
  }
  const [text, written = '', fallbackText] = match
  const length = text.length
  if (fallbackText === undefined) return checkPath(written, length)
  const fallback = readQuoted(fallbackText)
  if (fallback === undefined) {
    return { length, problem: `The text after "??" is not well written: ${shorten(fallbackText)}.` }
  }
  const found = checkPath(written, length)
  return 'path' in found ? { ...found, fallback } : found
}

function findBrace(source: string, at: number): Found {
  const brace = source.charAt(at)
  if (source[at + 1] === brace) return { length: 2, text: brace }
  if (brace === '}') return { length: 1, problem: 'A single "}" closes nothing: write "}}" for a brace.' }
  bracePattern.lastIndex = at
  const match = bracePattern.exec(source)
  if (match === null) {
    // What was meant as a reference is one problem with its closing brace, not two.
    const next = nextBrace(source, at + 1, 'brace')
    const length = source[next] === '}' ? next + 1 - at : 1
    return { length, problem: '"{" opens no reference: write {name}, or "{{" for a brace.' }
  }
  return checkPath(match[1] ?? '', match[0].length)
}

function checkPath(written: string, length: number): Found {
  const names = written.split('.')
  const unsafe = names.find((name) => isUnsafeKey(name))
  if (unsafe !== undefined) return { length, problem: `A path may not contain "${unsafe}".` }
  return { length, path: names }
}

/** The text between quotes: those of JSON with its escapes, or single ones without. */
function readQuoted(written: string): string | undefined {
  if (written.startsWith("'")) return written.slice(1, -1)
  try {
    return String(JSON.parse(written))
  } catch {
    // An escape or a line break that JSON does not know; the caller says where.
    return undefined
  }
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** Gives line and column of offsets that only grow. */
function createPositions(source: string): (offset: number) => { line: number; column: number } {
  let line = 1
  let lineStart = 0
  let nextBreak = source.indexOf('\n')
  return (offset) => {
    while (nextBreak >= 0 && nextBreak < offset) {
      line += 1
      lineStart = nextBreak + 1
      nextBreak = source.indexOf('\n', lineStart)
    }
    return { line, column: offset - lineStart + 1 }
  }
}
