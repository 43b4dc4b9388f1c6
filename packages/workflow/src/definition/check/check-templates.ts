import { ParleyError } from '@parley/spec'
import { compileCondition } from '../../conditions/compile-condition.ts'
import { readTemplate, referencedStep, type ReferenceFault, type StepReference } from '../step-references.ts'
import type { DefinitionIndex } from './definition-index.ts'
import type { FoundProblem } from './found-problem.ts'
import { maySkip, skippable } from './may-skip.ts'

/** Templates and conditions that cannot be read, and templates that would meet the output of a skipped step. */
export function checkTemplates(index: DefinitionIndex): FoundProblem[] {
  const { definition, places, referencesOf, find } = index
  const { failurePolicy } = definition.defaults
  const found: FoundProblem[] = []
  for (const place of places) {
    const { step, path } = place
    const { references, faults } = referencesOf(place)
    for (const fault of faults) found.push(toProblem(fault, `${path}.${fault.field}`, `The step "${step.id}"`))
    if (step.condition !== undefined && !faults.some(({ field }) => field === 'condition')) {
      const fault = findStaticFault(step.condition)
      if (fault !== undefined) found.push(toProblem(fault, `${path}.condition`, `The step "${step.id}"`))
    }
    for (const reference of references) {
      if (reference.how !== 'template') continue
      const fault = findPathFault(reference)
      if (fault !== undefined) found.push(toProblem(fault, `${path}.${reference.field}`, `The step "${step.id}"`))
      const named = referencedStep(reference)
      const target = named && find(place, named.id)
      if (target === undefined || reference.hasFallback || target.target === target.dependent.step) continue
      const isSkippedToo = target.dependent.region.kind === 'dag' && target.dependent.step.requires === 'success'
      if (!isSkippedToo && maySkip(target.target, failurePolicy))
        found.push(mayBeNull(reference, target.target.id, `${path}.${reference.field}`, `The step "${step.id}"`))
    }
  }
  const skipped = skippable(definition.root, failurePolicy)
  for (const [key, text] of Object.entries(definition.outputs ?? {})) {
    const path = `outputs.${key}`
    const { references, faults } = readTemplate(path, text)
    for (const fault of faults) found.push(toProblem(fault, path, `The output "${key}"`))
    for (const reference of references) {
      const fault = findPathFault(reference)
      if (fault !== undefined) found.push(toProblem(fault, path, `The output "${key}"`))
      const named = referencedStep(reference)
      if (named !== undefined && !reference.hasFallback && skipped.has(named.id))
        found.push(mayBeNull(reference, named.id, path, `The output "${key}"`))
    }
  }
  return found
}

function toProblem({ code, message, inside }: ReferenceFault, path: string, who: string): FoundProblem {
  const what = code === 'template_invalid' ? 'template' : 'condition'
  const where = inside === undefined ? '' : ` (line ${inside.line}, column ${inside.column} of the text)`
  return {
    code,
    path,
    ...(inside && { inside }),
    message: `${who} has a ${what} that cannot work${where}: ${message}`,
    fix: `Correct the ${what}.`,
  }
}

function mayBeNull(reference: StepReference, id: string, path: string, who: string): FoundProblem {
  return {
    code: 'template_may_be_null',
    path,
    ...(reference.inside && { inside: reference.inside }),
    message: `${who} uses ${reference.text}, and the step "${id}" may be skipped.`,
    fix: `Write {{ ${reference.path.join('.')} ?? "text" }} with what stands in for it.`,
  }
}

/** Of a step only its output can be read. */
function findPathFault({ field, path, text, inside }: StepReference): ReferenceFault | undefined {
  const [root, id, part] = path
  if (root !== 'steps' || part === 'output') return undefined
  const message =
    id === undefined
      ? `${text} names no step. Write {{steps.NAME.output}}.`
      : `${text} reads no output. Write {{${['steps', id, 'output', ...path.slice(2)].join('.')}}}.`
  return { field, code: 'template_invalid', message, ...(inside && { inside }) }
}

function findStaticFault(condition: Parameters<typeof compileCondition>[0]): ReferenceFault | undefined {
  try {
    compileCondition(condition)
    return undefined
  } catch (error) {
    if (!ParleyError.isInstance(error)) throw error
    return { field: 'condition', code: 'condition_error', message: error.message }
  }
}
