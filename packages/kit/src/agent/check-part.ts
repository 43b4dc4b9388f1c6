import { ParleyError, type ChatPart } from '@parley/spec'

/**
 * Checks a part of an answer before anything relies on it: an adapter of the host's own may give anything. Parts of
 * unknown types pass and are ignored, as new ones would be.
 * @throws {ParleyError} `model_stream_broken` naming the field
 */
export function checkPart(part: ChatPart, modelId: string): void {
  const fault = faultOf(part)
  if (fault === undefined) return
  throw new ParleyError({
    code: 'model_stream_broken',
    message: `The model "${modelId}" gave an answer that cannot be read: ${fault.path} is not ${fault.expected}. Correct its adapter.`,
    retryable: false,
    details: { model: modelId, ...fault },
  })
}

interface Fault {
  path: string
  expected: string
}

// An adapter's types promise all of this; the values come from outside.
function faultOf(part: unknown): Fault | undefined {
  if (!isFields(part)) return { path: 'part', expected: 'an object' }
  switch (part['type']) {
    case 'textDelta':
    case 'thinkingDelta':
      return typeof part['text'] === 'string' ? undefined : { path: 'part.text', expected: 'a text' }
    case 'toolCall': {
      const call = part['call']
      if (!isFields(call)) return { path: 'part.call', expected: 'an object' }
      const field = ['callId', 'name', 'arguments'].find((name) => typeof call[name] !== 'string')
      return field === undefined ? undefined : { path: `part.call.${field}`, expected: 'a text' }
    }
    case 'usage':
    case 'end':
      return usageFault(part['usage'])
    default:
      return undefined
  }
}

function usageFault(usage: unknown): Fault | undefined {
  if (!isFields(usage)) return { path: 'part.usage', expected: 'an object' }
  const field = ['inputTokens', 'outputTokens'].find((name) => !isCount(usage[name]))
  return field === undefined ? undefined : { path: `part.usage.${field}`, expected: 'a number of at least 0' }
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
