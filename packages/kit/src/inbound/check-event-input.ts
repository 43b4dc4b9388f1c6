import { checkOptions, eventTypes, ParleyError, visibilitySchema, type EventInput } from '@parley/spec'
import type { KitLimits } from '../core/limits.ts'
import { checkContent, checkMetadata } from './check-content.ts'

const known = ['content', 'type', 'visibility', 'responseVisibility', 'addressedTo', 'parentEventId', 'correlationId', 'idempotencyKey', 'metadata', 'channelData']
const ownTypes: ReadonlySet<string> = new Set(eventTypes)

/**
 * Checks everything of an event that needs no room.
 * @throws {ParleyError} `invalid_options`, `content_invalid`, `content_too_large`, `metadata_too_large`
 */
export function checkEventInput(given: Partial<EventInput>, limits: KitLimits): EventInput {
  checkOptions('An event', given, known)
  const content = checkContent(given.content, limits)
  checkMetadata(given.metadata, limits.metadataBytes, 'metadata')
  const { type, visibility, responseVisibility, addressedTo, idempotencyKey } = given
  if (type !== undefined && !ownTypes.has(type) && !/^x\.[^.]+\..+/.test(type)) {
    throw bad('type', 'a known event type, or x.<namespace>.<name>')
  }
  for (const [name, value] of [['visibility', visibility], ['responseVisibility', responseVisibility]] as const) {
    if (typeof value === 'object' && !visibilitySchema.safeParse(value).success) throw bad(name, 'a visibility')
    if (typeof value === 'string' && !named.has(value)) throw bad(name, 'a visibility')
  }
  if (addressedTo !== undefined && addressedTo !== null && !isStrings(addressedTo)) throw bad('addressedTo', 'a list of channel ids, or null')
  if (idempotencyKey !== undefined && (typeof idempotencyKey !== 'string' || idempotencyKey === '' || idempotencyKey.length > 256)) {
    throw bad('idempotencyKey', 'a text of 1 to 256 characters')
  }
  return content === given.content ? (given as EventInput) : { ...given, content }
}

const named = new Set(['all', 'transport', 'intelligence', 'internal', 'none'])

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function bad(path: string, expected: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `The field ${path} of the event is not valid: expected ${expected}.`,
    details: { path, expected },
  })
}
