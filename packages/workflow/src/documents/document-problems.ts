import type { ErrorCode, WorkflowProblem } from '@parley/spec'

/** Where something is in a document, by keys and indexes. */
export type DocumentPath = readonly (string | number)[]

/** A place in the text of a document, both from 1. */
export interface DocumentPosition {
  line: number
  column: number
}

/** A problem of a document, before its place in the text is looked up. */
export interface DocumentFault {
  code: ErrorCode
  at: DocumentPath
  message: string
  fix: string
}

/** Collects what is wrong with a document. */
export interface DocumentProblems {
  add(fault: DocumentFault): void
  /** Whether what is added now is only counted. */
  readonly isFull: boolean
  readonly list: readonly WorkflowProblem[]
}

/** What a collector must know of the document. */
export interface DocumentProblemsOptions {
  /** The document as data; its ids make readable paths. */
  value: unknown
  positions: (path: DocumentPath) => DocumentPosition | undefined
}

/** More problems than anybody reads at once; what comes after is counted in one line. */
const maxProblems = 500

/** Makes a collector that gives every problem its readable path and its place in the text. */
export function createDocumentProblems({ value, positions }: DocumentProblemsOptions): DocumentProblems {
  const list: WorkflowProblem[] = []
  return {
    list,
    get isFull() {
      return list.length > maxProblems
    },
    add({ code, at, message, fix }) {
      if (list.length > maxProblems) return
      if (list.length === maxProblems) {
        const more = `There are more than ${maxProblems} problems; the rest is not shown.`
        list.push({ code: 'document_invalid', path: '', message: more, fix: 'Mend these and load the document again.' })
        return
      }
      list.push({ code, path: showDocumentPath(value, at), ...positions(at), message, fix })
    },
  }
}

/** A path as people read it: `steps.plan.prompt`, with the index only where there is no id. */
export function showDocumentPath(value: unknown, path: DocumentPath): string {
  let shown = ''
  let current: unknown = value
  for (const part of path) {
    current = childOf(current, part)
    const id = typeof part === 'number' ? idOf(current) : undefined
    if (typeof part === 'number' && id === undefined) shown += `[${part}]`
    else shown += `${shown === '' ? '' : '.'}${id ?? part}`
  }
  return shown
}

function childOf(value: unknown, part: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
  // An own key, as just asked.
  return (value as { [key: string | number]: unknown })[part]
}

function idOf(value: unknown): string | undefined {
  for (const key of ['id', 'name']) {
    const id = childOf(value, key)
    if (typeof id === 'string' && /^[\w-]{1,64}$/.test(id)) return id
  }
  return undefined
}
