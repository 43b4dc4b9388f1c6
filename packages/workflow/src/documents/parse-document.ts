import type { Json, WorkflowProblem } from '@parley/spec'
import { Composer, Lexer, LineCounter, Parser, type Document, type ParsedNode } from 'yaml'
import { documentLimits, maxDocumentDepth, type DocumentLimits } from './document-limits.ts'
import { documentPositions } from './document-positions.ts'
import { createDocumentProblems, type DocumentPath, type DocumentPosition } from './document-problems.ts'
import { nodeToValue } from './node-to-value.ts'
import type { TextPlace } from './original-place.ts'
import { textPosition } from './text-position.ts'

/** A document as data, with the way back to its text. */
export interface ParsedDocument {
  /** Absent when the text cannot be read. */
  readonly value: Json | undefined
  readonly problems: readonly WorkflowProblem[]
  /**
   * Where a thing is in the text, or the nearest thing around it that exists; of a text at the path, with `inside`, the
   * place within.
   */
  positions(path: DocumentPath, inside?: (text: string) => TextPlace): DocumentPosition | undefined
}

/** Errors of the text that are told; one broken bracket can cause thousands. */
const maxSyntaxProblems = 20

/**
 * Reads YAML 1.2 (core schema) or JSON. Duplicate keys, custom tags, keys that reach prototypes, numbers that JSON does
 * not have, too many aliases, too deep nesting and too much text are problems, never thrown.
 */
export function parseDocument(text: string, limits: DocumentLimits = documentLimits()): ParsedDocument {
  const tooLarge = sizeProblem(text, limits.maxBytes)
  if (tooLarge !== undefined) return unreadable([tooLarge])

  const lines = new LineCounter()
  const at = (offset: number): DocumentPosition => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const composed = compose(text, lines)
  if ('tooDeepAt' in composed) {
    return unreadable([
      {
        code: 'limit_exceeded',
        path: '',
        ...at(composed.tooDeepAt),
        message: `The document nests lists and objects deeper than ${maxDocumentDepth}.`,
        fix: 'Make it flatter.',
      },
    ])
  }

  const problems = syntaxProblems(composed.documents, at)
  const [document] = composed.documents
  if (problems.length > 0 || document === undefined) return unreadable(problems)

  const places = documentPositions(document)
  const positions: ParsedDocument['positions'] = (path, inside) => {
    const within = inside && textPosition({ node: places.nodeAt(path), source: text, inside })
    const offset = within ?? places.offsetOf(path)
    return offset === undefined ? undefined : at(offset)
  }
  const { value, faults } = nodeToValue(document, limits.maxAliases)
  const collected = createDocumentProblems({ value, positions })
  for (const fault of faults) collected.add(fault)
  // A fault knows its own place: of two equal keys the second one is meant, and a path can only name the first.
  const placed = collected.list.map((problem, index) => {
    const fault = faults[index]
    return fault === undefined ? problem : { ...problem, ...at(fault.offset) }
  })
  return {
    value: placed.some(({ code }) => code === 'limit_exceeded') ? undefined : value,
    problems: placed,
    positions,
  }
}

function unreadable(problems: WorkflowProblem[]): ParsedDocument {
  return { value: undefined, problems, positions: () => undefined }
}

function sizeProblem(text: string, maxBytes: number): WorkflowProblem | undefined {
  // UTF-8 never has fewer bytes than UTF-16 has units, so most of what is too large is found without encoding it.
  const bytes = text.length > maxBytes ? text.length : new TextEncoder().encode(text).length
  if (bytes <= maxBytes) return undefined
  return {
    code: 'limit_exceeded',
    path: '',
    message: `The document has ${bytes} bytes or more; at most ${maxBytes} are read.`,
    fix: 'Split it into several workflows, or raise the limit of the document size.',
  }
}

type Composed = { documents: Document.Parsed<ParsedNode>[] } | { tooDeepAt: number }

/**
 * The composer of the library recurses, and text that nests deeply enough ends the whole process in it. Its parser does not:
 * its stack is watched while it reads.
 */
function compose(text: string, lines: LineCounter): Composed {
  const parser = new Parser(lines.addNewLine)
  const tokens = []
  lines.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token)
    if (parser.stack.length > maxDocumentDepth + 2) return { tooDeepAt: parser.offset }
  }
  for (const token of parser.end()) tokens.push(token)

  const composer = new Composer<ParsedNode>({
    version: '1.2',
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    strict: true,
    logLevel: 'silent',
    // The library compares every key with every other; ours are compared by a set, while the value is made.
    uniqueKeys: false,
  })
  return { documents: [...composer.compose(tokens, true, text.length)] }
}

function syntaxProblems(
  documents: readonly Document.Parsed<ParsedNode>[],
  at: (offset: number) => DocumentPosition,
): WorkflowProblem[] {
  const problems: WorkflowProblem[] = []
  const add = (offset: number, message: string, fix: string): void => {
    if (problems.length < maxSyntaxProblems)
      problems.push({ code: 'document_invalid', path: '', ...at(offset), message, fix })
  }
  for (const [index, document] of documents.entries()) {
    if (index > 0) add(document.range[0], 'The text holds more than one document.', 'Keep one workflow in one file.')
    const { version, explicit } = document.directives.yaml
    if (explicit === true && version !== '1.2') {
      add(0, `The document asks for YAML ${version}.`, 'Remove the %YAML line; documents are YAML 1.2.')
    }
    for (const error of document.errors)
      add(error.pos[0], `The text is neither YAML nor JSON: ${error.message}.`, 'Mend the text here.')
    for (const warning of document.warnings) {
      const isTag = warning.code === 'TAG_RESOLVE_FAILED'
      add(
        warning.pos[0],
        isTag ? `Tags of one's own are not read: ${warning.message}.` : `The text is doubtful: ${warning.message}.`,
        isTag ? 'Remove the tag; documents hold plain data.' : 'Mend the text here.',
      )
    }
  }
  return problems
}
