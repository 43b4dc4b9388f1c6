import { ParleyError, parseTemplate, type Json, type StepDefinition } from '@parley/spec'
import { checkLogic } from '../conditions/check-logic.ts'
import { parseExpression } from '../conditions/parse-expression.ts'

/** A place of a step that reads data by a path. */
export interface StepReference {
  /** Where it is written, below the step: `prompt`, `foreach`, `inputs.id`. */
  readonly field: string
  readonly how: 'template' | 'condition' | 'foreach' | 'argument'
  readonly path: readonly string[]
  /** Whether a missing value has a text to stand in for it. */
  readonly hasFallback: boolean
  /** As it is written. */
  readonly text: string
  /** Within the text of the field, from 1. */
  readonly inside?: { readonly line: number; readonly column: number }
}

/** A text of a step that cannot be read. */
export interface ReferenceFault {
  readonly field: string
  readonly code: 'template_invalid' | 'condition_error'
  readonly message: string
  readonly inside?: { readonly line: number; readonly column: number }
}

/** All that a step reads by name, and which of its texts cannot be read. */
export interface StepReferences {
  readonly references: readonly StepReference[]
  readonly faults: readonly ReferenceFault[]
}

/** Layers of data that a path may begin with. */
export const dataRoots: readonly string[] = ['input', 'steps', 'state', 'context', 'item', 'history', 'templates']

/** Reads what the templates, the condition, the foreach and the arguments of a step refer to. */
export function readReferences(step: StepDefinition): StepReferences {
  const references: StepReference[] = []
  const faults: ReferenceFault[] = []
  const readText = (field: string, text: string | undefined): void => {
    if (text === undefined) return
    const read = readTemplate(field, text)
    // One by one: a long text may have more of them than a call takes arguments.
    for (const reference of read.references) references.push(reference)
    for (const fault of read.faults) faults.push(fault)
  }
  readText('prompt', step.prompt)
  readText('system', step.system)
  readText('rag.query', step.rag?.query)
  readText('wait.show', step.wait?.type === 'approval' ? step.wait.show : undefined)
  if (step.condition !== undefined) readCondition('condition', step.condition, references, faults)
  if (step.switch !== undefined) readSwitch(step.switch.expr, references, faults)
  if (step.foreach !== undefined) {
    const { source } = step.foreach
    references.push({ field: 'foreach', how: 'foreach', path: sourcePath(source), hasFallback: false, text: source })
  }
  if (step.outputSchemaFrom !== undefined) {
    const text = step.outputSchemaFrom
    references.push({ field: 'outputSchemaFrom', how: 'argument', path: text.split('.'), hasFallback: true, text })
  }
  for (const [argument, { type, name, value }] of Object.entries(step.inputs ?? {})) {
    if (type === 'literal') continue
    const text = name ?? (typeof value === 'string' ? value : argument)
    const path = type === 'history' ? ['history', ...text.split('.')] : text.split('.')
    references.push({ field: `inputs.${argument}`, how: 'argument', path, hasFallback: true, text })
  }
  return { references, faults }
}

/** What one template refers to. */
export function readTemplate(field: string, text: string): StepReferences {
  const parsed = parseTemplate(text, { style: 'mustache' })
  if (!parsed.ok) {
    const faults = parsed.problems.map(({ message, line, column }) => ({
      field,
      code: 'template_invalid' as const,
      message,
      inside: { line, column },
    }))
    return { references: [], faults }
  }
  const references = parsed.template.references.map(({ path, fallback, line, column, text: written }) => ({
    field,
    how: 'template' as const,
    path,
    hasFallback: fallback !== undefined,
    text: written,
    inside: { line, column },
  }))
  return { references, faults: [] }
}

function readCondition(field: string, logic: Json, references: StepReference[], faults: ReferenceFault[]): void {
  try {
    for (const path of checkLogic(logic).references)
      references.push({ field, how: 'condition', path, hasFallback: true, text: path.join('.') })
  } catch (error) {
    if (!ParleyError.isInstance(error)) throw error
    faults.push({ field, code: 'condition_error', message: error.message })
  }
}

function readSwitch(text: string, references: StepReference[], faults: ReferenceFault[]): void {
  const parsed = parseExpression(text)
  if (parsed.ok) return readCondition('switch.expr', parsed.logic, references, faults)
  const { message, column } = parsed.problem
  faults.push({ field: 'switch.expr', code: 'condition_error', message, inside: { line: 1, column } })
}

/** A foreach names a key, which may have dots in it, or a path that begins with a layer. */
function sourcePath(source: string): string[] {
  const path = source.split('.')
  return path.length > 1 && dataRoots.includes(path[0] ?? '') ? path : [source]
}

/**
 * The step that a reference means, if it means one. `certain`: nothing else can be meant; otherwise a key of that name
 * is meant just as well.
 */
export function referencedStep({ how, path }: StepReference): { id: string; certain: boolean } | undefined {
  const [root, key] = path
  if (root === undefined) return undefined
  if (root === 'steps' && key !== undefined) return { id: key, certain: true }
  if (how !== 'foreach' && how !== 'argument') return undefined
  // What a step gives is kept in the state under its name.
  if ((root === 'state' || root === 'context') && key !== undefined) return { id: key, certain: false }
  return dataRoots.includes(root) && key !== undefined ? undefined : { id: root, certain: false }
}

/** The key that a step must be allowed to read for a reference; none where nothing of the run's data is named. */
export function readKeyOf({ path }: Pick<StepReference, 'path'>): string | undefined {
  const [root, key] = path
  if (root === undefined || root === 'templates' || root === 'item') return undefined
  if (root === 'history') return 'history'
  // A whole layer is shown as far as the step may see it.
  return dataRoots.includes(root) ? key : root
}
