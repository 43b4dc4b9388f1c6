import { modelFailure, ParleyError, retryAfterMs } from '@parley/spec'
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai'
import { vendorFailure } from './vendor-failure.ts'

/** Translates what the vendor's client threw while sending (`open`) or while the answer was read (`read`). */
export function toModelError(thrown: unknown, stage: 'open' | 'read', modelId: string): ParleyError {
  if (thrown instanceof APIConnectionTimeoutError) return vendorFailure({ modelId, status: 408, cause: thrown })
  if (thrown instanceof APIConnectionError) {
    return stage === 'open' ? vendorFailure({ modelId, cause: thrown }) : brokenOff(modelId, thrown)
  }
  if (thrown instanceof APIError) {
    const { status, code, type, param, message, requestID, headers } = thrown
    return vendorFailure({
      modelId,
      status,
      code: code ?? type,
      param,
      message,
      retryAfterMs: retryAfterMs((name) => headers?.get(name)),
      requestId: requestID,
      cause: thrown,
    })
  }
  if (stage === 'read') return brokenOff(modelId, thrown)
  return new ParleyError({
    code: 'model_request_invalid',
    message: `The request to "${modelId}" could not be sent. Check the options of the model.`,
    details: { model: modelId },
    cause: thrown,
  })
}

function brokenOff(modelId: string, cause: unknown): ParleyError {
  return modelFailure({ modelId, code: 'model_stream_broken', cause })
}
