import type { DocumentContext } from './document-context.ts'
import type { DocumentPath } from './document-problems.ts'

/** Tells that a second step has the name of another one, where the second one stands. */
export function addDuplicate(id: string, at: DocumentPath, { problems }: DocumentContext): void {
  const message = `There is already a step "${id}" in this region.`
  problems.add({ code: 'duplicate_step', at, message, fix: 'Give each step of a region an id of its own.' })
}

/** The steps that still fit the limit of the document. */
export function withinStepLimit(
  entries: readonly unknown[],
  at: DocumentPath,
  context: DocumentContext,
): readonly unknown[] {
  const { counter, limits, problems } = context
  const room = limits.maxSteps - counter.steps
  counter.steps += entries.length
  if (entries.length <= room) return entries
  if (room >= 0) {
    const message = `The document has more than ${limits.maxSteps} steps.`
    problems.add({
      code: 'limit_exceeded',
      at,
      message,
      fix: 'Split it into several workflows, or raise the limit of steps.',
    })
  }
  return entries.slice(0, Math.max(0, room))
}
