import { ParleyError } from '@parley/spec'
import type { PipelineStage } from '@parley/spec'

/** A stage as it is kept: lists instead of iterables. */
export interface CheckedStage extends Omit<PipelineStage, 'next' | 'canReturnTo'> {
  readonly next: readonly string[]
  readonly canReturnTo: readonly string[]
}

/**
 * Checks stages and gives them with plain lists; also which ones nothing leads to.
 * @throws {ParleyError} `pipeline_invalid { stage, field }`
 */
export function checkStages(
  stages: readonly PipelineStage[],
  defaultPhase: string | undefined,
): { stages: CheckedStage[]; unreachable: string[] } {
  const phases = stages.map(({ phase }) => phase)
  const invalid = (stage: string, field: string, expected: string): ParleyError =>
    new ParleyError({
      code: 'pipeline_invalid',
      message: `Stage "${stage}" of the pipeline is wrong in ${field}: expected ${expected}. Known phases: ${phases.join(', ')}.`,
      details: { stage, field, phases },
    })
  const checked = stages.map((stage, position): CheckedStage => {
    const { phase, agentId } = stage
    if (typeof phase !== 'string' || phase === '') throw invalid(String(position), 'phase', 'the name of a phase')
    if (phases.indexOf(phase) !== position) throw invalid(phase, 'phase', 'a name no other stage has')
    if (typeof agentId !== 'string' || agentId === '') throw invalid(phase, 'agentId', 'the id of an agent')
    const next = toList(stage.next)
    const canReturnTo = toList(stage.canReturnTo)
    for (const [field, list] of [
      ['next', next],
      ['canReturnTo', canReturnTo],
    ] as const) {
      const unknown = list.find((name) => !phases.includes(name))
      if (unknown !== undefined) throw invalid(phase, field, `declared phases, not "${unknown}"`)
    }
    return { ...stage, next, canReturnTo }
  })
  if (defaultPhase !== undefined && !phases.includes(defaultPhase))
    throw invalid(defaultPhase, 'defaultPhase', 'a declared phase')
  return { stages: checked, unreachable: unreachable(checked, defaultPhase ?? phases[0]) }
}

function toList(given: string | Iterable<string> | null | undefined): string[] {
  if (given === null || given === undefined) return []
  return typeof given === 'string' ? [given] : [...new Set(given)]
}

function unreachable(stages: readonly CheckedStage[], first: string | undefined): string[] {
  const seen = new Set<string>()
  const visit = (phase: string): void => {
    if (seen.has(phase)) return
    seen.add(phase)
    const stage = stages.find((candidate) => candidate.phase === phase)
    for (const following of [...(stage?.next ?? []), ...(stage?.canReturnTo ?? [])]) visit(following)
  }
  if (first !== undefined) visit(first)
  return stages.map(({ phase }) => phase).filter((phase) => !seen.has(phase))
}
