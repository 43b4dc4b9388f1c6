import type { ChatRequest, Json } from '@parley/spec'
import { ParleyError } from '@parley/spec'

/**
 * Options of the vendor's own, from `request.vendor.openai`; they are added to the body as they are.
 * @throws `model_request_invalid` when one would replace what the request itself says
 */
export function vendorOptions(request: ChatRequest, reserved: readonly string[]): { [key: string]: Json } {
  const options = request.vendor?.['openai']
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return {}
  for (const key of reserved) {
    if (!(key in options)) continue
    throw new ParleyError({
      code: 'model_request_invalid',
      message: `vendor.openai.${key} cannot be set: the request itself says it. Use the request's own field.`,
      details: { path: `vendor.openai.${key}` },
    })
  }
  return options
}
