import type { Json, WorkflowDefinition, WorkflowProblem } from '@parley/spec'
import { finishDefinition } from '../definition/canonical.ts'
import { checkDefinition } from '../definition/check/check-definition.ts'
import { defaultDraft } from '../definition/definition-defaults.ts'
import { walkSteps } from '../definition/walk-steps.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import { checkModels } from './check-models.ts'
import type { DocumentDraft, DocumentKeys } from './document-draft.ts'
import { documentLimits, type DocumentLimits } from './document-limits.ts'
import { originOf } from './document-origins.ts'
import { createDocumentProblems, type DocumentPath, type DocumentPosition } from './document-problems.ts'
import type { DocumentReading } from './document-reading.ts'
import type { DocumentRegistries } from './document-registries.ts'
import { namedFunctions } from './named-functions.ts'
import { readNativeDocument } from './native-document.ts'
import { readNodeDocument } from './nodes/node-document.ts'
import { createOriginalPlaces, type TextPlace } from './original-place.ts'
import { parseDocument } from './parse-document.ts'
import { plainValue } from './plain-value.ts'
import { orderProblems } from './order-problems.ts'
import { readPromptSteps } from './prompt-steps.ts'

/** How a document is loaded. */
export interface LoadDocumentOptions {
  /** @default the limits of `documentLimits` */
  limits?: Partial<DocumentLimits>
  /** From the network: names only, no addresses, commands or environment, and half of all limits. @default false */
  untrusted?: boolean
}

/**
 * Loads a workflow from YAML or JSON text, or from such data: a native document (`parley: 1`), prompt steps, or nodes.
 * Never throws for what is written in it: all problems come at once, with their lines and columns where it is text, and a
 * definition with problems does not run.
 */
export function loadDocument(
  source: unknown,
  registries: DocumentRegistries = {},
  options: LoadDocumentOptions = {},
): CompiledWorkflow {
  const { untrusted = false } = options
  const limits = documentLimits(options.limits, untrusted)
  const read = readSource(source, limits)
  const keys = keysOf(read.value)
  if (keys === undefined) return unreadable(read)

  const problems = createDocumentProblems({ value: keys, positions: (path) => read.positions(path) })
  const { draft, origins } = readShapeOf(keys, { problems, limits, registries, untrusted })
  const functions = namedFunctions(draft.root, registries.functions ?? new Map())
  const versions = Object.fromEntries([...functions].map(([name, { version }]) => [name, version]))
  const definition = finishDefinition({ ...draft, functions: versions })

  const positions = (path: string, inside?: TextPlace): DocumentPosition | undefined =>
    read.positions(originOf({ path, origins, document: keys }), inside)
  const { servers: _servers, providers, allowedEnv: _allowedEnv, ...known } = registries
  const checked = checkDefinition(definition, {
    ...known,
    functions: registries.functions ?? new Map(),
    contracts: registries.contracts ?? new Map(),
    handlers: registries.handlers ?? [],
    limits: { maxSteps: options.limits?.maxSteps ?? documentLimits().maxSteps },
    untrusted,
    unread: unreadSteps(keys, definition),
    positions,
  })
  const models = checkModels(definition, providers).map((problem) => ({ ...problem, ...positions(problem.path) }))
  return {
    definition,
    functions,
    ...(registries.functions === undefined ? {} : { registered: registries.functions }),
    contracts: registries.contracts ?? new Map(),
    problems: orderProblems([...read.problems, ...problems.list, ...models], withoutEchoes(checked, keys)),
  }
}

/** Problems whose places within texts are looked for. */
const maxPlacesWithin = 500

interface SourceReading {
  value: Json | undefined
  problems: readonly WorkflowProblem[]
  positions(path: DocumentPath, inside?: TextPlace): DocumentPosition | undefined
}

function readSource(source: unknown, limits: DocumentLimits): SourceReading {
  if (typeof source === 'string') {
    const { value, problems, positions } = parseDocument(source, limits)
    const originalPlace = createOriginalPlaces()
    let found = 0
    return {
      value,
      problems,
      positions(path, inside) {
        // To look into a text is to read it: of more problems than anybody reads, where the text is must do.
        const isLookedInto = inside !== undefined && (found += 1) <= maxPlacesWithin
        return positions(path, isLookedInto ? (text) => originalPlace(text, inside) : undefined)
      },
    }
  }
  const { value, faults } = plainValue(source, limits)
  const problems = createDocumentProblems({ value, positions: () => undefined })
  for (const fault of faults) problems.add(fault)
  const isReadable = !faults.some(({ code }) => code === 'limit_exceeded')
  return { value: isReadable ? value : undefined, problems: problems.list, positions: () => undefined }
}

function keysOf(value: Json | undefined): DocumentKeys | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}

function readShapeOf(keys: DocumentKeys, reading: DocumentReading): DocumentDraft {
  if (Object.hasOwn(keys, 'parley')) return readNativeDocument(keys, reading)
  if (Object.hasOwn(keys, 'nodes')) return readNodeDocument(keys, reading)
  if (!Object.hasOwn(keys, 'steps')) {
    reading.problems.add({
      code: 'document_invalid',
      at: [],
      message: 'The document has none of "parley", "steps" and "nodes", so it is no workflow.',
      fix: 'Begin it with "parley: 1" and give it "steps" or "nodes".',
    })
  }
  return readPromptSteps(keys, reading)
}

/** Ids of steps that are written in a document and are not in what was read of it. */
function unreadSteps(document: DocumentKeys, { root }: WorkflowDefinition): ReadonlySet<string> {
  const unread = new Set(writtenIds(document))
  for (const { step } of walkSteps(root)) unread.delete(step.id)
  return unread
}

function writtenIds(region: DocumentKeys): string[] {
  return [
    region['steps'],
    region['nodes'],
    Object(region['region'])['steps'],
    Object(region['region'])['nodes'],
  ].flatMap((list) =>
    (Array.isArray(list) ? list : []).flatMap((entry) => {
      const step = keysOf(entry)
      if (step === undefined) return []
      const id = step['id'] ?? step['name']
      return [...(typeof id === 'string' ? [id] : []), ...writtenIds(step)]
    }),
  )
}

/** Steps that were written and cannot be read have been told of: the workflow is not empty. */
function withoutEchoes(checked: readonly WorkflowProblem[], keys: DocumentKeys): readonly WorkflowProblem[] {
  const written = keys['steps'] ?? keys['nodes']
  if (!Array.isArray(written) || written.length === 0) return checked
  return checked.filter(({ code, path }) => code !== 'workflow_empty' || path !== 'steps')
}

/** The result for a text that is no document at all. */
function unreadable({ problems, value }: SourceReading): CompiledWorkflow {
  const nothing = {
    code: 'document_invalid',
    path: '',
    line: 1,
    column: 1,
    message: value === null || value === undefined ? 'The document is empty.' : 'The document is no object.',
    fix: 'Begin it with "parley: 1" and give it "steps" or "nodes".',
  }
  return {
    definition: finishDefinition(defaultDraft('unreadable', { kind: 'dag', steps: [], maxConcurrency: 1 })),
    functions: new Map(),
    contracts: new Map(),
    problems: problems.length > 0 ? problems : [nothing],
  }
}
