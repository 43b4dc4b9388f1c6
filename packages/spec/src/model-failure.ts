import type { ErrorCode } from './error-codes.ts'
import type { Json } from './json.ts'
import { ParleyError } from './parley-error.ts'

/** What an adapter knows of a request that its vendor did not answer. */
export interface FailedModelCall {
  modelId: string
  /** One of the codes of models, such as `model_rate_limited`. */
  code: ErrorCode
  /** What the vendor reported, in words that are safe to show, such as a status and a code. */
  reported?: string
  /** Beside the model's id. */
  details?: { [key: string]: Json }
  cause: unknown
}

const sentences: Readonly<Partial<Record<ErrorCode, string>>> = {
  model_unauthorized: 'the key is missing or was refused. Check the key and what it may be used for',
  model_quota: 'the quota of the account is used up. Check the plan and billing',
  model_rate_limited: 'too many requests. Wait, then try again',
  model_context_exceeded: 'the request is longer than the context window. Shorten the conversation',
  model_refused: 'the provider refused the content. Change the request',
  model_request_invalid: 'the request was not accepted. Correct it',
  model_unavailable: 'the provider failed or cannot be reached. Try again',
  model_timeout: 'the provider took too long. Try again',
  model_stream_broken: 'the answer broke off or could not be read. Ask again',
}

/** The error of a model whose vendor did not answer; its text is ours, whatever the vendor said. */
export function modelFailure({ modelId, code, reported = '', details = {}, cause }: FailedModelCall): ParleyError {
  return new ParleyError({
    code,
    message: `The model "${modelId}" did not answer${reported && ` (${reported})`}: ${sentences[code] ?? 'the request failed'}.`,
    details: { model: modelId, ...details },
    cause,
  })
}
