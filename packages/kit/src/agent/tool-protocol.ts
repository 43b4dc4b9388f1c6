import type { ChatModel, Json } from '@parley/spec'
import type { AgentOptions } from './agent-options.ts'
import type { LoopInput } from './loop-input.ts'
import { stepsModel } from './steps-model.ts'

/** The model as the loop uses it: as it is, or with tools asked for by structured output. */
export function withToolProtocol(
  model: ChatModel,
  { toolProtocol = 'auto' }: AgentOptions,
  inputs: { readonly [name: string]: Json } = {},
): Pick<LoopInput, 'model' | 'faultOf'> {
  if (toolProtocol === 'native' || (toolProtocol === 'auto' && model.card.tools)) return { model }
  const steps = stepsModel(model, inputs)
  return { model: steps, faultOf: (callId) => steps.faultOf(callId) }
}
