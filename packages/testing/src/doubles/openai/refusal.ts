/** An answer of the vendor that is an error: status, headers and the body `{ error }`. */
export interface VendorRefusal {
  status: number
  error: { message: string; type: string; param: string | null; code: string | null }
  headers?: Record<string, string>
}

/** A 400 in the vendor's shape. */
export function badRequest(message: string, param: string | null, code: string | null = null): VendorRefusal {
  return { status: 400, error: { message, type: 'invalid_request_error', param, code } }
}

/** A refusal by status, as the vendor words it. */
export function refusalOf(status: number, code?: string | null): VendorRefusal {
  const known = refusals[status] ?? refusals[500]
  // The table has an entry for 500.
  const [message, type, knownCode] = known as readonly [string, string, string | null]
  return { status, error: { message, type, param: null, code: code ?? knownCode } }
}

const refusals: Readonly<Record<number, readonly [message: string, type: string, code: string | null]>> = {
  400: ['Invalid request.', 'invalid_request_error', null],
  401: [
    'Incorrect API key provided. You can find your API key in the settings.',
    'invalid_request_error',
    'invalid_api_key',
  ],
  403: ['You are not allowed to use this resource.', 'invalid_request_error', null],
  404: ['The model does not exist or you do not have access to it.', 'invalid_request_error', 'model_not_found'],
  408: ['Request timed out.', 'server_error', null],
  429: ['Rate limit reached. Please try again later.', 'requests', 'rate_limit_exceeded'],
  500: ['The server had an error while processing your request.', 'server_error', 'server_error'],
  503: ['The server is overloaded. Please try again later.', 'server_error', null],
}
