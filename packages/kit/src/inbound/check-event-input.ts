import { checkOptions, eventTypes, ParleyError, visibilitySchema, type EventInput, type Visibility } from '@parley/spec'
import type { KitLimits } from '../core/limits.ts'
import { checkContent, checkMetadata } from './check-content.ts'
import { copyJson } from './copy-json.ts'

const known = [
  'content',
  'type',
  'visibility',
  'responseVisibility',
  'addressedTo',
  'parentEventId',
  'correlationId',
  'idempotencyKey',
  'metadata',
  'channelData',
]
const ownTypes: ReadonlySet<string> = new Set(eventTypes)

/**
 * Checks everything of an event that needs no room. Gives a copy: nothing a caller holds becomes part of the log.
 * @throws {ParleyError} `invalid_options`, `content_invalid`, `content_too_large`, `metadata_too_large`
 */
export function checkEventInput(given: Partial<EventInput>, limits: KitLimits): EventInput {
  if (given === undefined) throw bad('content', 'an event')
  checkOptions('An event', given, known)
  const input: EventInput = { ...given, content: checkContent(given.content, limits) }
  const { type, addressedTo, idempotencyKey, parentEventId, correlationId, metadata, channelData } = given
  if (type !== undefined && !ownTypes.has(type) && !(typeof type === 'string' && /^x\.[^.]+\..+/.test(type))) {
    throw bad('type', 'a known event type, or x.<namespace>.<name>')
  }
  if (metadata !== undefined) input.metadata = checkMetadata(metadata, limits.metadataBytes, 'metadata')
  if (given.visibility !== undefined) input.visibility = checkedVisibility('visibility', given.visibility)
  if (given.responseVisibility !== undefined)
    input.responseVisibility = checkedVisibility('responseVisibility', given.responseVisibility)
  if (addressedTo !== undefined && addressedTo !== null) {
    if (!isStrings(addressedTo)) throw bad('addressedTo', 'a list of channel ids, or null')
    input.addressedTo = [...addressedTo]
  }
  if (idempotencyKey !== undefined && !isText(idempotencyKey))
    throw bad('idempotencyKey', 'a text of 1 to 256 characters')
  if (parentEventId !== undefined && !isText(parentEventId)) throw bad('parentEventId', 'the id of an event')
  if (correlationId !== undefined && !isText(correlationId)) throw bad('correlationId', 'a text of 1 to 256 characters')
  if (channelData !== undefined) {
    const copied = copyJson(channelData)
    if (copied === undefined || !copied.json.startsWith('{')) throw bad('channelData', 'a plain JSON object')
    // A copy of plain JSON has the shape of what was copied.
    input.channelData = copied.copy as NonNullable<EventInput['channelData']>
  }
  return input
}

function checkedVisibility(path: string, visibility: Visibility): Visibility {
  if (typeof visibility === 'string' && named.has(visibility)) return visibility
  const result = visibilitySchema.safeParse(visibility)
  if (!result.success) throw bad(path, 'a visibility')
  return typeof result.data === 'object' ? { only: [...result.data.only] } : result.data
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= 256
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
