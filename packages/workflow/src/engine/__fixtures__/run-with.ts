import type { RunEvent } from '@parley/spec'
import { createSeededIds, createVirtualClock, type VirtualClock } from '@parley/testing'
import { Step } from '../../builder/step.ts'
import type { StepOptions } from '../../builder/step-options.ts'
import { Workflow } from '../../builder/workflow.ts'
import type { WorkflowOptions } from '../../builder/workflow-options.ts'
import type { StepAction } from '../../step/step-context.ts'
import { createEngine, type Engine } from '../create-engine.ts'
import type { EngineOptions } from '../engine-options.ts'
import type { RunResult } from '../run-result.ts'

/** A step of a test. */
export function step(name: string, action: StepAction, options: Partial<StepOptions> = {}): Step {
  return new Step({ name, action, ...options })
}

/** A workflow of a test. */
export function flowOf(steps: readonly Step[], options: Partial<WorkflowOptions> = {}): Workflow {
  return new Workflow({ name: 'test', steps, ...options })
}

/** An engine in virtual time. */
export function bench(options: EngineOptions = {}): { engine: Engine; clock: VirtualClock } {
  const clock = createVirtualClock()
  return { engine: createEngine({ clock, ids: createSeededIds(1), ...options }), clock }
}

/** Runs in virtual time until nothing is left to wait for. */
export async function runWith(
  workflow: Workflow,
  input: unknown = {},
  options: EngineOptions = {},
): Promise<{ result: RunResult; events: RunEvent[]; elapsedMs: number }> {
  const { engine, clock } = bench(options)
  const beganMs = clock.monotonicMs()
  const running = engine.run(workflow, input, { runId: 'run' })
  let endedMs = beganMs
  const marked = running.then((result) => {
    endedMs = clock.monotonicMs()
    return result
  })
  await clock.runToRest()
  const result = await marked
  const events: RunEvent[] = []
  for await (const event of engine.events('run', 0)) {
    events.push(event)
    if (/^run_(completed|failed|cancelled|budget_exceeded)$/.test(event.type)) break
  }
  return { result, events, elapsedMs: endedMs - beganMs }
}

/** Types of events of one step. */
export function typesOf(events: readonly RunEvent[], name: string): string[] {
  return events.filter(({ step: of }) => of === name).map(({ type }) => type)
}
