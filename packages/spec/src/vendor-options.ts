import type { ChatRequest } from './chat-model.ts'
import type { Json } from './json.ts'
import { ParleyError } from './parley-error.ts'

/**
 * Options of a vendor's own, from the request's `vendor`, which an adapter adds to the body as they are.
 * @param vendor - the name they stand under, such as `openai`
 * @param reserved - names that the request itself says
 * @throws {ParleyError} `model_request_invalid` when one of those is among them
 */
export function vendorOptions(
  request: ChatRequest,
  vendor: string,
  reserved: readonly string[],
): { [key: string]: Json } {
  const options = request.vendor?.[vendor]
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return {}
  for (const key of reserved) {
    if (!(key in options)) continue
    throw new ParleyError({
      code: 'model_request_invalid',
      message: `vendor.${vendor}.${key} cannot be set: the request itself says it. Use the request's own field.`,
      details: { path: `vendor.${vendor}.${key}` },
    })
  }
  return options
}
