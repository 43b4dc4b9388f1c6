import { assertNever, blockReasons, contentSchema, eventTypes, visibilitySchema, type RoomEvent } from '@parley/spec'
import { jsonEqual } from '../store/json-equal.ts'
import type { HookMap, SyncTrigger } from './hook-map.ts'
import { syncTriggers } from './hook-map.ts'

/** Something with fields that are yet unknown. */
type Fields = Readonly<Record<string, unknown>>

/**
 * What is wrong with a subject that a hook put in another's place, naming the field; undefined when nothing is.
 * @param payload - the payload before the hook
 */
export function subjectFault<T extends SyncTrigger>(
  trigger: T,
  payload: HookMap[T]['payload'],
  subject: unknown,
): string | undefined {
  // `syncTriggers` says which field of this trigger's payload the subject is.
  const before = (payload as unknown as Fields)[syncTriggers[trigger].subject as string]
  return subject === before ? undefined : fault(trigger, before, subject)
}

function fault(trigger: SyncTrigger, before: unknown, subject: unknown): string | undefined {
  switch (trigger) {
    case 'beforeBroadcast':
      // The payload of this trigger has an event as its subject.
      return eventFault(before as RoomEvent, subject)
    case 'beforeDeliver':
      return contentSchema.safeParse(subject).success ? undefined : 'content'
    case 'onIdentityUnknown':
    case 'onIdentityAmbiguous':
      return decisionFault(subject)
    case 'beforeModelCall':
      return isFields(subject) && isMessages(subject['messages']) ? undefined : 'request.messages'
    case 'beforeToolUse':
      return callFault(before, subject)
    case 'onToolCall':
      return resultFault(subject)
    case 'beforeHandoff':
      return handoffFault(subject)
    case 'onTranscription':
    case 'beforeTts':
    case 'onDtmf':
      return typeof subject === 'string' ? undefined : syncTriggers[trigger].subject
    default:
      return assertNever(trigger)
  }
}

/** What no hook may change. */
const fixedFields = ['id', 'index', 'roomId', 'source', 'idempotencyKey', 'status', 'createdAt', 'chainDepth'] as const
/** Fields of plain data: checked for their kind. */
const optionalText = ['parentEventId', 'correlationId', 'causeId', 'turnId', 'segmentId'] as const

function eventFault(before: RoomEvent, subject: unknown): string | undefined {
  if (!isFields(subject)) return 'event'
  for (const field of fixedFields) if (!jsonEqual(before[field], subject[field])) return `event.${field}`
  if (subject['content'] !== before.content && !contentSchema.safeParse(subject['content']).success)
    return 'event.content'
  for (const field of ['visibility', 'responseVisibility'] as const) {
    const value = subject[field]
    if (value === before[field]) continue
    if (value === undefined && field === 'responseVisibility') continue
    if (!visibilitySchema.safeParse(value).success) return `event.${field}`
  }
  for (const field of optionalText) {
    if (subject[field] !== undefined && typeof subject[field] !== 'string') return `event.${field}`
  }
  if (!isEventType(subject['type'])) return 'event.type'
  const { addressedTo, routing, metadata, channelData } = subject
  if (addressedTo !== null && !(Array.isArray(addressedTo) && addressedTo.every(isText))) return 'event.addressedTo'
  if (routing !== undefined && routing !== before.routing && !isRouting(routing)) return 'event.routing'
  if (metadata !== before.metadata && !(isFields(metadata) && isJson(metadata))) return 'event.metadata'
  if (channelData !== undefined && !(isFields(channelData) && isJson(channelData))) return 'event.channelData'
  return undefined
}

function isEventType(value: unknown): boolean {
  if (typeof value !== 'string') return false
  const known: readonly string[] = eventTypes
  return known.includes(value) || /^x\.[^.\s]+\.\S+$/.test(value)
}

function isRouting(value: unknown): boolean {
  if (!isFields(value)) return false
  const { target, targets, observers, reason, skipped } = value
  if (target !== null && typeof target !== 'string') return false
  if (targets !== undefined && !(Array.isArray(targets) && targets.every(isText))) return false
  return Array.isArray(observers) && observers.every(isText) && typeof reason === 'string' && Array.isArray(skipped)
}

function decisionFault(subject: unknown): string | undefined {
  if (!isFields(subject)) return 'decision'
  switch (subject['kind']) {
    case 'resolved':
      return isFields(subject['identity']) && isText(subject['identity']['id']) ? undefined : 'decision.identity'
    case 'pending': {
      if (subject['displayName'] !== undefined && !isText(subject['displayName'])) return 'decision.displayName'
      const { candidates } = subject
      return candidates === undefined || (Array.isArray(candidates) && candidates.every(isFields))
        ? undefined
        : 'decision.candidates'
    }
    case 'challenge':
      return contentSchema.safeParse(subject['content']).success ? undefined : 'decision.content'
    case 'reject':
      return subject['reason'] === undefined || isBlockReason(subject['reason']) ? undefined : 'decision.reason'
    default:
      return 'decision.kind'
  }
}

function callFault(before: unknown, subject: unknown): string | undefined {
  if (!isFields(subject) || !isFields(before)) return 'call'
  // Another name would slip past the policy that allowed this one.
  for (const field of ['callId', 'name']) if (subject[field] !== before[field]) return `call.${field}`
  return isJson(subject['arguments']) ? undefined : 'call.arguments'
}

function resultFault(subject: unknown): string | undefined {
  if (!isFields(subject)) return 'result'
  const { value, error } = subject
  if (error !== undefined) {
    return isFields(error) && isText(error['code']) && isText(error['message']) ? undefined : 'result.error'
  }
  return value === undefined || isJson(value) ? undefined : 'result.value'
}

function handoffFault(subject: unknown): string | undefined {
  if (!isFields(subject)) return 'request'
  for (const field of ['targetAgentId', 'reason', 'summary']) if (!isText(subject[field])) return `request.${field}`
  if (!isFields(subject['context']) || !isJson(subject['context'])) return 'request.context'
  if (typeof subject['urgent'] !== 'boolean') return 'request.urgent'
  if (subject['payload'] !== undefined && !isJson(subject['payload'])) return 'request.payload'
  return isFields(subject['by']) ? undefined : 'request.by'
}

function isMessages(value: unknown): boolean {
  return Array.isArray(value) && value.every((message) => isFields(message) && isText(message['role']))
}

/** Whether a value is a built-in block reason or a hook's own. */
export function isBlockReason(value: unknown): boolean {
  if (typeof value !== 'string') return false
  const known: readonly string[] = blockReasons
  return known.includes(value) || /^x\.\S+$/.test(value)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

/** Whether JSON can carry a value; circles and depths beyond 64 it cannot. */
function isJson(value: unknown, depth = 0): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || depth > 64) return false
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  return Object.values(value).every((item) => item === undefined || isJson(item, depth + 1))
}
