import type { Json, Region } from '@parley/spec'
import { finishDefinition } from '../definition/canonical.ts'
import { walkSteps } from '../definition/walk-steps.ts'
import { loadDocument } from '../documents/load-document.ts'
import { toDocument } from '../documents/to-document.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import type { EngineParts } from './engine-parts.ts'

/** A plan that was read: the workflow with it, or what is wrong with it, as codes and places. */
export type PlanReading =
  | { ok: true; compiled: CompiledWorkflow }
  | { ok: false; problems: { code: string; path: string }[] }

/**
 * Reads a plan as any document is read. All but its steps stays as it was: contracts, outputs, limits, names that may be
 * called. Steps that have ended have to be in it, where they were.
 */
export function readPlan(
  plan: unknown,
  {
    current,
    settled,
    parts,
  }: { current: CompiledWorkflow; settled: readonly string[]; parts: Pick<EngineParts, 'handlers'> },
): PlanReading {
  const { definition, contracts } = current
  const functions = plannable(current)
  const steps = stepsOf(plan)
  if (steps === undefined) return { ok: false, problems: [{ code: 'plan_invalid', path: '' }] }
  const { steps: _steps, start: _start, nodes: _nodes, max_concurrency: _max, ...head } = toDocument(definition)
  const loaded = loadDocument({ ...head, ...steps }, { functions, contracts, handlers: [...parts.handlers.keys()] })
  const problems = loaded.problems
    .filter(({ severity }) => severity !== 'warning')
    .map(({ code, path }) => ({ code, path }))
  const present = new Set(pathsOf(loaded.definition.root))
  for (const path of settled) if (!present.has(path)) problems.push({ code: 'plan_invalid', path })
  if (problems.length > 0) return { ok: false, problems }
  const { hash: _hash, ...draft } = definition
  const versions = { ...draft.functions, ...loaded.definition.functions }
  const planned = finishDefinition({ ...draft, functions: versions, root: loaded.definition.root })
  return { ok: true, compiled: withPlan(current, planned) }
}

/** The workflow of a run that has had a new plan: the one that it began with, with the plan of its journal. */
export function withPlan(compiled: CompiledWorkflow, definition: CompiledWorkflow['definition']): CompiledWorkflow {
  if (definition.hash === compiled.definition.hash) return compiled
  return { ...compiled, definition, functions: plannable(compiled), problems: [] }
}

/** The functions that a plan may name: those of the host, also where the workflow began without them. */
export function plannable({ functions, registered = new Map() }: CompiledWorkflow): CompiledWorkflow['functions'] {
  return registered.size === 0 ? functions : new Map([...registered, ...functions])
}

/** The keys of a document that say what is done; a plan has nothing else to say. */
function stepsOf(plan: unknown): { [key: string]: Json } | undefined {
  if (typeof plan !== 'object' || plan === null || Array.isArray(plan)) return undefined
  const given = Object.entries(plan).filter(([key]) => ['steps', 'start', 'nodes', 'max_concurrency'].includes(key))
  return given.some(([key]) => key === 'steps' || key === 'nodes') ? Object.fromEntries(given) : undefined
}

/** `outer/inner` of every step. */
function pathsOf(root: Region): string[] {
  return [...walkSteps(root)].map(({ path }) => path.slice('steps.'.length).replaceAll('.steps.', '/'))
}
