import {
  matchesGlob,
  narrowGlobs,
  ParleyError,
  type Envelope,
  type Json,
  type Logger,
  type RetryContext,
} from '@parley/spec'
import { cloneJson } from '../state/copy-json.ts'
import { openStateView, type StateView } from '../state/scoped-state.ts'
import type { Inputs, ScopedState, StepContext } from '../step/step-context.ts'
import type { Attempt } from './attempt.ts'
import { readableInput } from './frame.ts'
import { contextModel, countModelCalls } from './model-calls.ts'

let writesOfContext: (context: AttemptContext) => ReadonlyMap<string, Json> | undefined

/** What an attempt has written to the state. Not on the context, where an action could reach it. */
export function writesOf(context: AttemptContext): ReadonlyMap<string, Json> | undefined {
  return writesOfContext(context)
}

/**
 * What one attempt is given. Most steps use little of it, so each part is made when it is first asked for. Its secrets
 * are private fields: nothing that is reachable from it leads around the scope of the step. Each part is a getter, so
 * that parts can be taken out of it and used alone.
 */
export class AttemptContext implements StepContext {
  readonly #attempt: Attempt
  #input: Inputs | undefined
  #item: Inputs[string]
  #state: StateView | undefined

  static {
    writesOfContext = (context) => context.#state?.writes
  }

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  get input(): Inputs {
    if (this.#input === undefined) {
      const { scope, prepared } = this.#attempt
      this.#input = deepFreeze(cloneJson(readableInput(scope.run.input, prepared.scope))) as Inputs // the run's input, whatever it is
    }
    return this.#input
  }

  get inputs(): Inputs {
    return this.#attempt.inputs()
  }

  get state(): ScopedState {
    this.#state ??= openStateView(this.#attempt.scope.state, this.#attempt.prepared.scope)
    return this.#state.state
  }

  get item(): Inputs[string] {
    const { item } = this.#attempt
    if (this.#item === undefined && item !== undefined) this.#item = cloneJson(item.value)
    return this.#item
  }

  get itemIndex(): number | undefined {
    return this.#attempt.item?.index
  }

  get retryContext(): RetryContext | undefined {
    return this.#attempt.retryContext
  }

  get runId(): string {
    return this.#attempt.scope.run.id
  }

  get stepId(): string {
    return this.#attempt.prepared.step.id
  }

  get attempt(): number {
    return this.#attempt.number
  }

  get signal(): AbortSignal {
    return this.#attempt.signal
  }

  get idempotencyKey(): string {
    return this.#attempt.idempotencyKey
  }

  get budget(): readonly Envelope[] {
    return this.#attempt.budget.envelopes
  }

  get tools(): StepContext['tools'] {
    const { kernel } = this.#attempt.scope.parts
    if (kernel === undefined) {
      throw new ParleyError({
        code: 'invalid_options',
        message: `Step "${this.stepId}" uses tools, but the engine has none. Give createEngine a kernel.`,
        details: { path: 'kernel' },
      })
    }
    const attempt = this.#attempt
    const { allowedTools } = attempt.prepared.step
    return {
      describe: (asked) => {
        const names = narrowGlobs(allowedTools, asked)
        return kernel.describe(names === undefined ? undefined : [...names])
      },
      call: async (uri, args, context) => {
        refuseWhenOver(attempt)
        if (allowedTools !== undefined && !matchesGlob(allowedTools, uri)) throw notAllowed(attempt, uri)
        if (context !== undefined) return kernel.call(uri, args, context)
        return attempt.scope.parts.callTool(kernel, uri, args, {
          signal: attempt.signal,
          idempotencyKey: `${attempt.idempotencyKey}:${(attempt.calls += 1)}`,
          step: attempt.prepared.step.id,
          attempt: attempt.number,
          budget: attempt.budget,
        })
      },
    }
  }

  get log(): Logger {
    return this.#attempt.scope.parts.logger.child({ runId: this.runId, step: this.stepId })
  }

  get model(): StepContext['model'] {
    return (options = {}) => {
      refuseWhenOver(this.#attempt)
      return contextModel(this.#attempt, options)
    }
  }

  get incrementLlmCalls(): StepContext['incrementLlmCalls'] {
    return (count = 1) => {
      refuseWhenOver(this.#attempt)
      countModelCalls(this.#attempt, count)
    }
  }

  get emit(): StepContext['emit'] {
    return (delta) => {
      const { deltas, isOver } = this.#attempt
      // Whoever still talks after its timeout is not listened to.
      if (isOver) return
      deltas.add(delta)
    }
  }
}

/** An attempt that is over spends no more. */
function refuseWhenOver({ isOver, prepared, number }: Attempt): void {
  if (!isOver) return
  throw new ParleyError({
    code: 'late_result',
    message: `Attempt ${number} of step "${prepared.step.id}" is over: what it still does has no effect. Let the action end when its signal is aborted.`,
    details: { step: prepared.step.id, attempt: number },
  })
}

function notAllowed({ prepared: { step } }: Attempt, uri: string): ParleyError {
  return new ParleyError({
    code: 'tool_not_allowed',
    message: `Step "${step.id}" may not call "${uri}". Name it in allowedTools if the step needs it.`,
    details: { step: step.id, tool: uri },
  })
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const entry of Object.values(value)) deepFreeze(entry)
  return Object.freeze(value)
}
