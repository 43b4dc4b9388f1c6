import type { StepKind } from '@parley/spec'
import type { WrittenStep } from './step-shape.ts'

/** What a step does, as it says itself or as its keys show; absent when they show nothing. */
export function stepKind(written: WrittenStep): StepKind | undefined {
  const { kind } = written
  // A foreach is one step over items: what it does to each, its other keys say.
  if (kind !== undefined && kind !== 'foreach') return kind
  if (written.wait !== undefined) return 'wait'
  if (written.region !== undefined || written.steps !== undefined || written.nodes !== undefined) return 'region'
  if (written.rag !== undefined) return 'rag'
  if (written.switch !== undefined) return 'switch'
  if (written.then !== undefined || written.else !== undefined) return 'if'
  if (written.tool !== undefined) return 'tool'
  if (written.agent !== undefined) return 'agent'
  if (written.workflow !== undefined) return 'workflow'
  if (written.function !== undefined || written.action !== undefined) return 'fn'
  return written.prompt === undefined ? undefined : 'llm'
}
