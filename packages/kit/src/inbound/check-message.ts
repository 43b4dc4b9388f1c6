import { checkOptions, ParleyError, type InboundMessage, type Json } from '@parley/spec'
import type { KitLimits } from '../core/limits.ts'
import { copyJson } from './copy-json.ts'

const known = [
  'channelId',
  'senderId',
  'content',
  'type',
  'externalId',
  'threadId',
  'parentEventId',
  'idempotencyKey',
  'providerMessageId',
  'raw',
  'metadata',
  'visibility',
  'responseVisibility',
  'addressedTo',
  'language',
]
const texts = ['externalId', 'threadId', 'providerMessageId', 'language'] as const

/**
 * Checks what a channel says of a message, its content apart. Gives a copy whose `raw` nobody else holds.
 * @throws {ParleyError} `invalid_options`, `content_too_large`
 */
export function checkMessage(message: InboundMessage, limits: KitLimits): InboundMessage {
  if (message === undefined) throw bad('', 'an object')
  checkOptions('An inbound message', message, known)
  for (const name of ['channelId', 'senderId'] as const) {
    const value = message[name]
    if (typeof value !== 'string' || value === '' || value.length > 256)
      throw bad(name, 'a text of 1 to 256 characters')
  }
  for (const name of texts)
    if (message[name] !== undefined && typeof message[name] !== 'string') throw bad(name, 'a text')
  if (message.raw === undefined) return message
  const raw = copyJson(message.raw)
  if (raw === undefined) throw bad('raw', 'plain JSON')
  if (raw.json.length > limits.eventBytes) {
    throw new ParleyError({
      code: 'content_too_large',
      message: `The field raw is larger than ${limits.eventBytes} bytes. Keep large originals elsewhere and refer to them.`,
      details: { path: 'raw', maxBytes: limits.eventBytes },
    })
  }
  // A copy of plain JSON is plain JSON.
  return { ...message, raw: raw.copy as Json }
}

function bad(path: string, expected: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `The field ${path === '' ? 'message' : path} of an inbound message is not valid: expected ${expected}.`,
    details: { path, expected },
  })
}
