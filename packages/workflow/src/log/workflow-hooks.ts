import type { Instant, Json } from '@parley/spec'

/** What a hook is told. */
export interface HookEvent {
  runId: string
  /** Name of the workflow. */
  workflow: string
  step?: string
  /** `path@visit#item`; with `#` it is about one item of a foreach. */
  stepKey?: string
  /** From 1. */
  attempt?: number
  /** What the run event of the same moment carries, with the names of the wire. */
  data: { [key: string]: Json }
  at: Instant
}

/** A run that is about to begin. */
export interface HookRun {
  runId: string
  workflow: string
}

/**
 * Told what happens in a run. Each is awaited, for 5 s at most; one that throws never breaks a run. `onStepComplete`
 * does not fire for skips; of a foreach, start and complete fire per item and once for the whole.
 */
export interface WorkflowHooks {
  /** Asked before a run begins; the run is refused with what this throws. */
  beforeRun?(run: HookRun): void | Promise<void>
  onWorkflowStart?(event: HookEvent): void | Promise<void>
  onWorkflowComplete?(event: HookEvent): void | Promise<void>
  onStepStart?(event: HookEvent): void | Promise<void>
  onStepComplete?(event: HookEvent): void | Promise<void>
  onStepFail?(event: HookEvent): void | Promise<void>
  onStepRetry?(event: HookEvent): void | Promise<void>
  onStepSkip?(event: HookEvent): void | Promise<void>
  onValidationStart?(event: HookEvent): void | Promise<void>
  onValidationComplete?(event: HookEvent): void | Promise<void>
  onValidationFail?(event: HookEvent): void | Promise<void>
}

/** A moment of a run that hooks are told of. */
export type HookName = Exclude<keyof WorkflowHooks, 'beforeRun'>
