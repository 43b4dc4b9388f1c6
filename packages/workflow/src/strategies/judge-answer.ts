import { ParleyError, toParleyError, type ChatResult, type ContractFault } from '@parley/spec'
import type { ModelCallPorts } from './model-call.ts'

/** What a whole answer is worth. */
export type JudgedAnswer =
  | { status: 'valid'; result: ChatResult; value: unknown }
  | { status: 'invalid'; result: ChatResult; faults: ContractFault[] }
  | { status: 'failed'; error: ParleyError }

/** Holds an answer against how it ended and against its contract. */
export async function judgeAnswer(
  result: ChatResult | undefined,
  modelId: string,
  validate: ModelCallPorts['validate'],
): Promise<JudgedAnswer> {
  if (result === undefined) return { status: 'failed', error: endless(modelId) }
  if (result.reason === 'length') return { status: 'failed', error: cutOff(modelId) }
  if (result.reason === 'contentFilter') return { status: 'failed', error: refused(modelId) }
  if (validate === undefined) return { status: 'valid', result, value: result.text }
  try {
    const check = await validate(result)
    return check.ok
      ? { status: 'valid', result, value: check.value }
      : { status: 'invalid', result, faults: check.faults }
  } catch (thrown) {
    const error = toParleyError(thrown, {
      code: 'contract_output',
      message: `The validator of an answer of "${modelId}" threw. A validator gives faults and does not throw.`,
      details: { model: modelId },
    })
    return { status: 'failed', error }
  }
}

function cutOff(modelId: string): ParleyError {
  return new ParleyError({
    code: 'model_output_truncated',
    message: `The answer of "${modelId}" was cut at its output cap. Raise maxOutputTokens, or ask for less.`,
    details: { model: modelId },
  })
}

function refused(modelId: string): ParleyError {
  return new ParleyError({
    code: 'model_refused',
    message: `The provider of "${modelId}" held its answer back. Change the prompt, or use another model.`,
    details: { model: modelId },
  })
}

function endless(modelId: string): ParleyError {
  return new ParleyError({
    code: 'model_stream_broken',
    message: `The answer of "${modelId}" has no end. Ask again.`,
    details: { model: modelId },
  })
}
