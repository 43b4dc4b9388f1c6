import { createEventQueue, type ToolCallPart } from '@parley/spec'
import type { ToolSet } from '../tools/tool-set.ts'
import { executeCall, type CallEnvironment, type ExecutedCall } from './execute-call.ts'
import { HANDOFF_TOOL_NAME } from './shown-handoff.ts'
import type { LoopEvent } from './loop-event.ts'
import type { LoopInput } from './loop-input.ts'
import type { LoopState } from './loop-state.ts'
import { callError, type CallValue } from './tool-results.ts'

interface Planned {
  call: ToolCallPart
  /** In the turn. */
  position: number
  refusal?: CallValue
}

/**
 * Executes the calls of one step: pure and idempotent ones at once (as many as allowed), effectful ones one after another
 * in call order, handoffs last. Results come in call order.
 */
export async function* executeCalls(
  input: LoopInput,
  state: LoopState,
  tools: ToolSet,
  calls: readonly ToolCallPart[],
): AsyncGenerator<LoopEvent, ExecutedCall[], void> {
  if (calls.length === 0) return []
  const queue = createEventQueue<LoopEvent>()
  const environment: CallEnvironment = { input, state, tools, emit: (event) => queue.push(event) }
  const plan = calls.map((call, index): Planned => {
    const position = state.callCount++
    if (index < input.limits.callsPerStep) return { call, position }
    const message = `More than ${input.limits.callsPerStep} calls in one step. ${call.name} was not run; call it in the next step.`
    return { call, position, refusal: callError('tool_too_many_calls', message) }
  })
  const done = runPlan(environment, plan).finally(() => queue.end())
  // Told again by the `await` below; here it only must not be unheard when the reader leaves early.
  done.catch(() => {})
  yield* queue.events
  const executed = await done
  state.signal.throwIfAborted()
  return plan.flatMap(({ position }) => executed.get(position) ?? [])
}

async function runPlan(environment: CallEnvironment, plan: readonly Planned[]): Promise<Map<number, ExecutedCall>> {
  const { tools, input } = environment
  const executed = new Map<number, ExecutedCall>()
  const run = async ({ call, position, refusal }: Planned): Promise<void> => {
    executed.set(position, await executeCall(environment, call, position, refusal))
  }
  const handoffs = plan.filter(({ call }) => call.name === HANDOFF_TOOL_NAME)
  const others = plan.filter((planned) => !handoffs.includes(planned))
  const isEffectful = ({ call }: Planned): boolean => tools.get(call.name)?.tool.effect === 'effectful'
  const effectful = others.filter(isEffectful)
  const free = others.filter((planned) => !isEffectful(planned))
  const takeNext = async (waiting: Planned[]): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next)
  }
  const places = input.limits.parallelCalls - (effectful.length > 0 ? 1 : 0)
  const workers = Array.from({ length: Math.max(1, Math.min(places, free.length)) }, () => takeNext(free))
  await Promise.all([takeNext(effectful), ...workers])
  await runHandoffs(handoffs, executed, environment)
  return executed
}

/** One handoff is made; once it is accepted, the others of the step are told so. */
async function runHandoffs(
  handoffs: readonly Planned[],
  executed: Map<number, ExecutedCall>,
  environment: CallEnvironment,
): Promise<void> {
  let isAccepted = false
  for (const { call, position, refusal } of handoffs) {
    const late: CallValue = {
      value: { accepted: false, code: 'handoff_in_progress', reason: 'Another handoff of this step was accepted.' },
    }
    const result = await executeCall(environment, call, position, isAccepted ? late : refusal)
    executed.set(position, result)
    isAccepted ||= result.ends === 'handedOff'
  }
}
