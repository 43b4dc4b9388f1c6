import { ParleyError, type WaitSpec } from '@parley/spec'
import type { StepAction } from '../step/step-context.ts'
import { draftStep } from './draft-step.ts'
import type { StepDraft } from './step-draft.ts'
import type { StepOptions } from './step-options.ts'

/**
 * One step of a workflow: `new Step({ name, action, ... })` or `new Step(name, action, options)`.
 * @throws {ParleyError} `invalid_options` for unknown options, an action that is no function, two spellings of one thing
 */
export class Step {
  readonly name: string
  /** What it does, in code. */
  readonly action: StepAction | undefined
  /** As declared; edges that templates imply come with the workflow. */
  readonly dependsOn: readonly string[]
  /** What the step was made of, for the workflow that it becomes part of. */
  readonly draft: StepDraft

  constructor(options: StepOptions)
  constructor(name: string, action: StepAction | WaitSpec, options?: Omit<StepOptions, 'name' | 'action'>)
  constructor(
    first: StepOptions | string,
    action?: StepAction | WaitSpec,
    options?: Omit<StepOptions, 'name' | 'action'>,
  ) {
    this.draft = draftStep(toOptions(first, action, options))
    this.name = this.draft.definition.id
    this.action = this.draft.run
    this.dependsOn = this.draft.definition.dependsOn
  }

  /** A step of parts that were read already, such as those of a stored graph. */
  static fromDraft(draft: StepDraft): Step {
    const step: Step = Object.create(Step.prototype)
    return Object.assign(step, {
      draft,
      name: draft.definition.id,
      action: draft.run,
      dependsOn: draft.definition.dependsOn,
    })
  }
}

function toOptions(
  first: StepOptions | string,
  action: StepAction | WaitSpec | undefined,
  options: Omit<StepOptions, 'name' | 'action'> | undefined,
): StepOptions {
  if (typeof first !== 'string') {
    if (action === undefined && options === undefined) return first
    throw new ParleyError({
      code: 'invalid_options',
      message: 'A Step takes one object, or a name, an action and an object. Put all into one object.',
    })
  }
  if (options !== undefined && ('name' in options || 'action' in options)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `The step "${first}" has its name or action twice. Leave them out of the options.`,
    })
  }
  if (action === undefined) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `The action of the step "${first}" is missing. Give a function after the name.`,
      details: { path: 'action' },
    })
  }
  return { ...options, name: first, action }
}
